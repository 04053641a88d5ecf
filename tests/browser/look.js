// Opens each page in a frame of a given width and reports what a reader would suffer from: text without
// contrast, a page that scrolls sideways, a style that was refused. Runs in the tests' browser only.
"use strict";

// The browser's own rasteriser turns any CSS colour into numbers.
const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
paint.canvas.width = paint.canvas.height = 1;

function rgba(colour) {
  paint.clearRect(0, 0, 1, 1);
  paint.fillStyle = colour;
  paint.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

function over(top, below) {
  return [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
}

function luminance(colour) {
  const [r, g, b] = colour.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function ground(element, view) {
  const layers = [];
  for (let e = element; e; e = e.parentElement) layers.push(rgba(view.getComputedStyle(e).backgroundColor));
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
}

function pale(frame) {
  const view = frame.contentWindow;
  const found = new Map();
  const walker = view.document.createTreeWalker(view.document.body, NodeFilter.SHOW_TEXT);
  const known = new Map();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = view.getComputedStyle(element);
    const below = ground(element, view);
    const key = style.color + below;
    if (!known.has(key)) known.set(key, contrast(over(rgba(style.color), below), below));
    if (known.get(key) < 4.5) found.set(`${element.tagName}.${element.className}`, known.get(key).toFixed(2));
  }
  return [...found];
}

async function look(page, width) {
  const frame = document.createElement("iframe");
  frame.width = width;
  frame.height = 900;
  document.body.append(frame);
  await new Promise((done) => {
    frame.onload = done;
    frame.src = page;
  });
  const root = frame.contentDocument.documentElement;
  for (const details of frame.contentDocument.querySelectorAll("details")) details.open = true;
  const seen = {
    page,
    width,
    ground: frame.contentWindow.getComputedStyle(frame.contentDocument.body).backgroundColor,
    sideways: root.scrollWidth - root.clientWidth,
    pale: pale(frame),
    scripts: frame.contentDocument.scripts.length,
    focusable: frame.contentDocument.querySelectorAll("a[href], summary, [tabindex='0']").length,
    text: frame.contentDocument.body.innerText.length,
    owned: Boolean(frame.contentWindow.owned),
  };
  frame.remove();
  return seen;
}

async function main() {
  const { pages, widths } = JSON.parse(document.getElementById("pages").textContent);
  const all = [];
  for (const page of pages) for (const width of widths) all.push(await look(page, width));
  document.getElementById("seen").textContent = JSON.stringify(all);
}

main().catch((error) => (document.getElementById("seen").textContent = JSON.stringify(String(error))));
