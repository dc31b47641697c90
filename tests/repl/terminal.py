"""A terminal to run Co in: a pty, and python3-pyte's screen at its other end as the independent model of what a
terminal shows. Nothing here knows how Co draws."""
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
import unicodedata

import pyte
from wcwidth import wcswidth, wcwidth


class Screen(pyte.Screen):
    """pyte's screen, with what it leaves out: several code points in one cell, what has scrolled off, and sizes that
    change as they do in xterm (`reflows` False: rows are cut) or in VTE and tmux (True: they are broken anew)."""

    def __init__(self, columns, lines, reflows=False):
        self.scrolled = []
        self.reflows = reflows
        super().__init__(columns, lines)

    def draw(self, data):
        for char in data:
            if wcwidth(char) > 0:
                super().draw(char)
            elif self.cursor.x > 0:  # joins the cell before it
                line, x = self.buffer[self.cursor.y], self.cursor.x - 1
                x -= x > 0 and line[x].data == ""
                line[x] = line[x]._replace(data=line[x].data + char)

    def index(self):
        if self.cursor.y == self.lines - 1:
            self.scrolled.append(self.row(0))
        super().index()

    def row(self, y):
        return "".join(self.buffer[y][x].data for x in range(self.columns)).rstrip()

    def rows(self):
        return [self.row(y) for y in range(self.lines)]

    def resize(self, lines=None, columns=None):
        rows, at = [], 0
        for y in range(self.lines):
            cells = [self.buffer[y][x] for x in range(self.columns)]
            while cells and cells[-1].data == " ":
                cells.pop()
            pieces = self.broken(cells, columns) if self.reflows else [cells[:columns]]
            if y == self.cursor.y:
                at = len(rows) + (self.cursor.x // columns if self.reflows else 0)
            rows += pieces
        while len(rows) > at + 1 and not rows[-1]:
            rows.pop()
        above = max(0, len(rows) - lines) if self.reflows else max(0, at + 1 - lines)
        above = min(above, at)
        self.scrolled += ["".join(cell.data for cell in cells).rstrip() for cells in rows[:above]]
        x = self.cursor.x % columns if self.reflows else min(self.cursor.x, columns - 1)
        self.lines, self.columns = lines, columns
        self.set_margins()
        self.buffer.clear()
        for y, cells in enumerate(rows[above:above + lines]):
            for i, cell in enumerate(cells):
                self.buffer[y][i] = cell
        self.cursor.y, self.cursor.x = at - above, x

    @staticmethod
    def broken(cells, columns):
        pieces = [[]]
        for i, cell in enumerate(cells):
            width = 2 if i + 1 < len(cells) and cells[i + 1].data == "" else 1
            if cell.data != "" and len(pieces[-1]) + width > columns:
                pieces.append([])
            pieces[-1].append(cell)
        return pieces


class Terminal:
    """Co at work in a terminal."""

    def __init__(self, co, columns=80, lines=24, env=None, slow=1, reflows=False, words=()):
        self.screen = Screen(columns, lines, reflows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw, self.seen = b"", -1
        self.seconds = 10 * slow
        self.status = None
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": "/nonexistent",
                       "ASAN_OPTIONS": "detect_stack_use_after_return=0:allocator_may_return_null=1", **(env or {})}
        if reflows:
            environment["VTE_VERSION"] = "7000"
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execve(co, [co, *words], environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def close(self):
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)

    def read(self, seconds):
        """What comes within that time; False when Co has closed the terminal."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return False
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    def press(self, *keys):
        self.seen = len(self.raw)
        for key in keys:
            data = key.encode() if isinstance(key, str) else key
            while data:
                _, ready, _ = select.select([self.fd], [self.fd], [], 0.01)
                if ready:
                    data = data[os.write(self.fd, data[:512]):]
                while select.select([self.fd], [], [], 0)[0] and self.read(0):
                    pass
            if key == ctrl("c"):  # a signal: keys pressed within the same millisecond may overtake it
                self.read(1)
                self.settle(0.05)

    def wait(self, ready, what):
        """Until `ready()`; an AssertionError with the whole screen when that never comes."""
        end = time.monotonic() + self.seconds
        while not ready():
            if not self.read(0.02) and not ready():
                raise AssertionError(f"Co has ended before {what}\n{self.picture()}")
            if time.monotonic() > end:
                raise AssertionError(f"no {what}\n{self.picture()}")

    def shows(self, *lines):
        """Wait until these lines stand one below the other, the last of them at the cursor or above."""
        wanted = [unicodedata.normalize("NFC", line) for line in lines]
        self.wait(lambda: self.find(wanted) is not None, "lines\n" + "\n".join(lines))

    def find(self, wanted):
        rows = [unicodedata.normalize("NFC", row) for row in self.screen.rows()]
        for y in range(len(rows) - len(wanted) + 1):
            if rows[y:y + len(wanted)] == wanted:
                return y
        return None

    def prompt(self, text=">>> "):
        """Wait for an input of that text, the cursor at its end."""
        def ready():
            row = self.screen.row(self.screen.cursor.y)
            return row == text.rstrip() and self.screen.cursor.x == wcswidth(text)

        def stays():
            if len(self.raw) == self.seen or not ready():
                return False
            self.settle(0.05)  # it may have been there before the last keys came
            return ready()
        self.wait(stays, f"input {text!r}")

    def settle(self, seconds=0.15):
        """Read until nothing has come for a while; not for ever, as a task may go on printing."""
        end = time.monotonic() + 4 * seconds
        while time.monotonic() < end and select.select([self.fd], [], [], seconds)[0] and self.read(0):
            pass

    def resize(self, columns, lines):
        self.settle()
        self.screen.resize(lines, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def end(self):
        """Co's exit status, once it has ended."""
        limit = time.monotonic() + self.seconds
        while self.status is None and time.monotonic() < limit:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                while select.select([self.fd], [], [], 0.05)[0] and self.read(0):
                    pass
        assert self.status is not None, "it does not end\n" + self.picture()
        return self.status

    def lines(self):
        """Everything there was: what has scrolled off and what stands on the screen."""
        return self.screen.scrolled + self.screen.rows()

    def picture(self):
        cursor = f"cursor: line {self.screen.cursor.y}, column {self.screen.cursor.x}"
        return "\n".join(f"{y:3}|{row}" for y, row in enumerate(self.screen.rows())) + "\n" + cursor


def paste(text):
    return "\x1b[200~" + text + "\x1b[201~"


UP, DOWN, RIGHT, LEFT, HOME, END = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F"
ALT_ENTER, BACKSPACE, DELETE, TAB, SHIFT_TAB, ESCAPE = "\x1b\r", "\x7f", "\x1b[3~", "\t", "\x1b[Z", "\x1b"


def ctrl(letter):
    return chr(ord(letter.upper()) & 0x1f)


def alt(letter):
    return "\x1b" + letter
