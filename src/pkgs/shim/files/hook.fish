# Activates an environment on entering its directory and leaves it with the directory: what hook.sh is for
# bash and zsh. Nothing here starts a process. "string collect" keeps the lines of a name together.

function _pkgs_kept -a _pkgs_bin # print where what was allowed is kept
  set -l _pkgs_state $HOME/.cache/pkgs
  test -d /System/Library/CoreServices; and set _pkgs_state $HOME/Library/Caches/pkgs
  string match -q '/*' -- "$XDG_CACHE_HOME"; and set _pkgs_state $XDG_CACHE_HOME/pkgs
  test -n "$PKGS_STATE_DIR"; and set _pkgs_state $PKGS_STATE_DIR
  echo $_pkgs_state/envs$_pkgs_bin/.pkgs1/.trust
end

function _pkgs_equal -a _pkgs_one _pkgs_other # whether both are absent, or have the same text, without NUL
  if not test -e $_pkgs_one
    not test -e $_pkgs_other
    return
  end
  test -r $_pkgs_one; and test -r $_pkgs_other; or return 1
  set -l _pkgs_left
  set -l _pkgs_right
  set -l _pkgs_more
  begin
    read -z _pkgs_left
    # What follows a NUL character would not be compared.
    read -z _pkgs_more; and return 1
  end <$_pkgs_one
  begin
    read -z _pkgs_right
  end <$_pkgs_other
  test "$_pkgs_left" = "$_pkgs_right"
end

function _pkgs_lock_head -a _pkgs_file # print its lines before the first table other than [pkgs]
  while read -l _pkgs_line
    string match -q '[*' -- $_pkgs_line; and test $_pkgs_line != '[pkgs]'; and break
    echo -- $_pkgs_line
  end <$_pkgs_file
end

function _pkgs_lock_equal -a _pkgs_one _pkgs_other
  if not test -e $_pkgs_one
    not test -e $_pkgs_other
    return
  end
  test -r $_pkgs_one; and test -r $_pkgs_other; or return 1
  set -l _pkgs_left (_pkgs_lock_head $_pkgs_one)
  set -l _pkgs_right (_pkgs_lock_head $_pkgs_other)
  test (string join \n -- $_pkgs_left | string collect -a) = (string join \n -- $_pkgs_right | string collect -a)
end

function _pkgs_allowed -a _pkgs_bin _pkgs_kept # whether the content of BIN is what was allowed
  test -e $_pkgs_kept/digests; or return 1
  for _pkgs_name in pkgs activate-pkgs activate-pkgs.fish pkgs.hcl
    _pkgs_equal $_pkgs_bin/$_pkgs_name $_pkgs_kept/$_pkgs_name; or return 1
  end
  _pkgs_lock_equal $_pkgs_bin/pkgs.lock $_pkgs_kept/pkgs.lock
end

function _pkgs_find # print the closest environment's directory at or above this one
  set -l _pkgs_up $PWD
  while string match -q '/?*' -- $_pkgs_up
    for _pkgs_name in bin .pkgs/bin .hermit/bin
      if test -e $_pkgs_up/$_pkgs_name/activate-pkgs.fish
        echo $_pkgs_up/$_pkgs_name
        return
      end
    end
    set _pkgs_up (string replace -r '/[^/]*$' '' -- $_pkgs_up | string collect -a)
  end
end

function _pkgs_auto_leave
  if test -n "$ACTIVE_PKGS"; and test -z "$_PKGS_HERE"; and test -n "$PKGS_BIN"
    # The shell that started this one had entered it, and had the functions to leave it.
    if _pkgs_allowed $PKGS_BIN (_pkgs_kept $PKGS_BIN | string collect)
      set -g _pkgs_silent yes
      source $PKGS_BIN/activate-pkgs.fish
      set -eg _pkgs_silent
    end
  end
  test -n "$ACTIVE_PKGS"; and test -n "$_PKGS_HERE"; and deactivate-pkgs
  set -eg DEACTIVATED_PKGS
end

function _pkgs_auto --on-variable PWD # the directory has changed
  status is-command-substitution; and return
  set -g _PKGS_PWD $PWD
  set -eg _PKGS_PENDING
  set -l _pkgs_near (_pkgs_find | string collect -a)
  if test -z "$_pkgs_near"
    _pkgs_auto_leave
  else if test -n "$_PKGS_HERE"; and test -n "$ACTIVE_PKGS"; and test $_pkgs_near/.. -ef "$ACTIVE_PKGS"
    return
  else if test -n "$DEACTIVATED_PKGS"; and test $_pkgs_near/.. -ef "$DEACTIVATED_PKGS"
    return
  else
    _pkgs_auto_leave
    _pkgs_auto_enter $_pkgs_near
  end
end

function _pkgs_auto_enter -a _pkgs_near
  set -l _pkgs_kept (_pkgs_kept $_pkgs_near | string collect)
  if not test -e $_pkgs_kept/digests
    set -l _pkgs_real (builtin realpath $_pkgs_near | string collect)
    set _pkgs_kept (_pkgs_kept $_pkgs_real | string collect)
  end
  if _pkgs_allowed $_pkgs_near $_pkgs_kept
    source $_pkgs_near/activate-pkgs.fish
    return
  end
  set -g _PKGS_PENDING $_pkgs_near $_pkgs_kept
  if test -e $_pkgs_kept/digests
    echo "pkgs: $_pkgs_near has changed since it was allowed; look at it, then: pkgs trust" >&2
  else
    echo "pkgs: $_pkgs_near is not activated, since nobody has allowed it; to do so: pkgs trust" >&2
  end
end

function _pkgs_auto_prompt --on-event fish_prompt
  if test "$PWD" != "$_PKGS_PWD"
    _pkgs_auto
  else if set -q _PKGS_PENDING; and _pkgs_allowed $_PKGS_PENDING
    set -l _pkgs_near $_PKGS_PENDING[1]
    set -eg _PKGS_PENDING
    source $_pkgs_near/activate-pkgs.fish
  end
end

set -g _PKGS_AUTO _pkgs_auto_prompt
