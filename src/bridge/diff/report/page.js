// The page: a list of exchanges, its filters, and the hash that holds both what is open and what is filtered.

const PAGE = 50; // exchanges of a page
const PRINTED = 40; // exchanges that are printed with all their parts
const KINDS = ["structure", "tool", "text", "cost", "latency"];
const SEVERITIES = ["breaking", "notice", "info"];
const $ = (id) => document.getElementById(id);

// One entry per exchange: [number, method, path, control's status, candidate's, its mismatches as "sb"-like words]. A word
// is the kind's and the severity's place in the lists above, and "a" where it is accepted.
const INDEX = JSON.parse($("index").textContent);
const BLOCKS = Array.from(document.getElementsByClassName("exchange-data")); // parsed when they are opened
const placeOf = new Map(INDEX.map(([number], place) => [String(number), place]).reverse());

const DEFAULT = () => ({ show: INDEX.some((each) => each[5].some((word) => word.length < 3)) ? "unaccepted" : "every", kinds: new Set(KINDS), severities: new Set(SEVERITIES), text: "" });
let filter = DEFAULT();
let found = []; // places in INDEX that pass the filter
let page = 0;
let current = null; // the place that keys act on
const opened = new Set();

// --- filtering

function passes(word) {
  if (filter.show === "unaccepted" && word.length > 2) return false;
  if (filter.show === "accepted" && word.length < 3) return false;
  return filter.kinds.has(KINDS[word[0]]) && filter.severities.has(SEVERITIES[word[1]]);
}

const isNarrow = () => filter.kinds.size < KINDS.length || filter.severities.size < SEVERITIES.length;

function search() {
  const text = filter.text ? wanted(filter.text) : null;
  const isOpen = filter.show === "every" && !isNarrow();
  found = [];
  let mismatches = 0;
  INDEX.forEach((entry, place) => {
    const passing = entry[5].filter(passes).length;
    if ((!isOpen && !passing) || (text && !text.test(BLOCKS[place].textContent))) return;
    found.push(place);
    mismatches += passing;
  });
  const exchanges = `${number(found.length)} of ${number(INDEX.length)} exchanges`;
  $("count").textContent = `${exchanges}, ${number(mismatches)} ${filter.show === "accepted" ? "accepted " : ""}mismatches in them`;
}

// The text as it stands in the embedded JSON, where "<", ">" and "&" are escaped.
function wanted(text) {
  const escaped = JSON.stringify(text).slice(1, -1).replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);
  return new RegExp(escaped.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
}

// --- the list

function render() {
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  page = Math.min(page, pages - 1);
  $("list").replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map(item));
  const turn = (to, text) => el("button", { type: "button", disabled: to < 0 || to >= pages, onclick: () => { page = to; render(); $("exchanges-title").focus(); } }, text);
  $("pager").replaceChildren(...(pages > 1 ? [turn(0, "First"), turn(page - 1, "Previous"), el("span", {}, `page ${number(page + 1)} of ${number(pages)}`), turn(page + 1, "Next"), turn(pages - 1, "Last")] : []));
}

function item(place) {
  const [name, method, path, control, candidate, words] = INDEX[place];
  const isOpen = opened.has(place);
  const button = el("button", { type: "button", class: "head", "aria-expanded": String(isOpen), "aria-controls": `body-${name}`, onclick: () => toggle(place) },
    el("span", { class: "number" }, `#${name}`), el("span", { class: "asked" }, el("b", {}, short(method, 20)), " ", short(path, 400)),
    el("span", { class: "statuses" }, statusOf(control), " | ", statusOf(candidate)), el("span", { class: "chips" }, ...chips(words)));
  const made = el("li", { class: `exchange ${worst(words)}`, id: `exchange-${name}` }, el("h3", {}, button));
  made.dataset.place = place;
  if (isOpen) made.append(detail(place));
  return made;
}

const statusOf = (status) => (status === null ? "–" : String(status));

function worst(words) {
  const open = words.filter((word) => word.length < 3).map((word) => word[1]).sort();
  return open.length ? SEVERITIES[open[0]] : words.length ? "accepted" : "same";
}

function chips(words) {
  const of = (severity) => words.filter((word) => word.length < 3 && word[1] === String(severity)).length;
  const made = SEVERITIES.flatMap((name, place) => (of(place) ? [el("span", { class: `chip ${name}` }, `${of(place)} ${name}`)] : []));
  const accepted = words.filter((word) => word.length > 2).length;
  if (accepted) made.push(el("span", { class: "chip accepted" }, `${accepted} accepted`));
  return made.length ? made : [el("span", { class: "chip same" }, "same")];
}

function itemOf(place) {
  return $("list").querySelector(`[data-place="${place}"]`);
}

function toggle(place, isOpen = !opened.has(place)) {
  const made = itemOf(place);
  if (isOpen) opened.add(place);
  else opened.delete(place);
  made.querySelector(".head").setAttribute("aria-expanded", String(isOpen));
  const old = made.querySelector(".body");
  if (isOpen && !old) made.append(detail(place));
  if (!isOpen && old) old.remove();
  select(place);
}

function select(place, isFocused = false) {
  if (current !== null) itemOf(current)?.classList.remove("current");
  current = place;
  const made = itemOf(place);
  made.classList.add("current");
  if (isFocused) {
    made.querySelector(".head").focus({ preventScroll: true });
    made.scrollIntoView({ block: "nearest" });
  }
  remember(`exchange-${INDEX[place][0]}`);
}

// --- the hash: #exchange-12-m3?show=every&kind=tool&severity=breaking&q=text

