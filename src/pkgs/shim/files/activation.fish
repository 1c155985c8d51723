# The functions of an activated environment, for fish: what activation.sh is for other shells, with the same
# variables, so that either can leave what the other has entered. None of them starts a process.

function _pkgs_copy -a _pkgs_from _pkgs_to # the value, and whether there is one
  if set -q $_pkgs_from
    set -gx $_pkgs_to $$_pkgs_from
  else
    set -eg $_pkgs_to
  end
  return 0
end

function _pkgs_same -a _pkgs_one _pkgs_other
  if set -q $_pkgs_one
    set -q $_pkgs_other; and test "$$_pkgs_one" = "$$_pkgs_other"
  else
    not set -q $_pkgs_other
  end
end

function _pkgs_keep -a _pkgs_name # remember what it was, unless that is known already
  string match -q "* $_pkgs_name *" " $_PKGS_NAMES "; and return
  set -gx _PKGS_NAMES (string trim -- "$_PKGS_NAMES $_pkgs_name")
  # A universal variable is only hidden by a global one.
  if set -qg $_pkgs_name
    _pkgs_copy $_pkgs_name _PKGS_OLD_$_pkgs_name
    set -qgx $_pkgs_name; or set -ga _PKGS_PLAIN $_pkgs_name
  else
    set -eg _PKGS_OLD_$_pkgs_name
  end
end

function _pkgs_without -a _pkgs_value _pkgs_elements # set _pkgs_list to the elements that are left
  set -g _pkgs_list
  test -n "$_pkgs_value"; or return 0
  # Path variables are split and joined at colons, and only there.
  set -l --path _pkgs_given $_pkgs_value
  set -l --path _pkgs_unwanted $_pkgs_elements
  for _pkgs_item in $_pkgs_given
    contains -- $_pkgs_item $_pkgs_unwanted; or set -a _pkgs_list $_pkgs_item
  end
end

function _pkgs_put_list -a _pkgs_name # export the elements that follow as one list
  set -l --path _pkgs_joined $argv[2..-1]
  set -gx $_pkgs_name "$_pkgs_joined"
end

function _pkgs_added -a _pkgs_name _pkgs_value
  _pkgs_keep $_pkgs_name
  set -l _pkgs_add _PKGS_ADD_$_pkgs_name
  if set -q $_pkgs_add
    set -gx $_pkgs_add "$_pkgs_value:$$_pkgs_add"
  else
    set -gx $_pkgs_add $_pkgs_value
  end
  _pkgs_without "$$_pkgs_name" $_pkgs_value
end

function _pkgs_prepend -a _pkgs_name _pkgs_value
  test -n "$_pkgs_value"; or return 0
  _pkgs_added $_pkgs_name $_pkgs_value
  _pkgs_put_list $_pkgs_name $_pkgs_value $_pkgs_list
end

function _pkgs_append -a _pkgs_name _pkgs_value
  test -n "$_pkgs_value"; or return 0
  _pkgs_added $_pkgs_name $_pkgs_value
  _pkgs_put_list $_pkgs_name $_pkgs_list $_pkgs_value
end

function _pkgs_set -a _pkgs_name _pkgs_value # hermit: an empty value is none
  _pkgs_keep $_pkgs_name
  if test -n "$_pkgs_value"
    set -gx $_pkgs_name $_pkgs_value
  else
    set -eg $_pkgs_name
  end
  return 0
end

function _pkgs_prefix -a _pkgs_name _pkgs_value
  set -q $_pkgs_name; or return 0
  string match -qr -- '^'(string escape --style=regex -- $_pkgs_value | string collect) "$$_pkgs_name"
  or _pkgs_set $_pkgs_name "$_pkgs_value$$_pkgs_name"
end

function _pkgs_force -a _pkgs_name _pkgs_value
  set -gx _PKGS_FORCED (string trim -- "$_PKGS_FORCED $_pkgs_name")
  set -gx $_pkgs_name $_pkgs_value
end

function _pkgs_each -a _pkgs_function _pkgs_text # call it with each of the names in the text
  set -l --path _pkgs_names (string replace -a ' ' : -- $_pkgs_text)
  for _pkgs_name in $_pkgs_names
    # The names come from the environment, where anybody could have put them.
    string match -qr -- '^[A-Za-z_][A-Za-z0-9_]*$' $_pkgs_name; and $_pkgs_function $_pkgs_name
  end
end

function _pkgs_applied -a _pkgs_name
  _pkgs_copy $_pkgs_name _PKGS_NEW_$_pkgs_name
end

function _pkgs_apply # make the changes, and note what they came to
  _pkgs_operations
  _pkgs_each _pkgs_applied "$_PKGS_NAMES"
end

function _pkgs_take -a _pkgs_name # take what was added out of a list that was changed meanwhile
  set -l _pkgs_old _PKGS_OLD_$_pkgs_name
  set -l _pkgs_add _PKGS_ADD_$_pkgs_name
  _pkgs_without "$$_pkgs_add" "$$_pkgs_old"
  test (count $_pkgs_list) -gt 0; or return 0
  set -l --path _pkgs_added $_pkgs_list
  _pkgs_without "$$_pkgs_name" "$_pkgs_added"
  if test (count $_pkgs_list) -gt 0
    _pkgs_put_list $_pkgs_name $_pkgs_list
  else if set -q $_pkgs_old
    set -gx $_pkgs_name ''
  else
    set -eg $_pkgs_name
  end
