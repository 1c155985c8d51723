# The functions of an activated environment, for bash, zsh and POSIX sh. None of them starts a process,
# none relies on word splitting, and all of them work under "set -eu".
#
# What is needed to undo is kept in exported variables (see environment/transform.py), so that a shell
# started from this one can leave the environment too.

_pkgs_copy() { # FROM TO: the value, and whether there is one
  if eval "[ -n \"\${$1+set}\" ]"; then
    eval "$2=\$$1"
    export "$2"
  else
    unset -v "$2"
  fi
}

_pkgs_put() { # NAME VALUE
  eval "$1=\$2"
  export "$1"
}

_pkgs_keep() { # NAME: remember what it was, unless that is known already
  case " ${_PKGS_NAMES-} " in *" $1 "*) return 0 ;; esac
  _PKGS_NAMES="${_PKGS_NAMES-}${_PKGS_NAMES:+ }$1"
  _pkgs_copy "$1" "_PKGS_OLD_$1"
  if eval "[ -n \"\${$1+set}\" ]" && _pkgs_unexported "$1"; then _PKGS_PLAIN="${_PKGS_PLAIN-} $1 "; fi
}

# Whether NAME, which is set, is not exported; a shell that cannot tell without a process says no.
_pkgs_unexported() { return 1; }
if [ -n "${ZSH_VERSION-}" ]; then
  eval '_pkgs_unexported() { case ${(Pt)1} in *export*) return 1 ;; esac; }'
elif [ -n "${BASH_VERSION-}" ] && [ "${BASH_VERSION%%.*}" -ge 5 ]; then
  eval '_pkgs_unexported() { case ${!1@a} in *x*) return 1 ;; esac; }'
fi

_pkgs_without() { # LIST ELEMENTS: set _pkgs_list to the rest as ":a:b:", or ":" when nothing is left
  _pkgs_list=:
  if [ -n "$1" ]; then _pkgs_list=":$1:"; fi
  _pkgs_rest=$2:
  while [ -n "$_pkgs_rest" ]; do
    _pkgs_item=${_pkgs_rest%%:*}
    _pkgs_rest=${_pkgs_rest#*:}
    while :; do
      case $_pkgs_list in *":$_pkgs_item:"*) ;; *) break ;; esac
      _pkgs_head=${_pkgs_list%%":$_pkgs_item:"*}
      _pkgs_list=${_pkgs_head}:${_pkgs_list#*":$_pkgs_item:"}
    done
  done
}

_pkgs_added() { # NAME VALUE: note that VALUE's elements go into the list NAME, and take them out of it
  _pkgs_keep "$1"
  eval "_pkgs_put \"_PKGS_ADD_$1\" \"\$2\${_PKGS_ADD_$1:+:}\${_PKGS_ADD_$1-}\""
  eval "_pkgs_without \"\${$1-}\" \"\$2\""
}

_pkgs_prepend() { # NAME VALUE
  [ -n "$2" ] || return 0
  _pkgs_added "$1" "$2"
  case $_pkgs_list in
    :) _pkgs_list=$2 ;;
    *) _pkgs_list=${2}${_pkgs_list%:} ;;
  esac
  _pkgs_put "$1" "$_pkgs_list"
}

_pkgs_append() { # NAME VALUE
  [ -n "$2" ] || return 0
  _pkgs_added "$1" "$2"
  _pkgs_put "$1" "${_pkgs_list#:}$2"
}

_pkgs_set() { # NAME VALUE; hermit: an empty value is none
  _pkgs_keep "$1"
  if [ -n "$2" ]; then _pkgs_put "$1" "$2"; else unset -v "$1"; fi
}

_pkgs_prefix() { # NAME PREFIX
  eval "_pkgs_item=\${$1+set}\${$1-}"
  case $_pkgs_item in
    '' | "set$2"*) ;;
    *) _pkgs_set "$1" "$2${_pkgs_item#set}" ;;
  esac
}