function parameters() {
  const usual = DEFAULT();
  const made = new URLSearchParams();
  if (filter.show !== usual.show) made.set("show", filter.show);
  if (filter.kinds.size < KINDS.length) made.set("kind", [...filter.kinds].join());
  if (filter.severities.size < SEVERITIES.length) made.set("severity", [...filter.severities].join());
  if (filter.text) made.set("q", filter.text);
  return made.toString();
}

function remember(anchor = "") {
  const rest = parameters();
  history.replaceState(null, "", `#${anchor}${rest ? `?${rest}` : ""}`);
}

function read() {
  const hash = location.hash.slice(1);
  const [anchor, rest] = hash.split(/\?(.*)/s);
  if (rest !== undefined) {
    const given = new URLSearchParams(rest);
    const among = (name, all) => new Set(given.has(name) ? all.filter((each) => given.get(name).split(",").includes(each)) : all);
    const show = ["every", "unaccepted", "accepted"].find((each) => each === given.get("show"));
    filter = { show: show || DEFAULT().show, kinds: among("kind", KINDS), severities: among("severity", SEVERITIES), text: given.get("q") || "" };
    page = 0;
  }
  controls();
  search();
  const link = /^(exchange-(-?\d+))(-m\d+)?$/.exec(anchor);
  const place = link && placeOf.get(link[2]);
  if (place === null || place === undefined) {
    render();
    if (rest !== undefined) $("exchanges").scrollIntoView();
  } else follow(place, anchor);
}

function follow(place, anchor) {
  if (!found.includes(place)) {
    filter = { ...DEFAULT(), show: "every" };
    controls();
    search();
    $("count").textContent += ". The filters were reset: they hid this exchange.";
  }
  page = Math.floor(found.indexOf(place) / PAGE);
  opened.add(place);
  render();
  select(place, true);
  remember(anchor);
  const target = $(anchor) || itemOf(place);
  if (target.tabIndex === -1) target.focus({ preventScroll: true });
  document.querySelectorAll(".target").forEach((each) => each.classList.remove("target"));
  target.classList.add("target");
  target.scrollIntoView({ block: "start" });
}

// --- controls

function choices(holder, names, set) {
  for (const name of names) {
    const box = el("input", { type: "checkbox", value: name });
    box.addEventListener("change", () => { filter[set].has(name) ? filter[set].delete(name) : filter[set].add(name); changed(); });
    $(holder).append(el("label", { class: `choice ${name}` }, box, name));
  }
}

function controls() {
  $("show").value = filter.show;
  if ($("search").value !== filter.text) $("search").value = filter.text;
  for (const set of ["kinds", "severities"]) for (const box of $(set).querySelectorAll("input")) box.checked = filter[set].has(box.value);
}

function changed() {
  page = 0;
  current = null;
  search();
  render();
  controls();
  remember();
}

// --- keys, theme, print

function go(step, isOpen) {
  const at = current === null ? -1 : found.indexOf(current);
  const to = at < 0 ? page * PAGE : at + step;
  if (to < 0 || to >= found.length) return;
  if (Math.floor(to / PAGE) !== page) { page = Math.floor(to / PAGE); render(); }
  if (isOpen) toggle(found[to], true);
  select(found[to], true);
}

const KEYS = {
  j: () => go(1), k: () => go(-1), n: () => go(1, true), p: () => go(-1, true),
  o: () => current !== null && itemOf(current) && toggle(current),
  t: () => turn(), "/": () => $("search").focus(), "?": () => $("help").showModal(),
};

function pressed(event) {
  const isTyping = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (event.key === "Escape" && isTyping) event.target.blur();
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || $("help").open || !has(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
}

const THEMES = ["system", "light", "dark"];
function turn(theme = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme || "system") + 1) % 3]) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = `Theme: ${theme}`;
  kept("bridge-diff-theme", theme);
}

// Pages of files may have no storage at all.
function kept(name, value) {
  try {
    if (value) localStorage.setItem(name, value);
    return localStorage.getItem(name);
  } catch (error) {
    return null;
  }
}

let before = null;
function printing(isPrinting) {
  if (isPrinting === (before !== null)) return;
  if (!isPrinting) {
    opened.clear();
    before.forEach((each) => opened.add(each));
    before = null;
    return render();
  }
  before = new Set(opened);
  const first = found.slice(0, PRINTED);
  first.forEach((place) => opened.add(place));
  $("list").replaceChildren(...first.map(item));
  if (found.length > PRINTED) $("list").append(el("li", { class: "banner" }, `${number(found.length - PRINTED)} more exchanges are not printed: filter the page to choose which are.`));
}

function start() {
  choices("severities", SEVERITIES, "severities");
  choices("kinds", KINDS, "kinds");
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("show").addEventListener("change", () => { filter.show = $("show").value; changed(); });
  let waiting;
  $("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => { filter.text = $("search").value; changed(); }, 200); });
  $("reset").addEventListener("click", () => { filter = DEFAULT(); changed(); });
  $("skip").addEventListener("click", (event) => { event.preventDefault(); $("exchanges-title").focus(); $("exchanges").scrollIntoView(); });
  $("theme").addEventListener("click", () => turn());
  $("help-button").addEventListener("click", () => $("help").showModal());
  document.addEventListener("keydown", pressed);
  addEventListener("hashchange", read);
  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
  matchMedia("print").addEventListener("change", (event) => printing(event.matches));
  if (THEMES.includes(kept("bridge-diff-theme"))) turn(kept("bridge-diff-theme"));
  read();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

start();
