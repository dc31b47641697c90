# zsh -f _complete.zsh CO: what the made completions hand to zsh's own functions.
_describe() { local rows=("${(@P)2}"); print "  $1:" ${rows%%:*}; }
_arguments() { print -l "  "${^${(M)@:#*$PREFIX*}}; }
_files() { print "  files"; }
compdef() { :; }
answers() {
    words=("$@") CURRENT=$# PREFIX=${@[-1]}
    print "$* ->"
    _co
}
eval "${"$("$1" --completions zsh)"%_co *}" # without the call at its end
answers co ''
answers co run --virt
answers co check --js
answers co check --color=
answers co trace -o
answers co help tr
answers co repl ''
