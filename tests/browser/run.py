#!/usr/bin/env python3
"""Draw the blog's run by `co trace`, load the drawing and the page in headless chromium, and check what is there.

probe.js looks at the page from inside; its findings come back in the DOM that chromium dumps. Whatever reaches the
console is an error.
"""
import argparse
import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = ROOT / "examples/blog/clients.py"
WIDTHS = (400, 1600)
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --hide-scrollbars --enable-logging=stderr""".split()
SEEN_ERRORS = """<script>window.seenErrors = [];
addEventListener("error", event => seenErrors.push(String(event.message)));
console.error = console.warn = (...words) => seenErrors.push(words.join(" "));</script>"""
# Chromium's own window is never narrower than 500 px.
FRAME = """<!doctype html><meta charset=utf-8><pre id=found></pre>
<script>addEventListener("message", event => document.getElementById("found").textContent = event.data);</script>
<iframe src="{page}" style="width:{width}px; height:900px; border:0"></iframe>"""
KOREAN = "클라이언트 2의 I/O 작업 완료"

failures = []


def check(what, true):
    if not true:
        failures.append(what)


def trace(co, path, *files, options=()):
    subprocess.run([co, "trace", "--virtual-time", "-o", path, *options, *(files or [PROGRAM])], check=True,
                   stdout=subprocess.DEVNULL, timeout=60)
    return path.read_text()


def chromium(page, width, *more):
    """(what it prints, the messages of the page's console)"""
    with tempfile.TemporaryDirectory() as profile:
        run = subprocess.run(["chromium", *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},900", *more,
                              page.as_uri()], capture_output=True, text=True, timeout=120)
    return run.stdout, re.findall(r":CONSOLE.*", run.stderr)


def probe(folder, name, page, width, *more):
    """The findings of probe.js in that page."""
    path, frame = folder / f"{name}-{width}.html", folder / f"{name}-{width}-frame.html"
    path.write_text(page)
    frame.write_text(FRAME.format(page=path.as_uri(), width=width))
    dom, console = chromium(frame, width, "--dump-dom", "--virtual-time-budget=3000", *more)
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.S)
    check(f"{name} at {width} px: the console is silent: {console}", not console)
    if not found or not found[1]:
        raise SystemExit(f"{name} at {width} px: the probe has not run\n{dom[-2000:]}")
    found = json.loads(html.unescape(found[1]))
    check(f"{name}: {found['width']} px instead of {width}", found["width"] == width)
    check(f"{name} at {width} px: errors {found['errors']}", not found["errors"])
    check(f"{name} at {width} px: overlaps {found['overlaps']}", not found["overlaps"])
    check(f"{name} at {width} px: sticks out {found['overflows']}", not found["overflows"])
    return found


def with_probe(page):
    script = f"<script>{(HERE / 'probe.js').read_text()}</script>"
    return page.replace("</title>", "</title>" + SEEN_ERRORS, 1).replace("</body>", script + "</body>", 1)


def around(drawing):
    return f"<!doctype html><meta charset=utf-8><title>drawing</title><body style='margin:0'>{drawing}</body>"


def check_lanes(name, found):
    """The two clients, whose waits are as three to one."""
    clients = [lane for lane in found["lanes"] if "handle_client" in lane["text"] and "gather" not in lane["text"]]
    check(f"{name}: lanes {[lane['task'] for lane in found['lanes']]}",
          [lane["task"] for lane in found["lanes"]] == ["Task-1", "Task-2", "Task-3"])
    check(f"{name}: two lanes of clients", len(clients) == 2)
    check(f"{name}: one wait each", all(len(lane["waits"]) == 1 for lane in clients))
    if len(clients) == 2 and all(lane["waits"] for lane in clients):
        ratio = clients[0]["waits"][0] / clients[1]["waits"][0]
        check(f"{name}: waits are as {ratio:.3f} to 1", abs(ratio - 3) < 0.15)
    labels = [lane["labels"] for lane in clients]
    check(f"{name}: waits are labelled: {labels}", labels == [["sleep 3 s"], ["sleep 1 s"]])


def check_drawing(folder, drawing):
    check("svg: no link", not re.search(r"(?:href|src|url\()=?[\"']?(?:https?:|//)", drawing))
    for width in WIDTHS:
        found = probe(folder, "svg", with_probe(around(drawing)), width)
        check_lanes(f"svg at {width} px", found)
        check("svg: Korean", any(KOREAN in line for line in found["outputs"]))
        check("svg: nothing from outside", found["outside"] == 0)
    light = probe(folder, "svg light", with_probe(around(drawing)), 1600)["ink"]
    dark = probe(folder, "svg dark", with_probe(around(drawing)), 1600, "--blink-settings=preferredColorScheme=0")["ink"]
    check(f"svg: ink {light} and {dark}", light != dark)


