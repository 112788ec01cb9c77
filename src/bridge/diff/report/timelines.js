// The events of both sides: two lanes on one scale, and the events aligned below them.

const FAMILIES = [
  // family, height of its ticks, what belongs to it
  ["trouble", 1, /(^error$|failed|expired|cancelled|incomplete)/],
  ["delta", 0.25, /delta$/],
  ["step", 0.7, /run\.step/],
  ["message", 0.5, /(message|output_item|content_part|output_text)/],
  ["run", 1, /(thread|run|response)/],
  ["other", 0.4, /(?:)/],
];
const familyOf = (event) => FAMILIES.find(([, , pattern]) => pattern.test(event.event || ""))[0];

const SVG = "http://www.w3.org/2000/svg";
function svg(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function timeline(control, candidate) {
  const sides = [["control", control], ["candidate", candidate]].filter(([, events]) => events);
  const isTimed = sides.every(([, events]) => events.every((each) => typeof each.at === "number"));
  const at = (each, place) => (isTimed ? each.at : place);
  const end = Math.max(...sides.map(([, events]) => events.reduce((most, each, place) => Math.max(most, at(each, place)), 0)), isTimed ? 0.001 : 1);
  const lanes = sides.map(([side, events]) => lane(side, events, at, end, isTimed));
  const scale = isTimed ? ["0 s", `${(end / 2).toFixed(2)} s`, `${end.toFixed(2)} s`] : ["first event", "in order, times are not known", "last event"];
  const used = FAMILIES.filter(([family]) => sides.some(([, events]) => events.some((each) => familyOf(each) === family)));
  const legend = used.map(([family]) => el("li", { class: family }, family));
  return el("figure", { class: "timeline" }, ...lanes, el("div", { class: "scale", "aria-hidden": "true" }, ...scale.map((text) => el("span", {}, text))),
    el("ul", { class: "legend", "aria-label": "Colours" }, ...legend));
}

function lane(side, events, at, end, isTimed) {
  const paths = FAMILIES.map(([family, height]) => {
    const places = new Set(events.flatMap((each, i) => (familyOf(each) === family ? [Math.round((at(each, i) / end) * 1990) + 5] : [])));
    return svg("path", { class: family, d: [...places].map((x) => `M${x} 40V${40 - 36 * height}`).join("") });
  });
  const said = events.find((each) => /delta$/.test(each.event || ""));
  const last = events[events.length - 1];
  const facts = [`${number(events.length)} events`];
  if (isTimed && said) facts.push(`first delta ${said.at.toFixed(2)} s`);
  if (isTimed && last) facts.push(`end ${last.at.toFixed(2)} s`);
  const label = `${side}: ${facts.join(", ")}`;
  return el("div", { class: `lane ${side}` }, el("p", {}, el("b", {}, side), ` ${facts.join(" · ")}`),
    svg("svg", { viewBox: "0 0 2000 40", preserveAspectRatio: "none", role: "img", "aria-label": label }, svg("path", { class: "base", d: "M0 40H2000" }), ...paths));
}

// Rows of all events, aligned by their names; paths count the control's events, the candidate's where it is alone.
function eventRows(control, candidate) {
  const numbered = (events) => (events || []).map((each, place) => ({ ...each, place }));
  const made = [];
  for (const [, one, other] of aligned(numbered(control), numbered(candidate), (each) => each.event)) {
    const path = `events[${(one || other).place}]`;
    const of = (each) => (each ? { label: each.event || "(no name)", open: " ", moment: moment(each) } : null);
    made.push({ path, depth: 0, control: of(one), candidate: of(other) });
    rows(one && one.data, other && other.data, `${path}.data`, "data", 1, made);
  }
  return made;
}

const moment = (event) => (typeof event.at === "number" ? `${event.at.toFixed(2)} s` : "");
