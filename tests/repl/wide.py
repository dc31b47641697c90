"""Characters that are wider than one column, or are made of several code points."""
from terminal import *

DECOMPOSED = unicodedata.normalize("NFD", "한글")
FAMILY = "\U0001F468\u200d\U0001F469\u200d\U0001F467"


def hangul_is_edited_by_the_syllable(co):
    t = co()
    t.press("이름 = '한글'", LEFT, BACKSPACE, "국")
    t.press(END)
    t.wait(lambda: t.screen.row(t.screen.cursor.y) == ">>> 이름 = '한국'" and t.screen.cursor.x == 17, "edited text")
    t.press("\r", "이름\r")
    t.shows(">>> 이름", "'한국'", ">>>")


def decomposed_hangul_counts_as_its_syllables(co):
    t = co()
    t.press("'" + DECOMPOSED + "'")
    t.wait(lambda: t.screen.row(t.screen.cursor.y) == ">>> '한글'" and t.screen.cursor.x == 10, "composed picture")
    t.press(LEFT, BACKSPACE, END, "\r")
    t.shows(">>> '한'", "'" + unicodedata.normalize("NFD", "한") + "'")


def an_emoji_sequence_is_one_character(co):
    t = co()
    t.press("'a" + FAMILY + "b'", LEFT * 2, BACKSPACE, END)
    t.prompt(">>> 'ab'")
    t.press(ctrl("c"), "'e\u0301x'", LEFT * 2, BACKSPACE, END)
    t.prompt(">>> 'x'")
    t.press(ctrl("c"), "'\U0001F1F0\U0001F1F7\U0001F44D\U0001F3FD'", LEFT, BACKSPACE, BACKSPACE, END)
    t.prompt(">>> ''")


def wide_characters_wrap_whole(co):
    t = co(columns=11)
    t.press("'" + "가나다라마바사아")
    t.shows(">>> '가나다", "라마바사아")
    t.press(LEFT * 5)
    t.wait(lambda: t.screen.cursor.x == 0, "cursor before 라")
    t.press("x")
    t.shows(">>> '가나다", "x라마바사아")


def invisible_characters_are_shown(co):
    t = co()
    t.press(paste("a\u200bb\u00a0c\x07"))
    t.prompt(">>> a<200b>b<a0>c^G")


def full_width_signs_are_explained(co):
    t = co()
    t.press("print（1）\r")
    t.wait(lambda: any("full-width" in row for row in t.screen.rows()), "explanation")
    t.prompt()


def a_very_narrow_terminal(co):
    t = co(columns=5, lines=10, ready=False)
    t.settle(0.3)
    t.press("x='한글'\r", "x\r")
    t.shows(">>> x", "'한글", "'", ">>>")


def carets_point_below_hangul(co):
    t = co()
    t.press("값 = '한글' + 1\r")
    t.shows("    값 = '한글' + 1", "         ~~~~~~~^~~")


def the_prompt_speaks_korean(co):
    t = co(env={"LANG": "ko_KR.UTF-8"})
    t.press(":nope\r")
    t.shows("':nope' 명령이 없습니다: :help를 보세요", ">>>")
