// One exchange in full: its mismatches, the events in time, answers, requests and legs beside each other.

function detail(place) {
  const { control, candidate, mismatches, legs } = JSON.parse(BLOCKS[place].textContent);
  const flags = new Map();
  for (const each of mismatches) flags.set(each.path, [...(flags.get(each.path) || []), each]);
  const made = el("div", { class: "body", id: `body-${INDEX[place][0]}` });
  if (mismatches.length) made.append(el("h4", {}, "Mismatches"), columns(), el("ol", { class: "mismatches" }, ...mismatches.map(mismatch)));
  if (Boolean(control) !== Boolean(candidate)) made.append(el("p", { class: "banner" }, `Only the ${control ? "control" : "candidate"} has this exchange.`));
  const [one, other] = [control && control.answer, candidate && candidate.answer];
  if (control && candidate && (!one || !other)) made.append(el("p", { class: "banner" }, `The connection broke before an answer: ${[one ? "" : "control", other ? "" : "candidate"].filter(Boolean).join(", ")}.`));
  const shownEvents = (one && one.events) || (other && other.events);
  if (shownEvents) made.append(el("h4", {}, "Timeline"), timeline(one && one.events, other && other.events));
  const parts = [
    ["Answer", answerRows(one, other), true],
    ["Events", shownEvents ? eventRows(one && one.events, other && other.events) : [], true],
    ["Request", rows(asked(control), asked(candidate), "request"), false],
    ...legs.map(([leg, twin], n) => [`Leg ${n + 1}: Responses request`, rows(leg ? leg.request : undefined, twin ? twin.request : undefined, `legs[${n}]`), true]),
    ...legs.map(([leg, twin], n) => [`Leg ${n + 1}: response`, rows(leg?.answer ?? undefined, twin?.answer ?? undefined, `legs[${n}].answer`), false]),
  ];
  made.append(...parts.filter(([, all]) => all.some((row) => row.control || row.candidate)).map(([title, all, isOpen]) => section(title, all, flags, isOpen)));
  return made;
}

const asked = (exchange) => (exchange ? { ...exchange.request, query: named(exchange.request.query) } : undefined);

// Pairs of a query by name; null-prototype, since names are foreign.
function named(pairs) {
  const made = Object.create(null);
  for (const [name, value] of pairs) made[name] = name in made ? [made[name], value].flat() : value;
  return made;
}

function answerRows(one, other) {
  const made = [];
  const both = (name, path) => rows(one?.[name], other?.[name], path, name, 0, made);
  if (one || other) {
    both("status", "status");
    both("seconds", "timing.seconds");
    both("headers", "headers");
  }
  if (one?.body !== undefined || other?.body !== undefined) both("body", "$");
  return made.filter((row) => row.control || row.candidate);
}

function section(title, all, flags, isOpen) {
  const count = all.filter((row) => !isAlike(row)).length;
  const here = all.some((row) => flags.has(row.path));
  const made = el("details", { class: "part", open: isOpen || here }, el("summary", {}, el("h4", {}, title), el("span", { class: "quiet" }, count ? ` ${number(count)} of ${number(all.length)} lines differ` : " the same")));
  const draw = () => made.querySelector(".rows") || made.append(table(all, flags));
  if (made.open) draw();
  made.addEventListener("toggle", draw);
  return made;
}

function mismatch(each) {
  const none = () => el("i", { class: "quiet" }, "missing");
  const parts = parted(each.control, each.candidate);
  const cells = ["control", "candidate"].map((side) => el("code", { class: `cell ${side}`, "aria-label": side }, has(each, side) ? written(parts, side) : none()));
  return el("li", { id: each.id, class: each.accepted ? "accepted" : each.severity, tabindex: "-1" },
    el("p", {}, el("a", { href: `#${each.id}`, class: "name" }, `m${each.id.split("-m")[1]}`), " ", el("span", { class: `chip ${each.accepted ? "accepted" : each.severity}` }, each.accepted ? `accepted ${each.severity}` : each.severity),
      ` ${each.kind} · `, short(each.rule, 120), " ", el("code", { class: "path" }, short(each.path, 600)), each.detail ? el("span", { class: "quiet" }, " ", short(each.detail, 200)) : null),
    each.note === null ? null : el("p", { class: "note" }, "Accepted: ", short(each.note, 2000)),
    el("div", { class: "pair" }, ...cells));
}