def check_moments(name, found):
    start, half, end = found["start"], found["half"], found["end"]
    check(f"{name}: at the start nothing is printed: {start['printed']}", start["printed"] == [] and start["cursor"] == 0)
    check(f"{name}: scrubbed to the middle: {half}", half["now"] == "1.5 s" and abs(half["cursor"] - 50) < 0.2)
    check(f"{name}: client 1 waits then: {half['states']}",
          half["states"]["Task-2"][0] == "waits" and "await asyncio.sleep(3)  # I/O 작업을" in half["states"]["Task-2"][1])
    check(f"{name}: client 2 has ended then", half["states"]["Task-3"][0] == "ended")
    check(f"{name}: three lines are printed by then", len(half["printed"]) == 3 and KOREAN in half["printed"][2])
    check(f"{name}: at the end all has ended", {state for state, _ in end["states"].values()} == {"ended"})
    check(f"{name}: and all is printed", len(end["printed"]) == 4)
    told = [step["told"] for step in found["steps"]]
    check(f"{name}: steps {told}", told == [
        "main starts, then waits: gather(handle_client1, handle_client2)", "handle_client1 starts, then waits: sleep 3 s",
        "handle_client2 starts, then waits: sleep 1 s", "handle_client2 goes on, then ends",
        "handle_client1 goes on, then ends", "main goes on, then ends", "the end"])
    running = [task for step in found["steps"][:-1] for task, (state, _) in step["states"].items() if state == "runs"]
    check(f"{name}: who runs step by step: {running}",
          running == ["Task-1", "Task-2", "Task-3", "Task-3", "Task-2", "Task-1"])
    check(f"{name}: a step back", found["back"]["told"] == told[-2])
    check(f"{name}: a click at a third: {found['third']['now']}", found["third"]["now"] == "1 s")


def check_page(folder, page):
    check("html: no network", not re.search(r"https?://|@import|fetch\(|XMLHttpRequest", page))
    for width in WIDTHS:
        found = probe(folder, "html", with_probe(page), width)
        check_lanes(f"html at {width} px", found)
        check(f"html at {width} px: scrolls sideways", not found["scrolls"])
        check_moments(f"html at {width} px", found)


def check_korean(folder, drawing, page):
    """The same in Korean, for readers of Korean: nothing is wider than its place, and no English word is left."""
    english = re.compile(r"\b(?:runs|waits|ready|blocks|starts|goes|ends|ended|step|play|printed)\b")
    for width in WIDTHS:
        found = probe(folder, "svg ko", with_probe(around(drawing)), width)
        check(f"svg in Korean: {found['texts']}", not english.search(" ".join(found["texts"])) and "차례 기다림" in found["texts"])
        found = probe(folder, "html ko", with_probe(page), width)
        texts = " ".join([*found["texts"], *(step["told"] for step in found["steps"]),
                          *(state for state, _ in found["half"]["states"].values())])
        check(f"html in Korean: {texts}", not english.search(texts) and "스페이스" in texts)
        check(f"html in Korean: {found['half']}", found["half"]["states"]["Task-2"][0] == "대기")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--co", default=ROOT / "co", type=pathlib.Path)
    parser.add_argument("--keep", metavar="FOLDER", help="leave the pages and screenshots there")
    options = parser.parse_args()
    co = options.co.resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.keep or temporary).resolve()
        folder.mkdir(exist_ok=True)
        drawing, page = trace(co, folder / "clients.svg"), trace(co, folder / "clients.html")
        check_drawing(folder, drawing)
        check_page(folder, page)
        check_korean(folder, trace(co, folder / "clients.ko.svg", options=["--lang", "ko"]),
                     trace(co, folder / "clients.ko.html", options=["--lang", "ko"]))
        both = trace(co, folder / "both.svg", ROOT / "examples/blog/08_sync.co", ROOT / "examples/blog/10_clients.co",
                     options=["--compare"])
        for width in WIDTHS:
            probe(folder, "compare", with_probe(around(both)), width)
        if options.keep:
            for name in ("clients.svg", "clients.html", "clients.ko.html", "both.svg"):
                chromium(folder / name, 1200, f"--screenshot={folder / name}.png")
    print("\n".join(failures) if failures else "the drawing and the page are as they should be")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
