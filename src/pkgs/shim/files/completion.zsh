#compdef pkgs
# Completion of pkgs for zsh. Use, after compinit: source <(pkgs completion zsh)
_pkgs_complete() {
  local line
  local -a lines candidates
  lines=("${(@f)$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  if [[ ${lines[1]} == :files ]]; then
    _files
    return
  fi
  for line in "${lines[@]}"; do
    [[ -n $line ]] || continue
    candidates+=("${${line%%$'\t'*}//:/\\:}:${${line#*$'\t'}#${line%%$'\t'*}}")
  done
  _describe -V 'pkgs' candidates
}
if (( $+functions[compdef] )); then compdef _pkgs_complete pkgs; fi
