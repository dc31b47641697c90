# fish --no-config _complete.fish CO: what the made completions answer.
source (eval $argv[1] --completions fish | psub)
function answers
    echo "$argv[1] ->" (complete -C "$argv[1]" | string replace -r '\t.*' '')
end
set folder (mktemp -d) # files are completed too: a folder with one
cd $folder
touch x.co
answers 'co che'
answers 'co run --virt'
answers 'co --seed 3 --virt'
answers 'co x.co --virt'
answers 'co run --seed 3 x.co --virt'
answers 'co -m json --virt'
answers 'co check --js'
answers 'co check '
answers 'co check --color al'
answers 'co check --color=ne'
answers 'co help tr'
answers 'co repl '
rm -r $folder