end

function _pkgs_restore -a _pkgs_name
  set -l _pkgs_old _PKGS_OLD_$_pkgs_name
  if _pkgs_same $_pkgs_name _PKGS_NEW_$_pkgs_name
    _pkgs_copy $_pkgs_old $_pkgs_name
    contains -- $_pkgs_name $_PKGS_PLAIN; and set -gu $_pkgs_name $$_pkgs_old
  else if set -q $_pkgs_name; and set -q _PKGS_ADD_$_pkgs_name
    _pkgs_take $_pkgs_name
  end
  set -eg _PKGS_OLD_$_pkgs_name
  set -eg _PKGS_NEW_$_pkgs_name
  set -eg _PKGS_ADD_$_pkgs_name
end

function _pkgs_remove -a _pkgs_name
  set -eg $_pkgs_name
end

function _pkgs_revert # undo every change, leaving alone what was changed meanwhile
  _pkgs_each _pkgs_restore "$_PKGS_NAMES"
  _pkgs_each _pkgs_remove "$_PKGS_FORCED"
  set -eg _PKGS_NAMES
  set -eg _PKGS_FORCED
  set -eg _PKGS_PLAIN
end

function _pkgs_say -a _pkgs_text
  test -n "$PKGS_QUIET$_pkgs_silent"; or printf '%s\n' $_pkgs_text >&2
end

function _pkgs_prompt --on-event fish_prompt
  test -n "$_PKGS_WATCHED"; and _pkgs_stale; or return 0
  test -z "$_PKGS_FAILED"; or _pkgs_retry; and _pkgs_refresh
end

function update_pkgs_env
  _pkgs_prompt
end

function _pkgs_refresh
  set -g _pkgs_found no
  set -g _pkgs_silent yes
  set -eg _PKGS_FAILED
  test -r $_PKGS_CACHE/fish; and source $_PKGS_CACHE/fish
  if test $_pkgs_found = no; and test -x $_PKGS_BIN/pkgs
    # "set" passes on the status of what it is set to.
    if set -l _pkgs_script ($_PKGS_BIN/pkgs activate --shell fish --bin $_PKGS_BIN)
      string join \n -- $_pkgs_script | source
    else
      # Not again before something changes.
      set -g _PKGS_FAILED yes
      true >$_PKGS_CACHE/failed 2>/dev/null; or set -g _PKGS_WATCHED
    end
  end
  set -eg _pkgs_silent
  set -eg _pkgs_found
end

function _pkgs_leave
  set -q ACTIVE_PKGS; or return 0
  set -g DEACTIVATED_PKGS $ACTIVE_PKGS
  # Of use to automatic activation only, also in shells started from here.
  set -q _PKGS_AUTO; and set -gx DEACTIVATED_PKGS $ACTIVE_PKGS
  _pkgs_revert
  for _pkgs_name in ACTIVE_PKGS _PKGS_HERE _PKGS_WATCHED _PKGS_FAILED
    set -eg $_pkgs_name
  end
  _pkgs_say "pkgs environment $DEACTIVATED_PKGS deactivated"
  set -gx PKGS_ENV $DEACTIVATED_PKGS
  functions -q pkgs_on_deactivate; and pkgs_on_deactivate
  set -eg PKGS_ENV
end

function deactivate-pkgs
  _pkgs_leave
  set -eg _PKGS_BIN
  set -eg _PKGS_CACHE
  set -eg _PKGS_GENERATION
  set -eg _pkgs_list
  functions -e _pkgs_copy _pkgs_same _pkgs_keep _pkgs_without _pkgs_put_list _pkgs_added _pkgs_prepend \
    _pkgs_append _pkgs_set _pkgs_prefix _pkgs_force _pkgs_each _pkgs_applied _pkgs_apply _pkgs_take \
    _pkgs_restore _pkgs_remove _pkgs_revert _pkgs_say _pkgs_prompt _pkgs_refresh _pkgs_leave _pkgs_enter \
    _pkgs_operations _pkgs_stale _pkgs_retry update_pkgs_env deactivate-pkgs
end

function _pkgs_enter -a _pkgs_root _pkgs_bin _pkgs_cache _pkgs_generation
  if test "$ACTIVE_PKGS" = $_pkgs_root
    _pkgs_say 'This pkgs environment has already been activated. Skipping'
    test "$_PKGS_HERE$_PKGS_GENERATION" = $_pkgs_root$_pkgs_generation; and return 0
  else
    _pkgs_leave
  end
  _pkgs_revert
  set -g _PKGS_HERE $_pkgs_root
  set -g _PKGS_BIN $_pkgs_bin
  set -g _PKGS_CACHE $_pkgs_cache
  set -g _PKGS_GENERATION $_pkgs_generation
  set -g _PKGS_WATCHED
  test -d $_pkgs_cache/$_pkgs_generation; and set -g _PKGS_WATCHED yes
  _pkgs_apply
  set -eg DEACTIVATED_PKGS
  test "$ACTIVE_PKGS" = $_pkgs_root; and return 0
  set -gx ACTIVE_PKGS $_pkgs_root
  _pkgs_say "pkgs environment $_pkgs_root activated"
  functions -q pkgs_on_activate; and pkgs_on_activate
  return 0
end
