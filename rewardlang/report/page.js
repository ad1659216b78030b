"use strict";
// Shows rows out of the embedded data, a page of the list at a time. Every text of a row goes through textContent: nothing in it is live.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 50, MOST_PLACES = 400;
const HIDDEN = /(?![\n\t\u200d\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;
const string = (index) => (index === null ? "" : data.strings[index]);

function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "on") for (const [event, call] of Object.entries(value)) node.addEventListener(event, call);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// The same as one text, for attributes and buttons.
const plain = (text) => text.replace(HIDDEN, (found) => `<U+${found.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);
const start = (text) => Array.from(text.slice(0, 400)).slice(0, 160).join("");

// A text whose invisible characters are shown by their numbers.
function shown(text) {
  const parts = [];
  let before = 0;
  for (const found of text.matchAll(HIDDEN)) {
    parts.push(text.slice(before, found.index));
    const number = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    parts.push(make("span", { class: "hid" }, `U+${number}`));
    before = found.index + found[0].length;
  }
  parts.push(text.slice(before));
  return parts;
}

const signed = (points) => (points.startsWith("-") || points.startsWith("≈") || points === "0" ? points : `+${points}`);
const verdict = (mark) => ["silent", "fired", "not judged"][mark.fired];

function titleOf(row) {
  const which = row.of > 1 ? `, completion ${row.completion} of ${row.of}` : "";
  const file = data.files.length > 1 ? `, ${data.files[row.file]}` : "";
  return `row ${row.id === null ? row.line : row.id}${which}${file}`;
}

// ---- the tip: reasons on hover and on focus ---------------------------------
const tip = make("div", { id: "tip", role: "tooltip", hidden: true });
document.body.append(tip);
function showTip(event) {
  const box = event.currentTarget.getBoundingClientRect();
  tip.textContent = event.currentTarget.dataset.tip;
  tip.hidden = false;
  tip.style.left = `${Math.min(box.left + scrollX, Math.max(0, scrollX + innerWidth - tip.offsetWidth - 12))}px`;
  tip.style.top = `${box.bottom + scrollY + 6}px`;
}
const hideTip = () => { tip.hidden = true; };
addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

// ---- a completion with its places -------------------------------------------
function completionOf(row) {
  const points = Array.from(row.text);
  let places = [];
  row.marks.forEach((mark, rule) => mark.places.forEach(([start, end, note]) => places.push({ rule, start, end, note, mark })));
  const left = Math.max(0, places.length - MOST_PLACES);
  places = places.slice(0, MOST_PLACES).sort((a, b) => a.start - b.start || a.end - b.end);
  const box = make("div", { class: "text" });
  const told = new Set();
  let start = 0, number = 0;
  const lines = row.text === "" ? [""] : row.text.split("\n");
  for (const line of lines) {
    number += 1;
    const length = Array.from(line).length;
    const end = start + length;
    const last = number === lines.length;
    const here = places.filter((place) => (place.start < end && place.end > start) ||
      (place.start >= start && place.start <= end && (place.start === place.end || length === 0)));
    const edges = [...new Set([start, end, ...here.flatMap((p) => [p.start, p.end]).filter((e) => e > start && e < end)])].sort((a, b) => a - b);
    const text = make("span", { class: "tx" });
    for (let i = 0; i + 1 < edges.length; i++) {
      const piece = points.slice(edges[i], edges[i + 1]).join("");
      const over = here.filter((place) => place.start <= edges[i] && place.end >= edges[i + 1]);
      text.append(...(over.length ? [markOf(piece, over, edges[i + 1])] : shown(piece)));
    }
    if (!text.childNodes.length) text.append(row.text === "" ? "(the completion is empty)" : "\u00a0");
    const margin = make("span", { class: "mg" });
    for (const place of here.filter((p) => p.start >= start && (p.start < end || p.start === p.end || length === 0) || (last && p.start >= end))) {
      const first = !told.has(place.rule);
      if (!first && !string(place.note)) continue;
      told.add(place.rule);
      margin.append(make("div", {}, chip(place.rule), ` ${data.rules[place.rule].name} `,
        make("b", {}, first ? signed(place.mark.points) : ""), string(place.note) ? ` ${string(place.note)}` : ""));
    }
    box.append(make("div", { class: "ln" }, make("span", { class: "no" }, String(number)), text, margin));
    start = end + 1;
  }
  if (left) box.append(make("p", { class: "soft" }, `and ${left} more places`));
  return box;
}

function markOf(piece, over, end) {
  const rules = [...new Set(over.map((place) => place.rule))];
  const reasons = rules.map((rule) => {
    const mark = over.find((place) => place.rule === rule).mark;
    return `${data.rules[rule].name}: ${signed(mark.points)}, ${verdict(mark)}. ${string(mark.reason)}`;
  }).join("\n");
  const silent = over.every((place) => place.mark.fired !== 1);
  const closing = over.filter((place) => place.end === end).map((place) => place.rule);
  return make("mark", { class: `r${rules[0] % 8}${silent ? " dashed" : ""}`, tabindex: "0", "data-tip": plain(reasons), "aria-label": plain(`${piece} (${reasons})`),
    on: { mouseenter: showTip, mouseleave: hideTip, focus: showTip, blur: hideTip } },
  ...shown(piece), ...[...new Set(closing)].map((rule) => make("sup", {}, String(rule + 1))));
}

const chip = (rule) => make("span", { class: `chip r${rule % 8}` }, String(rule + 1));

// ---- the rules of a row --------------------------------------------------------
function rulesOf(row) {
  const body = make("tbody", {});
  if (row.gate) {
    const [words, reason, because] = row.gate.map(string);
    body.append(make("tr", {}, make("td", { class: "n" }, row.score === null ? "skip" : String(row.score)), make("td", {}, "gate"),
      make("td", {}, ...lines([words, reason, because && `because “${because}”`]))));
  }
  row.marks.forEach((mark, index) => {
    const rule = data.rules[index];
    const why = [string(mark.reason), ...mark.shown.map(([words, value]) => `${string(words)} = ${string(value)}`), rule.because && `because “${rule.because}”`];
    body.append(make("tr", {}, make("td", { class: "n" }, signed(mark.points)),
      make("td", {}, chip(index), ` ${rule.name}: ${verdict(mark)}`, make("br", {}), make("span", { class: "soft" }, `line ${rule.line}`)),
      make("td", {}, ...lines(why))));
  });
  for (const [name, points, how] of row.sections)
    if (how || row.sections.length > 1)
      body.append(make("tr", {}, make("td", { class: "n" }, make("b", {}, signed(points))), make("td", {}, name ? `section ${name}` : "rules of no section"), make("td", {}, how)));
  if (row.clamping) body.append(make("tr", {}, make("td", { class: "n" }, signed(row.clamping)), make("td", {}, "clamped to the range"), make("td", {})));
  const head = make("tr", {}, make("th", { class: "n" }, "points"), make("th", {}, "rule"), make("th", {}, data.withText ? "why" : ""));
  return make("div", { class: "scroll" }, make("table", { class: "rules" }, make("thead", {}, head), body));
}

const lines = (texts) => texts.filter(Boolean).flatMap((text, index) => (index ? [make("br", {}), ...shown(text)] : shown(text)));

// ---- what it should have been ----------------------------------------------------
function quoted(text) {
  if (text.includes("\n") && !text.includes('"""') && !text.endsWith('"') && !text.includes("\r")) return `"""${text}"""`;
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`;
}

// A number as the language writes it: digits and a point, to nine places.
function decimal(text) {
  const written = Number(text).toFixed(9).replace(/\.?0+$/, "");
  return written === "-0" ? "0" : written;
}

function blockOf(row, wanted) {
  const out = [`example ${quoted(wanted.title)}`, ...row.given.map(([name, literal]) => `  with ${name} = ${string(literal)}`)];
  if (data.step) out.push(`  with step = ${data.step}`);
  out.push(`  model writes ${quoted(row.text)}`);
  const expected = [];
  if (wanted.score !== "") expected.push(`score = ${decimal(wanted.score)}`);
  if (wanted.right) expected.push(wanted.right);
  for (const [rule, what] of Object.entries(wanted.rules)) expected.push(`${rule} ${what}`);
  if (!expected.length) expected.push(row.expected === null ? "skip" : `score = ${row.expected}`);
  return `${[...out, ...expected.map((what) => `  expect ${what}`)].join("\n")}\n`;
}

function shouldOf(row) {
  if (row.no_example) return make("p", { class: "soft" }, row.no_example);
  const wanted = { title: plain(`${titleOf(row)}: as it should be`), score: row.expected ?? "", right: "", rules: {} };
  const out = make("textarea", { readonly: true, "aria-label": "the example", spellcheck: "false" });
  const write = () => { out.textContent = blockOf(row, wanted); };
  const score = make("input", { type: "number", step: "any", value: wanted.score, on: { input: (event) => { wanted.score = event.target.value; write(); } } });
  const panel = make("div", { class: "should" }, make("label", {}, "score", score));
  if (data.success) panel.append(choice("the answer", [["right", "success"], ["not right", "no success"]], (value) => { wanted.right = value; write(); }));
  row.marks.forEach((mark, index) => {
    const name = data.rules[index].name;
    panel.append(choice(name, [["fires", "fires"], ["is silent", "silent"]], (value) => {
      if (value) wanted.rules[name] = value; else delete wanted.rules[name];
      write();
    }));
  });
  const copy = make("button", { type: "button", on: { click: async () => {
    out.select();
    try { await navigator.clipboard.writeText(out.value); } catch { document.execCommand("copy"); }
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  } } }, "Copy");
  write();
  return make("details", {}, make("summary", {}, "This should have been …"), panel, out, copy,
    make("p", { class: "soft" }, "Put it at the end of the reward file: rewardlang test fails until the file marks it so."));
}

// Buttons of which one or none is pressed.
function choice(legend, options, call) {
  const buttons = options.map(([words, value]) => make("button", { type: "button", "aria-pressed": "false", on: { click: (event) => {
    const pressed = event.currentTarget.getAttribute("aria-pressed") === "true";
    buttons.forEach((button) => button.setAttribute("aria-pressed", "false"));
    event.currentTarget.setAttribute("aria-pressed", String(!pressed));
    call(pressed ? "" : value);
  } } }, words));
  return make("fieldset", {}, make("legend", {}, legend), ...buttons.flatMap((button) => [button, " "]));
}

// ---- a row -------------------------------------------------------------------------
function rowOf(row) {
  const score = row.score === null ? "skipped" : `score ${row.score} of ${data.range[0]} to ${data.range[1]}`;
  const right = row.right === null ? "" : row.right ? "; right" : "; not right";
  const box = make("article", { class: "row" }, make("h3", {}, ...shown(titleOf(row))), make("div", { class: "score" }, score + right));
  for (const failure of row.failures) box.append(make("div", { class: "note" }, ...shown(failure)));
  if (row.text !== null) {
    if (row.prompt !== null) box.append(make("details", {}, make("summary", {}, "The prompt"), make("div", { class: "text" }, make("div", { class: "tx", style: "padding:0 .6rem" }, ...shown(string(row.prompt))))));
    box.append(completionOf(row));
  }
  box.append(rulesOf(row));
  if (row.text !== null) {
    const columns = data.columns.filter((name) => row.columns[name] !== undefined).map((name) => [name, row.columns[name]]);
    if (columns.length) box.append(make("details", {}, make("summary", {}, "The columns of the row"), make("table", {}, make("tbody", {},
      ...columns.map(([name, value]) => make("tr", {}, make("th", {}, name), make("td", {}, ...shown(typeof value === "string" ? value : JSON.stringify(value)))))))));
    box.append(shouldOf(row));
  }
  return box;
}

// ---- the list ------------------------------------------------------------------------
const controls = { find: "", which: "all", rule: "", order: "data", page: 0 };
let current = null;

function chosen() {
  const needle = controls.find.toLowerCase();
  const [rule, state] = controls.rule ? controls.rule.split(":").map(Number) : [null, null];
  const rows = data.rows.filter((row) =>
    (controls.which === "all" || (controls.which === "right" && row.right === true) || (controls.which === "wrong" && row.right === false) ||
      (controls.which === "gate" && row.gate) || (controls.which === "failed" && row.failures.length)) &&
    (rule === null || (row.marks[rule] && (row.marks[rule].fired === 1) === Boolean(state))) &&
    (!needle || (row.text || "").toLowerCase().includes(needle) || titleOf(row).toLowerCase().includes(needle)));
  if (controls.order === "high") rows.sort((a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity));
  if (controls.order === "low") rows.sort((a, b) => (a.score ?? Infinity) - (b.score ?? Infinity));
  return rows;
}

function list() {
  const rows = chosen(), pages = Math.max(1, Math.ceil(rows.length / PAGE));
  controls.page = Math.min(controls.page, pages - 1);
  const from = controls.page * PAGE;
  document.querySelector("#list tbody").replaceChildren(...rows.slice(from, from + PAGE).map((row) =>
    make("tr", { "aria-current": row === current ? "true" : null },
      make("td", {}, make("button", { type: "button", on: { click: () => open(row) } }, plain(titleOf(row)))),
      make("td", { class: "n" }, row.score === null ? "skipped" : String(Number(row.score.toPrecision(6)))),
      make("td", {}, row.right === null ? "" : row.right ? "right" : "not right"),
      make("td", {}, ...(row.text === null ? [] : shown(start(row.text)))))));
  document.getElementById("count").textContent = rows.length
    ? `${(from + 1).toLocaleString("en")} to ${Math.min(from + PAGE, rows.length).toLocaleString("en")} of ${rows.length.toLocaleString("en")}` : "no row fits";
  document.getElementById("before").disabled = controls.page === 0;
  document.getElementById("after").disabled = controls.page + 1 >= pages;
}

function open(row) {
  current = row;
  history.replaceState(null, "", `#row-${row.number}`);
  document.getElementById("row").replaceChildren(rowOf(row));
  list();
  document.getElementById("row").scrollIntoView({ block: "nearest" });
}

for (const name of ["find", "which", "rule", "order"])
  document.getElementById(name).addEventListener("input", (event) => { controls[name] = event.target.value; controls.page = 0; list(); });
document.getElementById("before").addEventListener("click", () => { controls.page -= 1; list(); });
document.getElementById("after").addEventListener("click", () => { controls.page += 1; list(); });
for (const holder of document.querySelectorAll("[data-row]")) {
  const row = data.rows.find((other) => other.number === Number(holder.dataset.row));
  if (row) holder.replaceChildren(rowOf(row));
}
function fromAddress() {
  const asked = /^#row-(\d+)$/.exec(location.hash);
  const row = asked && data.rows.find((other) => other.number === Number(asked[1]));
  if (row) open(row); else list();
}
addEventListener("hashchange", fromAddress);
fromAddress();
