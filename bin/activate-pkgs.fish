# Activates the environment whose directory this file is in, for fish:
#
#     source bin/activate-pkgs.fish
#
# "deactivate-pkgs" undoes it. See activate-pkgs, which does the same for other shells.

if not string match -q '*sourc*' (status stack-trace)
  echo "This file must be sourced, not run: source "(status filename) >&2
  exit 33
end

# "string collect" keeps the lines of a name together.
set -g _pkgs_self (status filename | string collect)
while test -h $_pkgs_self
  set -l _pkgs_link (readlink $_pkgs_self | string collect)
  string match -q '/*' $_pkgs_link
  or set _pkgs_link (string replace -r '[^/]*$' '' $_pkgs_self | string collect)$_pkgs_link
  set _pkgs_self $_pkgs_link
end
string match -q '/*' $_pkgs_self; or set _pkgs_self (string replace -r '/$' '' $PWD | string collect)/$_pkgs_self
printf '%s' (string replace -r '/[^/]*$' '' $_pkgs_self | string collect) | read -z -d / -l -a _pkgs_parts
set -g _pkgs_here
for _pkgs_item in $_pkgs_parts
  switch $_pkgs_item
    case '' .
    case ..
      set -e _pkgs_here[-1]
    case '*'
      set -a _pkgs_here $_pkgs_item
  end
end
set -g _pkgs_here /(string join / $_pkgs_here | string collect)
# Where ".." followed a link, the name lies.
if not test $_pkgs_here/activate-pkgs.fish -ef $_pkgs_self
  set _pkgs_self (builtin realpath $_pkgs_self | string collect)
  set _pkgs_here (string replace -r '/[^/]*$' '' $_pkgs_self | string collect)
end

if test -n "$PKGS_STATE_DIR"
  set -g _pkgs_self $PKGS_STATE_DIR
else if string match -q '/*' -- "$XDG_CACHE_HOME"
  set -g _pkgs_self $XDG_CACHE_HOME/pkgs
else if test -d /System/Library/CoreServices
  set -g _pkgs_self $HOME/Library/Caches/pkgs
else
  set -g _pkgs_self $HOME/.cache/pkgs
end
string match -q '/*' $_pkgs_self; or set _pkgs_self $PWD/$_pkgs_self
set _pkgs_self $_pkgs_self/envs$_pkgs_here/.pkgs1/.activation/fish

set -g _pkgs_found no
test -r $_pkgs_self; and source $_pkgs_self
if test $_pkgs_found = no
  # "set" passes on the status of what it is set to.
  if set -g _pkgs_text ($_pkgs_here/pkgs activate --shell fish --bin $_pkgs_here)
    string join \n -- $_pkgs_text | source
  else
    set -l _pkgs_failure $status
    return $_pkgs_failure
  end
end
set -eg _pkgs_self
set -eg _pkgs_here
set -eg _pkgs_found
set -eg _pkgs_text
true
