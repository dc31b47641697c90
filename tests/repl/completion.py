"""Tab."""
import os
import tempfile

from terminal import *


def a_name_is_completed(co):
    t = co()
    t.press("long_name = 1\r", "long", TAB)
    t.prompt(">>> long_name")


def several_names_are_shown_with_what_they_are(co):
    t = co()
    t.press("import asyncio\r", "asyncio.Que", TAB)
    t.wait(lambda: any(row.startswith("QueueEmpty") for row in t.screen.rows()), "menu")
    t.shows(">>> asyncio.Queue")
    t.press(TAB, TAB)
    t.prompt(">>> asyncio.QueueEmpty")
    t.press(SHIFT_TAB)
    t.prompt(">>> asyncio.Queue")
    t.press("(")
    t.wait(lambda: not any(row.startswith("QueueEmpty") for row in t.screen.rows()), "menu to go")


def attributes_of_values_literals_and_new_objects(co):
    t = co()
    t.press("class A:\rdef method(self, first): 'Does it.'\r\r", "a = A()\r", "a.me", TAB)
    t.prompt(">>> a.method")
    t.press(ctrl("c"), "''.startsw", TAB)
    t.prompt(">>> ''.startswith")
    t.press(ctrl("c"), "[].app", TAB)
    t.prompt(">>> [].append")
    t.press(ctrl("c"), "A().me", TAB)
    t.prompt(">>> A().method")


def keyword_arguments_of_natives_and_functions(co):
    t = co()
    t.press("def f(x, *, 깊이=1): pass\r\r", "sorted([], ke", TAB)
    t.prompt(">>> sorted([], key=")
    t.press(ctrl("c"), "f(1, 깊", TAB)
    t.prompt(">>> f(1, 깊이=")


def arguments_that_have_been_given_are_not_offered(co):
    t = co()
    t.press("def f(zz1, zz2=(1, 2), *, zz3=3, zz4=4): 'Does it.'\r\r", "f(0, zz", TAB)
    t.shows(">>> f(0, zz", *[f"{name}=  f(zz1, zz2=..., *, zz3=3, zz4=4)  Does it." for name in ("zz2", "zz3", "zz4")])
    t.press(ctrl("c"), "f(zz3=(5, 6), zz2=2, zz", TAB)
    t.wait(lambda: sum(row.startswith(("zz1=", "zz4=")) for row in t.screen.rows()) == 2, "two names")
    t.press(ctrl("c"), "f(0, 1, zz3=f(2), z", TAB)
    t.wait(lambda: any(row.startswith("zz4=") for row in t.screen.rows()), "the one that is left")
    assert not any(row.startswith("zz3=") for row in t.screen.rows()), t.picture()


def keywords_modules_and_what_is_in_them(co):
    t = co()
    t.press("cont", TAB)
    t.prompt(">>> continue")
    t.press(ctrl("c"), "import iterto", TAB)
    t.prompt(">>> import itertools")
    t.press(ctrl("c"), "from itertools import permu", TAB)
    t.prompt(">>> from itertools import permutations")


def names_of_the_block_itself(co):
    t = co()
    t.press("def f(argument):\rarg", TAB)
    t.prompt("...     argument")


def commands(co):
    t = co()
    t.press(":ta", TAB)
    t.prompt(">>> :tasks")


def no_code_of_the_program_runs(co):
    t = co()
    t.press(paste("class A:\n    @property\n    def boom(self): print('ran')\n    def __getattr__(self, n): print('ran')\n")
            + "\r", "a = A()\r", "a.boom.x", TAB)
    t.settle(0.2)
    assert "ran" not in t.screen.rows(), t.picture()


def tab_indents_at_the_start_of_a_line(co):
    t = co()
    t.press("if 1:", ALT_ENTER, BACKSPACE, TAB, "x", HOME, SHIFT_TAB, TAB, END)
    t.prompt("...     x")


def no_name_is_completed_in_a_string(co):
    t = co()
    t.press("x = 'pri", TAB)
    t.shows(">>> x = 'pri")


def names_of_files_in_a_string_and_behind_load(co):
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(folder + "/자료/inner")
        open(folder + "/자료/읽을것.txt", "w").close()
        t = co(columns=120)
        t.press(f"open('{folder}/", TAB)
        t.prompt(f">>> open('{folder}/자료/")
        t.press("읽", TAB)
        t.prompt(f">>> open('{folder}/자료/읽을것.txt")
        t.press(ctrl("c"), f":load {folder}/자료/i", TAB)
        t.prompt(f">>> :load {folder}/자료/inner/")
