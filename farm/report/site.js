// Adds to pages what they can do without: filters, values under the pointer, any two traces side by side.
// Everything it shows stands on the page already, and goes in as text.
"use strict";

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// A field that hides the rows (or articles) whose text has not all of the words that are typed.
function filter(box) {
  const what = box.dataset.filter;
  const items = [...document.querySelectorAll(what)].map((item) => [item, item.textContent.toLowerCase()]);
  const groups = [...new Set(items.map(([item]) => item.closest("[data-group]")).filter(Boolean))];
  const input = make("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: "false" });
  input.placeholder = box.dataset.example;
  const told = make("output", { for: "filter", class: "soft" });
  box.append(make("label", { for: "filter" }, box.dataset.label), " ", input, " ", told);
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [item, text] of items) {
      item.hidden = !words.every((word) => text.includes(word));
      shown += !item.hidden;
    }
    for (const group of groups) group.hidden = ![...group.querySelectorAll(what)].some((item) => !item.hidden);
    told.textContent = words.length ? `${shown} of ${items.length}` : "";
  };
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    input.value = "";
    apply();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    input.focus();
  });
}

// The value behind a letter of a map, said where the pointer is.
function name(map) {
  const values = new Map();
  for (const item of document.querySelectorAll(".letters li")) {
    values.set(item.querySelector(".key").textContent, item.querySelector("code").textContent);
  }
  map.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("td");
    if (!cell || cell.title || !cell.textContent) return;
    const operation = map.tHead.rows[0].cells[cell.cellIndex].textContent;
    const kind = cell.parentElement.cells[0].textContent;
    cell.title = `${kind} × ${operation}: ${values.get(cell.textContent)}`;
  });
}

// The longest common lines of two traces, as rows of two: equal lines stand side by side.
function aligned(one, other) {
  const length = one.map(() => new Uint16Array(other.length + 1)).concat([new Uint16Array(other.length + 1)]);
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      length[i][j] = one[i] === other[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  const rows = [];
  let [left, right] = [[], []];
  const flush = () => {
    for (let n = 0; n < Math.max(left.length, right.length); n++) rows.push([left[n] ?? "", right[n] ?? "", true]);
    [left, right] = [[], []];
  };
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) {
      flush();
      rows.push([one[i++], other[j++], false]);
    } else if (j >= other.length || (i < one.length && length[i + 1][j] >= length[i][j + 1])) left.push(one[i++]);
    else right.push(other[j++]);
  }
  flush();
  return rows;
}

// Two choices of the traces below, and the two beside each other.
function compare(box) {
  const traces = [...box.querySelectorAll("details")].map((item) => ({
    label: item.querySelector("summary").textContent,
    lines: item.querySelector("pre").textContent.trimEnd().split("\n"),
  }));
  if (traces.length < 2) return;
  const where = box.closest("section").id;
  const choice = (label, chosen) => {
    const options = traces.map((one, n) => make("option", { value: n, ...(n === chosen && { selected: "" }) }, one.label));
    return make("select", { "aria-label": label }, ...options);
  };
  const sides = [choice(`First trace of ${where}`, traces.length - 2), choice(`Second trace of ${where}`, traces.length - 1)];
  const body = make("tbody", {});
  const heads = sides.map(() => make("th", { scope: "col" }));
  const corner = make("th", { scope: "col" }, make("span", { class: "hide" }, "differs"));
  const table = make("table", { class: "trace" }, make("thead", {}, make("tr", {}, corner, ...heads)), body);
  const apply = () => {
    const [one, other] = sides.map((side) => traces[side.value]);
    heads[0].textContent = one.label;
    heads[1].textContent = other.label;
    body.replaceChildren(
      ...aligned(one.lines, other.lines).map(([left, right, differs]) =>
        make("tr", differs ? { class: "differs" } : {}, ...[differs ? "≠" : "", left, right].map((text) => make("td", {}, text))),
      ),
    );
  };
  for (const side of sides) side.addEventListener("change", apply);
  apply();
  const scroll = make("div", { class: "scroll", tabindex: "0" }, table);
  box.prepend(make("p", { class: "choices" }, "Side by side: ", sides[0], " and ", sides[1]), scroll);
}

for (const box of document.querySelectorAll("[data-filter]")) filter(box);
for (const map of document.querySelectorAll("table.heat")) name(map);
for (const box of document.querySelectorAll(".traces")) {
  const whole = box.closest("details");
  if (!whole) compare(box);
  else whole.addEventListener("toggle", () => compare(box), { once: true });
}
