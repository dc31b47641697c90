# bash _complete.sh CO: what the made completions answer.
eval "$("$1" --completions bash)"
answers() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _co
    echo "$* -> ${COMPREPLY[*]}"
}
cd "$(mktemp -d)" && trap 'rmdir "$PWD"' EXIT # files are completed too: a folder without any
answers co che
answers co run --virt
answers co check --js
answers co check --color al
answers co check --color = ne
answers co help tr
