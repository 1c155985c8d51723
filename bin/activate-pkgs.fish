# Activates the environment whose directory this file is in, for fish:
#
#     source bin/activate-pkgs.fish
#
# "deactivate-pkgs" undoes it. See activate-pkgs, which does the same for other shells.

if not string match -q '*sourc*' (status stack-trace)
  echo "This file must be sourced, not run: source "(status filename) >&2
  exit 33
end

set -g _pkgs_self (status filename)
while test -h $_pkgs_self
  set -l _pkgs_link (readlink $_pkgs_self)
  string match -q '/*' $_pkgs_link; or set _pkgs_link (string replace -r '[^/]*$' '' $_pkgs_self)$_pkgs_link
  set _pkgs_self $_pkgs_link
end
string match -q '/*' $_pkgs_self; or set _pkgs_self (string replace -r '/$' '' $PWD)/$_pkgs_self
set -g _pkgs_here
for _pkgs_item in (string split / (string replace -r '/[^/]*$' '' $_pkgs_self))
  switch $_pkgs_item
    case '' .
    case ..
      set -e _pkgs_here[-1]
    case '*'
      set -a _pkgs_here $_pkgs_item
  end
end
set -g _pkgs_here /(string join / $_pkgs_here)
# Where ".." followed a link, the name lies.
test $_pkgs_here/activate-pkgs.fish -ef $_pkgs_self
or set _pkgs_here (string replace -r '/[^/]*$' '' (builtin realpath $_pkgs_self))

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
