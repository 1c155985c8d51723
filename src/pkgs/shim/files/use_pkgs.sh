# For direnv: "use pkgs [DIR]" in an .envrc activates the environment in DIR, or the closest one.

use_pkgs() {
  local bin directory=${1:-$PWD}
  while :; do
    for bin in "$directory" "$directory/bin" "$directory/.pkgs/bin" "$directory/.hermit/bin"; do
      if [ -e "$bin/activate-pkgs" ]; then break 2; fi
    done
    if [ -n "${1-}" ] || [ -z "$directory" ]; then
      log_error "use pkgs: no environment in ${1:-$PWD}"
      return 1
    fi
    directory=${directory%/*}
  done
  watch_file "$bin" "$bin/pkgs.hcl" "$bin/pkgs.lock"
  # direnv undoes the changes itself, and says what they are.
  unset ACTIVE_PKGS DEACTIVATED_PKGS
  PKGS_QUIET=${PKGS_QUIET:-yes} . "$bin/activate-pkgs"
}
