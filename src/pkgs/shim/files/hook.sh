# Activates an environment on entering its directory and leaves it with the directory, for bash and zsh.
# Only environments that were allowed ("pkgs trust") are activated. Nothing here starts a process, except
# once where a directory is reached through a link, or has an environment that nobody allowed.

_pkgs_kept() { # BIN: set _pkgs_kept to where what was allowed is kept
  if [ -n "${PKGS_STATE_DIR-}" ]; then
    _pkgs_kept=$PKGS_STATE_DIR
  else
    case ${XDG_CACHE_HOME-} in
      /*) _pkgs_kept=$XDG_CACHE_HOME/pkgs ;;
      *)
        _pkgs_kept=${HOME-}/.cache/pkgs
        if [ -d /System/Library/CoreServices ]; then _pkgs_kept=${HOME-}/Library/Caches/pkgs; fi
        ;;
    esac
  fi
  _pkgs_kept=$_pkgs_kept/envs$1/.pkgs1/.trust
}

_pkgs_equal() { # FILE FILE: whether both are absent, or have the same text, without NUL characters
  if ! [ -e "$1" ]; then ! [ -e "$2" ]; return; fi
  [ -r "$1" ] && [ -r "$2" ] || return 1
  # "read" succeeds if it finds the NUL that it looks for.
  ! IFS= read -r -d '' _pkgs_one <"$1" && ! IFS= read -r -d '' _pkgs_other <"$2" &&
    [ "$_pkgs_one" = "$_pkgs_other" ]
}

_pkgs_lock_head() { # FILE: set _pkgs_head to its lines before the first table other than [pkgs]
  _pkgs_head=
  while IFS= read -r _pkgs_one || [ -n "$_pkgs_one" ]; do
    case $_pkgs_one in '[pkgs]') ;; '['*) break ;; esac
    _pkgs_head="$_pkgs_head$_pkgs_one
"
  done <"$1"
}

_pkgs_lock_equal() { # BIN
  if ! [ -e "$1/pkgs.lock" ]; then ! [ -e "$_pkgs_kept/pkgs.lock" ]; return; fi
  [ -r "$1/pkgs.lock" ] && [ -r "$_pkgs_kept/pkgs.lock" ] || return 1
  _pkgs_lock_head "$1/pkgs.lock"
  _pkgs_other=$_pkgs_head
  _pkgs_lock_head "$_pkgs_kept/pkgs.lock"
  [ "$_pkgs_head" = "$_pkgs_other" ]
}

_pkgs_allowed() { # BIN: whether its content is what was allowed
  [ -e "$_pkgs_kept/digests" ] && _pkgs_equal "$1/pkgs" "$_pkgs_kept/pkgs" &&
    _pkgs_equal "$1/activate-pkgs" "$_pkgs_kept/activate-pkgs" &&
    _pkgs_equal "$1/activate-pkgs.fish" "$_pkgs_kept/activate-pkgs.fish" &&
    _pkgs_equal "$1/pkgs.hcl" "$_pkgs_kept/pkgs.hcl" && _pkgs_lock_equal "$1"
}

_pkgs_find() { # set _pkgs_near to the closest environment's directory at or above this one, or to nothing
  _pkgs_near=
  _pkgs_up=${PWD%/}
  while [ -n "$_pkgs_up" ]; do
    for _pkgs_one in bin .pkgs/bin .hermit/bin; do
      if [ -e "$_pkgs_up/$_pkgs_one/activate-pkgs" ]; then
        _pkgs_near=$_pkgs_up/$_pkgs_one
        return
      fi
    done
    _pkgs_up=${_pkgs_up%/*}
  done
}

_pkgs_auto_leave() {
  if [ -n "${ACTIVE_PKGS-}" ] && [ -z "${_PKGS_HERE-}" ] && [ -n "${PKGS_BIN-}" ]; then
    # The shell that started this one had entered it, and had the functions to leave it.
    _pkgs_kept "$PKGS_BIN"
    if _pkgs_allowed "$PKGS_BIN"; then
      _pkgs_silent=yes
      . "$PKGS_BIN/activate-pkgs"
      unset -v _pkgs_silent
    fi
  fi
  if [ -n "${ACTIVE_PKGS-}" ] && [ -n "${_PKGS_HERE-}" ]; then deactivate_pkgs; fi
  unset -v DEACTIVATED_PKGS
}

_pkgs_auto() { # the directory has changed
  [ -z "${ZSH_VERSION-}" ] || setopt local_options no_warn_create_global
  _PKGS_PWD=$PWD
  _PKGS_PENDING=
  _pkgs_find
  if [ -z "$_pkgs_near" ]; then
    _pkgs_auto_leave
  elif [ "$_pkgs_near/.." -ef "${ACTIVE_PKGS:-/dev/null}" ] && [ -n "${_PKGS_HERE-}" ]; then
    :
  elif [ "$_pkgs_near/.." -ef "${DEACTIVATED_PKGS:-/dev/null}" ]; then
    :
  else
    _pkgs_auto_leave
    _pkgs_auto_enter
  fi
}

_pkgs_auto_enter() {
  _pkgs_kept "$_pkgs_near"
  if ! [ -e "$_pkgs_kept/digests" ]; then
    # The user's own "cd", or what zsh runs on entering a directory, may print something.
    _pkgs_one=$(
      unset -f cd 2>/dev/null || :
      CDPATH='' \cd -P -- "$_pkgs_near" >/dev/null && printf '%s/' "$PWD"
    )
    _pkgs_kept "${_pkgs_one%/}"
  fi
  if _pkgs_allowed "$_pkgs_near"; then
    . "$_pkgs_near/activate-pkgs"
  elif [ -e "$_pkgs_kept/digests" ]; then
    _PKGS_PENDING=$_pkgs_near
    printf 'pkgs: %s has changed since it was allowed; look at it, then: pkgs trust\n' "$_pkgs_near" >&2
  else
    _PKGS_PENDING=$_pkgs_near
    printf 'pkgs: %s is not activated, since nobody has allowed it; to do so: pkgs trust\n' "$_pkgs_near" >&2
  fi
}

_pkgs_auto_prompt() {
  local _pkgs_auto_status=$?
  [ -z "${ZSH_VERSION-}" ] || setopt local_options no_warn_create_global
  if [ "$PWD" != "${_PKGS_PWD-}" ]; then
    _pkgs_auto
  elif [ -n "${_PKGS_PENDING-}" ] && _pkgs_allowed "$_PKGS_PENDING"; then
    _pkgs_near=$_PKGS_PENDING
    _PKGS_PENDING=
    . "$_pkgs_near/activate-pkgs"
  fi
  return "$_pkgs_auto_status"
}

_PKGS_AUTO=_pkgs_auto_prompt
if [ -n "${ZSH_VERSION-}" ]; then
  # Neither during completion nor in a subshell that only looks around.
  _pkgs_auto_moved() {
    if [ -z "${compstate+set}" ] && [ "${ZSH_SUBSHELL-0}" = 0 ]; then _pkgs_auto; fi
  }
  autoload -Uz add-zsh-hook
  add-zsh-hook chpwd _pkgs_auto_moved
  add-zsh-hook precmd _pkgs_auto_prompt
else
  # A variable: in a shell that inherits PROMPT_COMMAND without these functions it is empty.
  case ${PROMPT_COMMAND-} in
    *'${_PKGS_AUTO-}'*) ;;
    '') PROMPT_COMMAND='${_PKGS_AUTO-}' ;;
    *) PROMPT_COMMAND='${_PKGS_AUTO-}; '$PROMPT_COMMAND ;;
  esac
fi