_pkgs_force() { # NAME VALUE
  _PKGS_FORCED="${_PKGS_FORCED-}${_PKGS_FORCED:+ }$1"
  _pkgs_put "$1" "$2"
}

_pkgs_each() { # FUNCTION NAMES: call FUNCTION with each of the names in the string
  _pkgs_names=$2
  while [ -n "$_pkgs_names" ]; do
    _pkgs_name=${_pkgs_names%% *}
    case $_pkgs_names in
      *' '*) _pkgs_names=${_pkgs_names#* } ;;
      *) _pkgs_names= ;;
    esac
    # The names come from the environment, where anybody could have put them.
    case $_pkgs_name in
      '' | [0-9]* | *[!A-Za-z0-9_]*) ;;
      *) "$1" "$_pkgs_name" ;;
    esac
  done
}

_pkgs_applied() { _pkgs_copy "$1" "_PKGS_NEW_$1"; }

_pkgs_apply() { # make the changes, and note what they came to
  _pkgs_operations
  _pkgs_each _pkgs_applied "${_PKGS_NAMES-}"
  export _PKGS_NAMES _PKGS_FORCED
}

_pkgs_take() { # NAME: take what was added out of a list that was changed meanwhile
  eval "_pkgs_without \"\$_PKGS_ADD_$1\" \"\${_PKGS_OLD_$1-}\""
  [ "$_pkgs_list" != : ] || return 0
  _pkgs_list=${_pkgs_list#:}
  eval "_pkgs_without \"\${$1-}\" \"\${_pkgs_list%:}\""
  if [ "$_pkgs_list" != : ]; then
    _pkgs_list=${_pkgs_list#:}
    _pkgs_put "$1" "${_pkgs_list%:}"
  elif eval "[ -n \"\${_PKGS_OLD_$1+set}\" ]"; then
    _pkgs_put "$1" ''
  else
    unset -v "$1"
  fi
}

_pkgs_restore() { # NAME
  if eval "[ \"\${$1+set}\${$1-}\" = \"\${_PKGS_NEW_$1+set}\${_PKGS_NEW_$1-}\" ]"; then
    case "${_PKGS_PLAIN-}" in
      *" $1 "*) unset -v "$1"; eval "$1=\$_PKGS_OLD_$1" ;;
      *) _pkgs_copy "_PKGS_OLD_$1" "$1" ;;
    esac
  elif eval "[ -n \"\${$1+set}\" ] && [ -n \"\${_PKGS_ADD_$1-}\" ]"; then
    _pkgs_take "$1"
  fi
  unset -v "_PKGS_OLD_$1" "_PKGS_NEW_$1" "_PKGS_ADD_$1"
}

_pkgs_remove() { unset -v "$1"; }

_pkgs_revert() { # undo every change, leaving alone what was changed meanwhile
  _pkgs_each _pkgs_restore "${_PKGS_NAMES-}"
  _pkgs_each _pkgs_remove "${_PKGS_FORCED-}"
  unset -v _PKGS_NAMES _PKGS_FORCED _PKGS_PLAIN
}

_pkgs_say() { [ -n "${PKGS_QUIET-}${_pkgs_silent-}" ] || printf '%s\n' "$1" >&2; }

_pkgs_call() { # FUNCTION: one of the user's, if there is one
  if command -v "$1" >/dev/null 2>&1; then "$1"; fi
}

_pkgs_prompt_on() {
  [ -n "${PS1+set}" ] && [ -n "$_PKGS_PREFIX" ] || return 0
  case $PS1 in "$_PKGS_PREFIX"*) ;; *) PS1=$_PKGS_PREFIX$PS1 ;; esac
}

_pkgs_prompt_off() {
  case ${PS1-} in
    "${_PKGS_PREFIX:-?}"*) PS1=${PS1#"$_PKGS_PREFIX"} ;;
  esac
}

