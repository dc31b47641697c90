#!/usr/bin/env python3
"""Check the files that `co trace -o` writes, and what SIGQUIT prints.

Usage: pictures.py CO. `make test-browser` looks at the same files with the eyes of a browser.
"""
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOG = ROOT / "examples/blog"
SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = r'''
import asyncio
async def 일꾼(text):
    print("</script>", text, "\x00\x1b[31m\u2028", '"&<')
    await sleep(1)
asyncio.run(asyncio.wait_for(일꾼("<b>&'\""), 5))
'''
SLEEPER = '''
async def 잠꾸러기(n):
    await sleep(n)
async def main():
    job = spawn(잠꾸러기(60), name="꼬마")
    await sleep(0)
    print("ready", flush=True)
    await sleep(0.5)
    job.cancel()
await main()
print("went on")
'''

BUSY = '''
import asyncio, time
def compute():
    end = time.monotonic() + 2
    while time.monotonic() < end:
        pass
def block():
    time.sleep(60)
async def main():
    job = spawn(asyncio.to_thread(block), name="blocked")
    await sleep(0.01)
    print("ready", flush=True)
    compute()
    print("went on", flush=True)
    import os
    os._exit(0)
await main()
'''


def draw(co, folder, ending, *words):
    path = folder / f"run.{ending}"
    subprocess.run([co, "trace", "--virtual-time", "-o", path, *words], check=True, timeout=60, stdout=subprocess.DEVNULL)
    return path.read_text()


def waits(events, task):
    thread = next(e for e in events if e["ph"] == "M" and e["args"]["name"].endswith(task))["tid"]
    return [e for e in events if e["ph"] == "X" and e["tid"] == thread and e["cat"] == "waits"]


def check_json(co, folder):
    events = json.loads(draw(co, folder, "json", BLOG / "clients.py"))["traceEvents"]
    (first,), (second,) = waits(events, "Task-2"), waits(events, "Task-3")
    assert (first["dur"], second["dur"]) == (3e6, 1e6), (first, second)
    assert first["name"] == "sleep 3 s" and first["args"]["line"] == 5, first
    assert "클라이언트 2의 I/O 작업 완료" in [e["name"] for e in events if e["ph"] == "i"]


def check_svg(co, folder):
    drawing = xml.etree.ElementTree.fromstring(draw(co, folder, "svg", BLOG / "clients.py"))
    lanes = {lane.get("data-task"): lane for lane in drawing.iter(SVG + "g") if lane.get("class") == "lane"}
    widths = {task: [float(r.get("width")) for r in lane.iter(SVG + "rect") if r.get("class") == "waits"]
              for task, lane in lanes.items()}
    assert abs(widths["Task-2"][0] / widths["Task-3"][0] - 3) < 0.01, widths


def data_of(page):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)[1])["runs"]


def check_html(co, folder):
    both = data_of(draw(co, folder, "html", "--compare", BLOG / "08_sync.co", BLOG / "10_clients.co"))
    assert [run["total"] for run in both] == ["4 s", "3 s"], both
    assert both[1]["sources"][0]["text"] == (BLOG / "10_clients.co").read_text()


def check_hostile(co, folder):
    """What a program prints cannot break out of the picture."""
    program = folder / "hostile.co"
    program.write_text(HOSTILE)
    xml.etree.ElementTree.fromstring(draw(co, folder, "svg", program))
    page = draw(co, folder, "html", program)
    printed = data_of(page)[0]["outputs"][0][3]
    assert "</script>" in printed and "\x1b" not in printed and page.count("</script>") == 2, printed
    json.loads(draw(co, folder, "json", program))


def check_quit(co, folder):
    program = folder / "sleeper.co"
    program.write_text(SLEEPER)
    process = subprocess.Popen([co, program.name], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGQUIT)
    out, tree = process.communicate(timeout=30)
    assert (out, process.returncode) == ("went on\n", 0), (out, process.returncode)
    tree = re.sub(r"\d+\.\d s more", "N s more", tree)
    assert tree == (
        "co: 2 tasks\n"
        "  task 'Task-1' waits on sleep, N s more\n"
        "      sleeper.co:10, in <module>: await main()\n"
        "      sleeper.co:8, in main: await sleep(0.5)\n"
        "    task '꼬마' waits on sleep, N s more\n"
        "        sleeper.co:3, in 잠꾸러기: await sleep(n)\n"), tree


def check_quit_while_busy(co, folder):
    """In a loop that computes, beside a thread that blocks: both stacks are told."""
    program = folder / "busy.co"
    program.write_text(BUSY)
    process = subprocess.Popen([co, program.name], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGQUIT)
    out, tree = process.communicate(timeout=60)
    assert (out, process.returncode) == ("went on\n", 0), (out, process.returncode)
    tree = re.sub(r"busy.co:\d+, in compute: .*", "busy.co:N, in compute", tree)
    assert tree == (
        "co: 2 tasks\n"
        "  task 'Task-1' runs\n"
        "      busy.co:17, in <module>: await main()\n"
        "      busy.co:13, in main: compute()\n"
        "      busy.co:N, in compute\n"
        "    task 'blocked' waits on to_thread()\n"
        "  thread 'asyncio_0' waits on sleep\n"
        "      busy.co:8, in block: time.sleep(60)\n"), tree


def main(co):
    co = pathlib.Path(co).resolve()
    with tempfile.TemporaryDirectory() as name:
        for check in (check_json, check_svg, check_html, check_hostile, check_quit, check_quit_while_busy):
            check(co, pathlib.Path(name))
    print("pictures and the task tree are as they should be")


if __name__ == "__main__":
    main(sys.argv[1])
