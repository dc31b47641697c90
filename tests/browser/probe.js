/* Looks at a page or a drawing made by `co trace` and tells the page around it what it has found, for
 * tests/browser/run.py to judge. The page's own script has run by then. */
"use strict";

const found = { errors: window.seenErrors, width: innerWidth };
const box = e => { const { left, right, top, bottom } = e.getBoundingClientRect(); return { left, right, top, bottom }; };
const shown = e => e.textContent.trim() && box(e).right > box(e).left && getComputedStyle(e).visibility !== "hidden";

/* Pairs of texts that cover each other by more than a pixel. */
function overlaps(elements) {
    const boxes = elements.filter(shown).map(e => [e.textContent.trim().slice(0, 30), box(e)]);
    const pairs = [];
    boxes.forEach(([text, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 1) pairs.push([text, other]);
    }));
    return pairs;
}

/* Texts that are wider than what should hold them. */
const overflows = (elements, inside) => elements.filter(shown)
    .filter(e => box(e).right > box(inside(e)).right + 1 || box(e).left < box(inside(e)).left - 1)
    .map(e => e.textContent.trim().slice(0, 30));

function lanesOf(scope, bars, labels) {
    return [...scope.querySelectorAll(".lane")].map(lane => ({
        task: lane.dataset.task,
        text: lane.textContent,
        labels: [...lane.querySelectorAll(labels)].filter(shown).map(label => label.textContent),
        waits: [...lane.querySelectorAll(bars)].map(bar => box(bar).right - box(bar).left),
    }));
}

function probeDrawing() {
    const svg = document.querySelector("svg"), all = selector => [...svg.querySelectorAll(selector)];
    found.lanes = lanesOf(svg, "rect.waits", "text.label");
    found.texts = all(".small").map(e => e.textContent);
    found.outputs = all(".output").map(e => e.textContent);
    found.overlaps = overlaps(all("text"));
    found.overflows = overflows(all("text"), () => svg);
    found.outside = svg.querySelectorAll("script, image, use, [href], foreignObject").length;
    found.ink = getComputedStyle(svg.querySelector("text")).fill;
}

function press(key) { dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); }

/* What the reader sees at this moment. */
function moment() {
    return {
        now: document.getElementById("now").textContent,
        told: document.getElementById("told").textContent,
        cursor: parseFloat(document.querySelector(".cursor").style.left),
        states: Object.fromEntries([...document.querySelectorAll(".lane")].map(lane =>
            [lane.dataset.task, [lane.querySelector(".badge").textContent, lane.querySelector(".line").textContent]])),
        printed: [...document.querySelectorAll(".printed:not(.future)")].map(e => e.textContent),
    };
}

function scrub(part) {
    const slider = document.getElementById("scrub");
    slider.value = slider.max * part;
    slider.dispatchEvent(new Event("input"));
}

function probePage() {
    const all = selector => [...document.querySelectorAll(selector)];
    found.lanes = lanesOf(document, ".span.waits", ".span.waits");
    found.overlaps = overlaps(all("button, #now, #told, h2 span, .axis span, .who b, .who small, .span, .badge, .line"))
        .filter(([a, b]) => a && b);
    found.overflows = overflows(all(".who, .state, .track, .panel, #player, h2"), () => document.body);
    found.texts = all("button, .legend, h3, #told, .badge").map(e => e.textContent);
    found.scrolls = document.documentElement.scrollWidth > innerWidth;
    found.start = moment();
    scrub(0.5);
    found.half = moment();
    scrub(1);
    found.end = moment();
    press("Home");
    found.steps = [];
    for (let i = 0; i < 20 && found.steps.at(-1)?.told !== "the end"; i++) {
        press("ArrowRight");
        found.steps.push(moment());
    }
    press("ArrowLeft");
    found.back = moment();
    document.querySelectorAll(".track")[1].dispatchEvent(new PointerEvent("pointerdown", {
        clientX: (box(document.querySelector(".track")).left * 2 + box(document.querySelector(".track")).right) / 3 }));
    found.third = moment();
}

(document.getElementById("data") ? probePage : probeDrawing)();
parent.postMessage(JSON.stringify(found), "*");
