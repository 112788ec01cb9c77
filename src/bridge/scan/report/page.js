// The page: findings are in it, this hides those that a filter leaves out. The hash holds the filter.

const $ = (id) => document.getElementById(id);
const CHOICES = { severity: ["breaking", "notice", "info"], sureness: ["certain", "likely", "possible"] };
const LISTS = { rung: ["run", "see", "rewrite", "share", "remove"], rule: [] };
const FINDINGS = [...document.querySelectorAll(".finding")];
const FILES = [...document.querySelectorAll(".file")];
const THEMES = ["system", "light", "dark"];

LISTS.rule = [...new Set(FINDINGS.map((each) => each.dataset.rule))].sort();
for (const [name, values] of Object.entries(LISTS)) for (const value of values) $(name).append(new Option(value, value));
for (const [name, values] of Object.entries(CHOICES)) {
  for (const value of values) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value, checked: true });
    label.className = "choice";
    label.append(box, value);
    $(name).append(label);
  }
}

const boxes = (name) => [...$(name).querySelectorAll("input")];
const chosen = (name) => boxes(name).filter((each) => each.checked).map((each) => each.value);
const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

function passes(finding, wanted, text) {
  const data = finding.dataset;
  if (wanted.rung && !data.rungs.split(" ").includes(wanted.rung)) return false;
  if (wanted.rule && data.rule !== wanted.rule) return false;
  if (!wanted.severity.includes(data.severity) || !wanted.sureness.includes(data.sureness)) return false;
  return !text || `${finding.closest(".file").firstElementChild.textContent} ${finding.textContent}`.toLowerCase().includes(text);
}

function apply() {
  const wanted = { rung: $("rung").value, rule: $("rule").value, severity: chosen("severity"), sureness: chosen("sureness") };
  const text = $("search").value.toLowerCase();
  let shown = 0;
  for (const each of FINDINGS) {
    each.hidden = !passes(each, wanted, text);
    shown += each.hidden ? 0 : 1;
  }
  for (const each of FILES) each.hidden = !each.querySelector(".finding:not([hidden])");
  $("count").textContent = `${shown.toLocaleString("en")} of ${counted(FINDINGS.length, "finding")}`;
}

function written() {
  const given = new URLSearchParams();
  for (const name of Object.keys(LISTS)) if ($(name).value) given.set(name, $(name).value);
  for (const name of Object.keys(CHOICES)) if (chosen(name).length < CHOICES[name].length) given.set(name, chosen(name).join());
  if ($("search").value) given.set("q", $("search").value);
  return `${given}` ? `#?${given}` : "";
}

function read() {
  const given = new URLSearchParams(location.hash.startsWith("#?") ? location.hash.slice(2) : "");
  for (const [name, values] of Object.entries(LISTS)) $(name).value = values.includes(given.get(name)) ? given.get(name) : "";
  for (const name of Object.keys(CHOICES)) for (const box of boxes(name)) box.checked = !given.has(name) || given.get(name).split(",").includes(box.value);
  $("search").value = given.get("q") ?? "";
  apply();
}

function changed() {
  history.replaceState(null, "", written() || location.pathname + location.search);
  apply();
}

$("filters").addEventListener("change", changed);
$("search").addEventListener("input", changed);
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("reset").addEventListener("click", () => {
  history.replaceState(null, "", location.pathname + location.search);
  read();
});
$("theme").addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % THEMES.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  $("theme").textContent = `Theme: ${next}`;
});
addEventListener("hashchange", () => {
  if (!location.hash || location.hash.startsWith("#?")) {
    read();
    if (location.hash) $("findings").scrollIntoView();
  }
});
read();
document.documentElement.dataset.ready = "yes";
