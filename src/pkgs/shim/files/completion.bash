# Completion of pkgs for bash, 3.2 and later. Use: source <(pkgs completion bash)
_pkgs_complete() {
  local line=${COMP_LINE:0:COMP_POINT} current cut candidate IFS
  local -a words
  # bash cuts words at ":", "=" and "@"; pkgs wants them whole, and only what bash calls the word is replaced.
  read -ra words <<<"$line"
  case $line in *[[:blank:]]) words[${#words[@]}]= ;; esac
  current=${words[${#words[@]} - 1]}
  cut=${current%"$2"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    if [ "$candidate" = ":files" ]; then
      while IFS= read -r candidate; do
        COMPREPLY[${#COMPREPLY[@]}]=$candidate
      done < <(compgen -f -- "$2")
      compopt -o filenames 2>/dev/null
      return
    fi
    candidate=${candidate%%$'\t'*}
    COMPREPLY[${#COMPREPLY[@]}]=${candidate#"$cut"}
  done < <("$1" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _pkgs_complete pkgs