# Watching: at each prompt, a few tests of modification times.
_pkgs_watch_on() { :; }
_pkgs_watch_off() { :; }
if [ -n "${ZSH_VERSION-}" ]; then
  eval '
  _pkgs_watch_on() {
    emulate -L zsh
    typeset -ga precmd_functions
    (( ${precmd_functions[(Ie)_pkgs_prompt]} )) || precmd_functions+=(_pkgs_prompt)
    _PKGS_FIRST=yes
  }
  _pkgs_watch_off() {
    emulate -L zsh
    precmd_functions=("${(@)precmd_functions:#_pkgs_prompt}")
  }
  '
elif [ -n "${BASH_VERSION-}" ]; then
  # The hook is a variable, empty in a shell that inherits PROMPT_COMMAND without these functions.
  eval '
  _pkgs_watch_on() {
    _PKGS_HOOK=_pkgs_prompt
    case ${PROMPT_COMMAND-} in
      *"\${_PKGS_HOOK-}"*) ;;
      "") _PKGS_HOOKED=${PROMPT_COMMAND+empty}; PROMPT_COMMAND="\${_PKGS_HOOK-}" ;;
      *) PROMPT_COMMAND="\${_PKGS_HOOK-}; $PROMPT_COMMAND" ;;
    esac
  }
  _pkgs_watch_off() {
    case ${PROMPT_COMMAND-} in
      "\${_PKGS_HOOK-}; "*) PROMPT_COMMAND=${PROMPT_COMMAND#"\${_PKGS_HOOK-}; "} ;;
      "\${_PKGS_HOOK-}") PROMPT_COMMAND=; [ -n "${_PKGS_HOOKED-}" ] || unset -v PROMPT_COMMAND ;;
    esac
    unset -v _PKGS_HOOK _PKGS_HOOKED
  }
  '
fi

_pkgs_prompt() {
  set -- "$?"
  [ -z "${ZSH_VERSION-}" ] || setopt local_options no_warn_create_global
  if [ -n "${_PKGS_WATCHED-}" ] && _pkgs_stale; then
    if [ -z "${_PKGS_FAILED-}" ] || _pkgs_retry; then _pkgs_refresh; fi
  fi
  if [ -n "${ZSH_VERSION-}" ]; then
    # A theme may have built the prompt, and a startup file PATH, after the activation.
    _pkgs_prompt_on
    if [ -n "${_PKGS_FIRST-}" ]; then _pkgs_reassert; fi
    unset -v _PKGS_FIRST
  fi
  return "$1"
}

# hermit's name for it: scripts that show no prompt call it after an install.
update_pkgs_env() { _pkgs_prompt; }

_pkgs_reassert() {
  [ "$PATH" != "${_PKGS_NEW_PATH-}" ] || return 0
  _pkgs_prepend PATH "$_PKGS_BIN"
  _pkgs_prepend PATH "${PKGS_PREPEND_PATH-}"
}

_pkgs_refresh() {
  _pkgs_found=no
  _pkgs_silent=yes
  unset -v _PKGS_FAILED
  if [ -r "$_PKGS_CACHE/sh" ]; then . "$_PKGS_CACHE/sh"; fi
  if [ "$_pkgs_found" = no ] && [ -x "$_PKGS_BIN/pkgs" ]; then
    if _pkgs_text=$("$_PKGS_BIN/pkgs" activate --shell sh --bin "$_PKGS_BIN"); then
      eval "$_pkgs_text"
    else
      # Not again before something changes.
      _PKGS_FAILED=yes
      { : >|"$_PKGS_CACHE/failed"; } 2>/dev/null || _PKGS_WATCHED=
    fi
  fi
  unset -v _pkgs_silent _pkgs_found _pkgs_text
}

