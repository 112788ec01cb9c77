// Two JSON values beside each other: rows that know their path, so that mismatches find their place.
//
// A row: {path, depth, control, candidate}, its sides {label, open} for an opening or closing line, {label, value} for a
// value, or null where a side has no such line.

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const shapeOf = (value) => (Array.isArray(value) ? "array" : isObject(value) ? "object" : "value");
const isEmpty = (value) => Object.keys(value).length === 0;
const has = (value, key) => Object.prototype.hasOwnProperty.call(value, key);

// undefined stands for a side without this value.
function rows(control, candidate, path, label = "", depth = 0, made = []) {
  const shape = shapeOf(control);
  const isOneSided = control === undefined || candidate === undefined;
  if ([control, candidate].every(isFlat)) {
    made.push({ path, depth, control: leaf(label, control), candidate: leaf(label, candidate) });
    return made;
  }
  if (!isOneSided && shape !== shapeOf(candidate)) {
    rows(control, undefined, path, label, depth, made);
    rows(undefined, candidate, path, label, depth, made);
    return made;
  }
  const value = control === undefined ? candidate : control;
  const isArray = Array.isArray(value);
  const line = (each, open, name) => (each === undefined ? null : { label: name, open });
  made.push({ path, depth, control: line(control, isArray ? "[" : "{", label), candidate: line(candidate, isArray ? "[" : "{", label) });
  const inner = isArray ? items(control, candidate, path) : fields(control, candidate, path);
  for (const [at, name, one, other] of inner) rows(one, other, at, name, depth + 1, made);
  made.push({ path: null, depth, control: line(control, isArray ? "]" : "}", ""), candidate: line(candidate, isArray ? "]" : "}", "") });
  return made;
}

const isFlat = (value) => shapeOf(value) === "value" || isEmpty(value);
const leaf = (label, value) => (value === undefined ? null : { label, value });

function fields(control, candidate, path) {
  const keys = [...new Set([...Object.keys(control || {}), ...Object.keys(candidate || {})])];
  const of = (each, key) => (each && has(each, key) ? each[key] : undefined);
  return keys.map((key) => [`${path}.${key}`, key, of(control, key), of(candidate, key)]);
}

// Place by place; lists of different lengths by what their items look like. The place is the control's, if it has one.
function items(control, candidate, path) {
  const numbered = (list) => (list || []).map((value, place) => ({ value, place }));
  const [left, right] = [numbered(control), numbered(candidate)];
  const isSame = left.length === right.length || !left.length || !right.length;
  const pairs = isSame ? (left.length ? left : right).map((_, i) => ["=", left[i], right[i]]) : aligned(left, right, looks);
  return pairs.map(([, one, other]) => [`${path}[${(one || other).place}]`, "", one && one.value, other && other.value]);
}

const TELLING = ["object", "type", "role", "name", "function", "content", "output"];
const looks = ({ value }) => JSON.stringify(isObject(value) ? TELLING.map((key) => value[key]) : value);

const sameLeaf = (a, b) => (a === undefined ? "" : JSON.stringify(a)) === (b === undefined ? "" : JSON.stringify(b));
const isAlike = (row) => row.control !== null && row.candidate !== null
  && row.control.open === row.candidate.open && sameLeaf(row.control.value, row.candidate.value);

// --- drawn

const AROUND = 3; // equal rows that are shown before and after what differs
const SOON = 400; // rows that are drawn unasked

const columns = () => el("div", { class: "columns", "aria-hidden": "true" }, el("span", {}, "control"), el("span", {}, "candidate"));

// `flags` maps paths to the mismatches there.
function table(all, flags) {
  const body = el("div", { class: "rows" }, columns());
  const interesting = all.map((row) => !isAlike(row) || flags.has(row.path));
  const isNear = interesting.map((_, i) => interesting.slice(Math.max(0, i - AROUND), i + AROUND + 1).some(Boolean));
  const isShort = all.length <= 12;
  const chunks = [];
  let start = 0;
  while (start < all.length) {
    let end = start;
    while (end < all.length && !isShort && !isNear[end]) end++;
    const far = all.slice(start, end);
    if (far.length > 2) chunks.push(() => folded(far, flags));
    else chunks.push(...far.map((row) => () => drawn(row, flags)));
    if (end < all.length) chunks.push(() => drawn(all[end], flags));
    start = end + 1;
  }
  gradually(body, chunks, SOON);
  return body;
}

// Appends what the functions make, `step` at once, and a button for more.
function gradually(holder, makers, step, from = 0) {
  holder.append(...makers.slice(from, from + step).map((make) => make()));
  const rest = makers.length - from - step;
  if (rest <= 0) return;
  const button = el("button", { type: "button", class: "more fold" }, `show more, ${number(rest)} rows are left`);
  button.addEventListener("click", () => { button.remove(); gradually(holder, makers, 5 * step, from + step); });
  holder.append(button);
}

function folded(equal, flags) {
  const text = `${number(equal.length)} equal lines`;
  const button = el("button", { type: "button", class: "more fold" }, text);
  button.addEventListener("click", () => {
    const holder = el("div", { class: "unfolded" });
    gradually(holder, equal.map((row) => () => drawn(row, flags)), SOON);
    button.replaceWith(holder);
  });
  return button;
}

function drawn(row, flags) {
  const found = (row.path !== null && flags.get(row.path)) || [];
  const isSame = isAlike(row);
  const kind = isSame ? "same" : row.control === null ? "added" : row.candidate === null ? "gone" : "changed";
  const parts = texts(row);
  const gutter = el("span", { class: "gutter" }, ...found.map(flag));
  return el("div", { class: `row ${kind}${found.length ? " flagged" : ""}` }, gutter,
    cell(row, "control", parts), cell(row, "candidate", parts));
}

function flag(found) {
  const name = `m${found.id.split("-m")[1]}`;
  const title = `${found.severity}: ${found.kind}${found.accepted ? ", accepted" : ""}`;
  return el("a", { class: `flag ${found.accepted ? "accepted" : found.severity}`, href: `#${found.id}`, title, "aria-label": `${name}, ${title}` }, name);
}

function texts({ control, candidate }) {
  const [one, other] = [control, candidate].map((side) => (side === null || side.open ? undefined : side.value));
  return parted(one, other);
}

const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 1));

// The parts of two values: of texts word by word, of all else as a whole. undefined stands for none.
function parted(one, other) {
  if (typeof one === "string" && typeof other === "string") return words(one, other);
  if (one === undefined && other === undefined) return [];
  if (one !== undefined && other !== undefined && textOf(one) === textOf(other) && typeof one === typeof other) return [["=", textOf(one)]];
  return [...(one === undefined ? [] : [["-", textOf(one)]]), ...(other === undefined ? [] : [["+", textOf(other)]])];
}

function cell(row, side, parts) {
  const line = row[side];
  const made = el("code", { class: `cell ${side}` });
  made.style.setProperty("--depth", Math.min(row.depth, 24));
  if (line === null) return made;
  if (line.label !== "") made.append(el("span", { class: "key" }, short(line.label, 300)), line.moment === undefined ? ": " : "");
  if (line.open) made.append(line.open, el("span", { class: "quiet" }, line.moment || ""));
  else {
    const isText = typeof line.value === "string";
    const kind = isText ? "string" : line.value === null ? "null" : typeof line.value;
    made.append(el("span", { class: kind }, isText ? "“" : "", written(parts, side), isText ? "”" : ""));
  }
  return made;
}
