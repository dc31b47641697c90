"""Random keys, pastes, resizes and task output: what is on the screen is what a model in Python says.

The model knows the text as a list of characters, the keys it presses, and how the prompt lays its rows out; nothing
of how they are drawn. Seeded faults are found by one of these tests at least: a row that is not cleared, rows of the same size
taken for the same, output written over the input.
"""
import random

from terminal import *

# Characters as a reader counts them. None of them joins the one before it.
CHARACTERS = [*"abcxyz012+-*()[]{}'\":#., ", "한", "글", "中", "é", "e\u0301", "\u1112\u1161\u11ab", "\U0001F468\u200d\U0001F469",
              "\U0001F44D", "ß", "\t"]
PROMPT = 4
TASK = paste("""async def noise(seed):
    import random
    r = random.Random(seed)
    for i in range(100000000):
        print(f"#{i}#", "-" * r.randrange(60), end="\\n" * r.choice([1, 1, 1, 0]))
        await sleep(r.random() / 20)
""") + "\r"


def width(char, column):
    if char == "\t":
        return 8 - column % 8
    return max(1, sum(max(0, wcwidth(c)) for c in unicodedata.normalize("NFC", char)))


class Model:
    """The text and the cursor, as the keys leave them."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.text, self.cursor, self.goal, self.kill = [], 0, None, ""

    def line_start(self, at):
        while at > 0 and self.text[at - 1] != "\n":
            at -= 1
        return at

    def line_end(self, at):
        while at < len(self.text) and self.text[at] != "\n":
            at += 1
        return at

    def insert(self, chars):
        self.text[self.cursor:self.cursor] = chars
        self.cursor += len(chars)

    def delete(self, start, end):
        del self.text[start:end]
        self.cursor = start

    def column(self, start, end):
        column = 0
        for char in self.text[start:end]:
            column += width(char, column)
        return column

    def move_to_line(self, start):
        if self.goal is None:
            self.goal = self.column(self.line_start(self.cursor), self.cursor)
        at, column = start, 0
        while at < len(self.text) and self.text[at] != "\n":
            column += width(self.text[at], column)
            if column > self.goal:
                break
            at += 1
        self.cursor = at

    def rows(self, columns):
        """The rows of the input, and where the cursor is among them."""
        rows, cursor, row, used, column = [], None, ">>> ", PROMPT, 0
        for at, char in enumerate([*self.text, None]):
            cells = width(char, column) if char not in ("\n", None) else 0
            room = columns - PROMPT if columns >= 20 else columns
            fits = cells <= room
            cells = cells if fits else 1
            if used + cells > columns or (at == self.cursor and used >= columns):
                rows.append(row)
                row, used = (" " * PROMPT, PROMPT) if columns >= 20 else ("", 0)
            if at == self.cursor:
                cursor = (len(rows), used)
            if char in ("\n", None):
                rows.append(row)
                row, used, column = "... ", PROMPT, 0
                continue
            row += " " * cells if char == "\t" and fits else char if fits else "?"
            used, column = used + cells, column + cells
        return rows, cursor


class Player:
    """Presses keys in the terminal and in the model."""

    def __init__(self, t, seed):
        self.t, self.model, self.random = t, Model(), random.Random(seed)

    def step(self):
        m, r = self.model, self.random
        name = r.choices(list(KEYS), [weight for weight, _ in KEYS.values()])[0]
        goal = m.goal
        m.goal = None
        if name in ("up", "down"):
            m.goal = goal
        self.t.press(*KEYS[name][1](m, r) or [])

    def matches(self):
        screen = self.t.screen
        rows, (row, column) = self.model.rows(screen.columns)
        if screen.cursor.x != column:
            return False
        if len(rows) <= screen.lines:
            first = screen.cursor.y - row
            if first < 0 or first + len(rows) > screen.lines:
                return False
            shown, rest = rows, screen.rows()[first + len(rows):]
            return self.same(first, shown) and not any(rest)
        # A window on the block: whichever part, it must hold the cursor and be in order.
        start = row - screen.cursor.y
        return start >= 0 and self.same(0, rows[start:start + screen.lines])

    def same(self, first, rows):
        screen = self.t.screen
        return all(plain(screen.row(first + i)) == plain(row) for i, row in enumerate(rows))

    def check(self):
        rows, cursor = self.model.rows(self.t.screen.columns)
        try:
            self.t.wait(self.matches, "agreement")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.difference(rows, cursor)}") from None

    def difference(self, rows, cursor):
        screen = self.t.screen
        first = max(0, screen.cursor.y - cursor[0])
        wrong = [f"row {i}: {plain(screen.row(i))!r}, the model has {plain(row)!r}"
                 for i, row in enumerate(rows[max(0, cursor[0] - screen.cursor.y):], first)
                 if i < screen.lines and plain(screen.row(i)) != plain(row)]
        return f"{screen.columns} columns, cursor {screen.cursor.x}, the model has {cursor}\n" + "\n".join(wrong)


def plain(row):
    """As pyte has it: joined and composed, without what its cells cannot hold."""
    return unicodedata.normalize("NFC", row.replace("\u200d", "")).rstrip()


def key_type(m, r):
    chars = [r.choice(CHARACTERS[:-1]) for _ in range(r.randrange(1, 6))]
    m.insert(chars)
    return chars


def key_paste(m, r):
    chars = [r.choice([*CHARACTERS, "\n", "\n"]) for _ in range(r.randrange(1, 60))]
    m.insert(chars)
    return [paste("".join(chars).replace("\n", r.choice(["\n", "\r", "\r\n"])))]


def key_left(m, r):
    m.cursor, m.goal = max(0, m.cursor - 1), None
    return [r.choice([LEFT, ctrl("b")])]


def key_right(m, r):
    m.cursor, m.goal = min(len(m.text), m.cursor + 1), None
    return [r.choice([RIGHT, ctrl("f")])]


def key_up(m, r):
    start = m.line_start(m.cursor)
    if start == 0:
        return key_left(m, r)
    m.move_to_line(m.line_start(start - 1))
    return [r.choice([UP, ctrl("p")])]


def key_down(m, r):
    end = m.line_end(m.cursor)
    if end == len(m.text):
        return key_right(m, r)
    m.move_to_line(end + 1)
    return [r.choice([DOWN, ctrl("n")])]


def key_end(m, r):
    m.cursor = m.line_end(m.cursor)
    return [r.choice([END, ctrl("e")])]


def key_delete(m, r):
    if m.cursor < len(m.text):
        m.delete(m.cursor, m.cursor + 1)
        return [r.choice([DELETE, ctrl("d")])]
    return [DELETE]


def key_backspace(m, r):
    start = m.line_start(m.cursor)
    if m.cursor > start and all(c in " \t" for c in m.text[start:m.cursor]):
        return key_right(m, r)  # takes back indentation: the tests of editing have that
    if m.cursor > 0:
        m.delete(m.cursor - 1, m.cursor)
    return [BACKSPACE]


def key_kill_start(m, r):
    m.delete(m.line_start(m.cursor), m.cursor)
    return [ctrl("u")]


def key_kill_line(m, r):
    end = m.line_end(m.cursor)
    m.delete(m.cursor, end + 1 if end == m.cursor and end < len(m.text) else end)
    return [ctrl("k")]


def key_text_ends(m, r):
    m.cursor = r.choice([0, len(m.text)])
    return [alt("<" if m.cursor == 0 else ">")]


def key_clear(m, r):
    m.reset()
    return [ctrl("c")]


def key_nonsense(m, r):
    return [r.choice(["\x1b[99;99;99z", "\x1b[1;1R", "\x1bOz", ctrl("q"), "\x1b[200X", ctrl("g"), "\x1b[<0;1;1M"])]


KEYS = {"type": (40, key_type), "paste": (3, key_paste), "left": (10, key_left), "right": (8, key_right),
        "up": (8, key_up), "down": (8, key_down), "end": (3, key_end), "delete": (6, key_delete),
        "backspace": (12, key_backspace), "kill_start": (2, key_kill_start), "kill_line": (3, key_kill_line),
        "ends": (2, key_text_ends), "nonsense": (2, key_nonsense)}


def play(start, seed, events, reflows=False, noise=True):
    r = random.Random(seed)
    t = start(columns=60, lines=20, reflows=reflows)
    if noise:
        t.press(TASK)
        t.prompt()
        t.press(f"t = spawn(noise({seed}))\r")
        t.settle(0.2)
    player, done = Player(t, seed), 0
    while done < events:
        for _ in range(r.randrange(1, 40)):
            player.step()
            done += 1
        player.check()
        if r.random() < 0.15:
            t.resize(r.choice([7, 12, 20, 33, 60, 80, 100]), r.choice([6, 10, 20, 30]))
            player.check()
        if r.random() < 0.1 or len(player.model.text) > 600:
            t.settle(0.02)
            t.press(ctrl("c"))
            player.model.reset()
            player.check()
    t.press(ctrl("c"))
    player.model.reset()
    player.check()
    t.press("20 + 22\r")
    t.wait(lambda: "42" in t.lines(), "an answer at the end")


def a_thousand_events_with_a_noisy_task(co):
    play(co, 1, 1000)


def a_thousand_events_in_a_terminal_that_reflows(co):
    play(co, 2, 1000, reflows=True, noise=False)


def two_thousand_events_in_silence(co):
    play(co, 3, 2000, noise=False)