_pkgs_undo() {
  [ -z "${ZSH_VERSION-}" ] || setopt local_options no_warn_create_global
  DEACTIVATED_PKGS=$ACTIVE_PKGS
  # Of use to automatic activation only, also in shells started from here.
  if [ -n "${_PKGS_AUTO-}" ]; then export DEACTIVATED_PKGS; fi
  _pkgs_prompt_off
  _pkgs_watch_off
  _pkgs_revert
  unset -v ACTIVE_PKGS _PKGS_HERE _PKGS_WATCHED _PKGS_FAILED _PKGS_PREFIX _PKGS_FIRST
  _pkgs_say "pkgs environment $DEACTIVATED_PKGS deactivated"
  _pkgs_put PKGS_ENV "$DEACTIVATED_PKGS"
}

_pkgs_leave() {
  [ -n "${ACTIVE_PKGS-}" ] || return 0
  _pkgs_undo
  _pkgs_call pkgs_on_deactivate
  unset -v PKGS_ENV
}

deactivate_pkgs() {
  _pkgs_leave
  unset -v _PKGS_BIN _PKGS_CACHE _PKGS_GENERATION \
    _pkgs_list _pkgs_rest _pkgs_item _pkgs_head _pkgs_name _pkgs_names
  unset -f _pkgs_copy _pkgs_put _pkgs_keep _pkgs_unexported _pkgs_without _pkgs_added _pkgs_prepend \
    _pkgs_append _pkgs_set _pkgs_prefix _pkgs_force _pkgs_each _pkgs_applied _pkgs_apply _pkgs_take \
    _pkgs_restore _pkgs_remove _pkgs_revert _pkgs_say _pkgs_call _pkgs_prompt_on _pkgs_prompt_off \
    _pkgs_watch_on _pkgs_watch_off _pkgs_prompt _pkgs_reassert _pkgs_refresh _pkgs_undo \
    _pkgs_leave _pkgs_become _pkgs_enter _pkgs_operations _pkgs_stale _pkgs_retry update_pkgs_env \
    deactivate_pkgs
  if [ -n "${BASH_VERSION-}${ZSH_VERSION-}" ]; then unset -f deactivate-pkgs; else unalias deactivate-pkgs; fi
}

if [ -n "${ZSH_VERSION-}" ]; then
  eval 'deactivate-pkgs() { deactivate_pkgs; }'
elif [ -n "${BASH_VERSION-}" ]; then
  # POSIX mode refuses the name when it is defined, not when it is called.
  case ":${SHELLOPTS-}:" in
    *:posix:*) set +o posix; eval 'deactivate-pkgs() { deactivate_pkgs; }'; set -o posix ;;
    *) eval 'deactivate-pkgs() { deactivate_pkgs; }' ;;
  esac
else
  alias deactivate-pkgs=deactivate_pkgs
fi

_pkgs_become() { # ROOT BIN CACHE GENERATION PREFIX
  [ -z "${ZSH_VERSION-}" ] || setopt local_options no_warn_create_global
  _pkgs_prompt_off
  _pkgs_revert
  _PKGS_HERE=$1 _PKGS_BIN=$2 _PKGS_CACHE=$3 _PKGS_GENERATION=$4 _PKGS_PREFIX=$5 _PKGS_WATCHED=
  if [ -d "$3/$4" ]; then _PKGS_WATCHED=yes; fi
  _pkgs_apply
  unset -v DEACTIVATED_PKGS
  _pkgs_put ACTIVE_PKGS "$1"
  _pkgs_prompt_on
  _pkgs_watch_on
}

_pkgs_enter() { # the same
  if [ "${ACTIVE_PKGS-}" = "$1" ]; then
    _pkgs_say 'This pkgs environment has already been activated. Skipping'
    [ "${_PKGS_HERE-}${_PKGS_GENERATION-}" = "$1$4" ] || _pkgs_become "$@"
    return 0
  fi
  _pkgs_leave
  _pkgs_become "$@"
  _pkgs_say "pkgs environment $1 activated"
  _pkgs_call pkgs_on_activate
}
