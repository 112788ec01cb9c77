// Elements, and hostile text in them: everything foreign is a text node, and what is invisible is a mark.

function el(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// The same characters as in shown.py: controls, invisible and bidirectional marks, half surrogate pairs, tags.
const MARKED = new RegExp(
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f" +
    "\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb\\u{d800}-\\u{dfff}\\u{e0000}-\\u{e0fff}]" +
    "|(?<=\\p{M}{4})\\p{M}", "gu");

// A fragment: texts, and marks where the text has something to hide. Line breaks and tabs stay as they are.
function shown(text) {
  const made = document.createDocumentFragment();
  let last = 0;
  for (const match of text.matchAll(MARKED)) {
    if (match.index > last) made.append(text.slice(last, match.index));
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    made.append(el("span", { class: "mark", title: "a character that cannot be seen" }, `U+${code}`));
    last = match.index + match[0].length;
  }
  if (last < text.length) made.append(text.slice(last));
  return made;
}

// As `shown`, on one line and of `limit` characters at most.
function short(text, limit) {
  const line = text.slice(0, limit).replace(/[\n\t]/g, " ");
  return shown(text.length > limit ? `${line}…` : line);
}

const number = (value) => value.toLocaleString("en-US");

// --- what differs in two lists or texts

const CELLS = 2e6; // of a table that is worth its time; beyond it lists are compared by their ends alone

// [[sign, from one, from other], ...] with the sign "=", "-" or "+"; what is equal stands once for both.
function aligned(one, other, key = (each) => each) {
  const [a, b] = [one.map(key), other.map(key)];
  let start = 0;
  let end = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const made = [];
  for (let i = 0; i < start; i++) made.push(["=", one[i], other[i]]);
  const middle = [start, a.length - end, b.length - end];
  for (const [sign, i, j] of steps(a.slice(start, middle[1]), b.slice(start, middle[2]))) {
    made.push([sign, sign === "+" ? undefined : one[start + i], sign === "-" ? undefined : other[start + j]]);
  }
  for (let i = end; i > 0; i--) made.push(["=", one[one.length - i], other[other.length - i]]);
  return made;
}

function* steps(a, b) {
  const [n, m] = [a.length, b.length];
  const isLarge = n * m > CELLS;
  const width = m + 1;
  const longest = isLarge ? null : new Uint32Array((n + 1) * width); // of the common rest of a from i, b from j
  for (let i = n - 1; i >= 0 && !isLarge; i--) {
    for (let j = m - 1; j >= 0; j--) {
      longest[i * width + j] = a[i] === b[j]
        ? longest[(i + 1) * width + j + 1] + 1
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  let [i, j] = [0, 0];
  while (i < n || j < m) {
    if (i < n && j < m && !isLarge && a[i] === b[j]) yield ["=", i++, j++];
    else if (i < n && (j >= m || isLarge || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) yield ["-", i++, j];
    else yield ["+", i, j++];
  }
}

const WORD = /\d+(?:[.,:]\d+)*|[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;
const WORD_MAX = 60; // characters of a word that is not cut through
const DIFFED = 20000; // characters between the common ends, beyond which all of it counts as changed

// [[sign, text], ...]: the parts of two texts, word by word.
function words(one, other) {
  let start = 0;
  let end = 0;
  const most = Math.min(one.length, other.length);
  while (start < most && one[start] === other[start]) start++;
  start -= inWord(one.slice(Math.max(0, start - WORD_MAX), start), true);
  while (end < most - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end++;
  end -= inWord(one.slice(one.length - end, one.length - end + WORD_MAX), false);
  const [old, now] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  const isSmall = old.length + now.length < DIFFED;
  const middle = isSmall ? aligned(old.match(WORD) || [], now.match(WORD) || []) : [["-", old], ["+", undefined, now]];
  const parts = [["=", one.slice(0, start)]];
  for (const [sign, gone, come] of middle) parts.push([sign, sign === "+" ? come : gone]);
  parts.push(["=", one.slice(one.length - end)]);
  return joined(parts.filter(([, text]) => text));
}

// How many characters of a word or a number stand at the end, or else the beginning, of the text.
const inWord = (text, isEnd) => text.match(isEnd ? /[\p{L}\p{N}_\p{M}.,:\ud800-\udfff]*$/u : /^[\p{L}\p{N}_\p{M}.,:\ud800-\udfff]*/u)[0].length;

function joined(parts) {
  const made = [];
  for (const [sign, text] of parts) {
    if (made.length && made[made.length - 1][0] === sign) made[made.length - 1][1] += text;
    else made.push([sign, text]);
  }
  return made;
}

// --- long texts

const LONG = 1200; // characters of one part that are shown unasked
const BESIDE = 160; // characters that are shown of what is equal, beside what is not

// One side's parts of a text as an element. What is long is cut, and shown whole on demand.
function written(parts, side) {
  const sign = side === "control" ? "-" : "+";
  const mine = parts.filter(([each]) => each === "=" || each === sign);
  const whole = mine.reduce((sum, [, text]) => sum + text.length, 0);
  const holder = el("span", { class: "text" });
  const fill = (isWhole) => holder.replaceChildren(...mine.map(([each, text], place) => part(each, text, place)), ...more(isWhole));
  const part = (each, text, place) => {
    const cut = holder.dataset.whole ? text : each === "=" ? alike(text, place > 0, place < mine.length - 1) : head(text);
    return each === "=" ? el("span", {}, shown(cut)) : el(each === "-" ? "del" : "ins", {}, shown(cut));
  };
  const isCut = mine.some(([each, text]) => text.length > (each === "=" && mine.length > 1 ? 4 * BESIDE : LONG));
  const show = () => { holder.dataset.whole = "yes"; fill(true); };
  const more = (isWhole) => (isWhole || !isCut ? [] : [" ", el("button", { type: "button", class: "more", onclick: show }, `show all ${number(whole)} characters`)]);
  fill(false);
  return holder;
}

const head = (text) => (text.length > LONG ? `${text.slice(0, LONG)} … ${number(text.length - LONG)} more …` : text);

function alike(text, isAfter, isBefore) {
  const [left, right] = [isAfter ? BESIDE : 0, isBefore ? BESIDE : 0];
  if (!left && !right) return head(text);
  if (text.length <= 4 * BESIDE) return text;
  return `${text.slice(0, left)} … ${number(text.length - left - right)} equal characters … ${right ? text.slice(-right) : ""}`;
}
