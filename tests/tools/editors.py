#!/usr/bin/env python3
"""Check that the editors' grammars know exactly the keywords of lang/tokens.def and the built-in names of co.

Usage: editors.py CO
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRAMMAR = ROOT / "editors/vscode/syntaxes/co.tmLanguage.json"
VIM = ROOT / "editors/vim/syntax/co.vim"
LIST_BUILTINS = "import builtins; print(*[n for n in dir(builtins) if not n.startswith('_')])"


def keywords():
    return set(re.findall(r'^KEYWORD\(\w+,\s*"(\w+)"', (ROOT / "lang/tokens.def").read_text(), re.M))


def builtins(co):
    names = subprocess.run([co, "-c", LIST_BUILTINS], capture_output=True, text=True, check=True, timeout=20).stdout
    return set(names.split())


def textmate_words():
    """The words of every alternation in the grammar's keyword and builtin rules."""
    repository = json.loads(GRAMMAR.read_text())["repository"]
    rules = repository["keyword"]["patterns"] + repository["builtin"]["patterns"]
    groups = [re.search(r"\(([\w|]+)\)", rule["match"])[1] for rule in rules]
    for rule in rules:
        re.compile(rule["match"].replace("(?i:", "(?:"))
    return set("|".join(groups).split("|")) - {"self", "cls"}


def vim_words():
    text = VIM.read_text()
    words = {w for line in re.findall(r"^syn keyword co\w+ (.*)$", text, re.M) for w in line.split()}
    matched = re.search(r'syn match coConditional "\^\\s\*\\zs\\%\((.*?)\\\)', text)[1].split("\\|")
    return (words | set(matched)) - {"TODO", "FIXME", "XXX", "contained"}


def main(co):
    wanted = keywords() | builtins(co)
    wrong = []
    for name, words in ((GRAMMAR, textmate_words()), (VIM, vim_words())):
        name = name.relative_to(ROOT)
        wrong += [f"{name}: {word} is missing" for word in sorted(wanted - words)]
        wrong += [f"{name}: {word} is neither a keyword nor built in" for word in sorted(words - wanted)]
    print("\n".join(wrong) if wrong else "the editors' grammars know every word")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
