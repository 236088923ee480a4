// A line of code and what it asked for: a row that opens.

import { BYTES, LARGEST, LIVE, codeOf, data, operation, place, profiles, regionName, shortPath, text } from "./data.js";
import { element, number, prose } from "./element.js";
import { withArrows } from "./pager.js";
import { badge, placeLink, times } from "./part.js";
import { stackList } from "./stack.js";

/** @typedef {import("./data.js").Figures} Figures */
/** @typedef {import("./data.js").Line} Line */
/** @typedef {import("./data.js").Live} Live */

/**
 * @param {Figures | null} counts
 * @param {number} profile
 */
function figureCell(counts, profile) {
  if (counts === null) return element("span", { class: "figure none" }, element("span", { class: "for" }, profiles[profile]), "–");
  const live = counts[LIVE];
  return element(
    "span",
    { class: "figure" },
    element("span", { class: "for" }, profiles[profile]),
    element("b", {}, times(counts)),
    counts[LARGEST] > 0 && element("small", {}, `${number(counts[BYTES])} B`),
    live !== null && live.blocks > 0 &&
      element("small", { class: "alive" }, live.estimates ? "alive at the end" : `${number(live.bytes)} B alive`),
  );
}

/** @param {Line} line */
export function siteRow(line) {
  const code = codeOf(line);
  const at = line.file === null ? text(line.function) : shortPath(place(line.file, line.line));
  const summary = element(
    "summary",
    {},
    element(
      "span",
      { class: "what" },
      element("code", {}, code ?? text(line.function)),
      element(
        "span",
        { class: "where" },
        element("span", { class: `operation ${line.op}` }, operation(line)),
        line.called.length > 0 && element("span", { class: "called" }, line.called.map(text).join(", ")),
        (code !== undefined || line.file !== null) && element("span", { class: "place" }, at),
        element("span", { class: "in" }, `in ${regionName(data.regions[line.region])}`),
      ),
      line.advice.length > 0 && element("span", { class: "hint" }, prose(line.advice.map((advice) => text(advice[1])).join("; "))),
    ),
    line.counts.map(figureCell),
    element("span", { class: "mark" }, text(line.mark[0]) !== "" && badge(line.mark)),
  );
  const row = element("details", { class: "site" }, summary);
  row.addEventListener("toggle", () => {
    if (row.open && row.childElementCount === 1) row.append(siteDetails(line));
  });
  return element("li", {}, row);
}

/** @param {Line} line */
function siteDetails(line) {
  const region = data.regions[line.region];
  return element(
    "div",
    { class: "details" },
    element(
      "dl",
      {},
      element("dt", {}, "Line"),
      element("dd", {}, line.file === null ? text(line.function) : placeLink(line.file, line.line)),
      element("dt", {}, "In"),
      element("dd", { class: "code" }, text(line.function)),
      element("dt", {}, "Region"),
      element("dd", {}, element("a", { href: `#region/${line.region}` }, regionName(region))),
      line.called.length > 0 && [
        element("dt", {}, "Calls"),
        element("dd", { class: "code" }, line.called.map(text).join(", ")),
      ],
    ),
    line.advice.map(([id, what]) => element("p", { class: "advice" }, prose(text(what)), " ", element("code", { class: "rule" }, text(id)))),
    element("div", { class: "figure-scroll" }, figureTable(line.counts)),
    line.entries.map((words, profile) => words !== null && element("p", { class: "entries" }, `${profiles[profile]}: ${text(words)}`)),
    stackList(line.stacks),
  );
}

/**
 * What became of a site's blocks: heading and figure. Estimates come in words, the last for both of what was freed.
 * @type {[head: string, figure: (live: Live) => string][]}
 */
const LIVES = [
  ["alive at the end", (live) => live.estimates?.[0] ?? `${number(live.blocks)} (${number(live.bytes)} B)`],
  ["at the peak", (live) => live.estimates?.[1] ?? `${number(live.peak_blocks)} (${number(live.peak_bytes)} B)`],
  ["freed in their entry", (live) => live.estimates?.[2] ?? number(live.inside)],
  ["freed later", (live) => (live.estimates ? "–" : number(live.later))],
];

/** @param {(Figures | null)[]} all */
function figureTable(all) {
  const lives = all.some((counts) => counts?.[LIVE] != null) ? LIVES : [];
  const heads = ["profile", "times", "bytes", "largest", ...lives.map(([head]) => head)];
  const liveCells = (/** @type {Live | null} */ live) => lives.map(([, figure]) => (live === null ? "–" : figure(live)));
  return element(
    "table",
    { class: "figures" },
    element(
      "thead",
      {},
      element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head))),
    ),
    element(
      "tbody",
      {},
      all.map((counts, profile) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, profiles[profile]),
          counts === null
            ? element("td", { colspan: heads.length - 1, class: "none" }, "never")
            : [times(counts), number(counts[BYTES]), number(counts[LARGEST]), ...liveCells(counts[LIVE])]
              .map((cell, index) => element("td", { "data-head": heads[index + 1] }, cell)),
        )
      ),
    ),
  );
}

export function siteHead() {
  return element(
    "div",
    { class: "site-head", "aria-hidden": "true" },
    element("span", {}, "line"),
    profiles.map((profile) => element("span", { class: "figure" }, profile)),
    element("span", {}, profiles.length > 1 ? "in profiles" : ""),
  );
}

/** @param {string} label */
export function siteList(label) {
  return withArrows(element("ol", { class: "sites", "aria-label": label }), "details.site > summary");
}
