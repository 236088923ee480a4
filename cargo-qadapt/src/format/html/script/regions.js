// The table of regions.

import { data, profiles, regionName, text } from "./data.js";
import { element, number, plural } from "./element.js";
import { filter, matchesRegion } from "./filter.js";
import { Pager } from "./pager.js";
import { badge, placeLink } from "./part.js";
import { panelOf } from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./data.js").Region} Region */
/** @typedef {import("./data.js").RegionCounts} RegionCounts */
/** @typedef {import("./data.js").Spread} Spread */

/** @type {import("./data.js").RegionFigure[]} */
const COLUMNS = ["calls", "allocs", "reallocs", "deallocs", "failed", "bytes", "peak_bytes", "disallowed", "permitted"];

/** @implements {View} */
export class Regions {
  name = "regions";
  title = "Regions";

  constructor() {
    const table = element(
      "table",
      { class: "regions" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          ["region", "profile"].map((head) => element("th", { scope: "col", class: "text" }, head)),
          COLUMNS.map((head) => element("th", { scope: "col" }, head)),
        ),
      ),
    );
    // A body for each region keeps its rows together.
    const bodies = {
      append: (/** @type {HTMLElement[]} */ ...bodies) => table.append(...bodies),
      replaceChildren: () => {
        for (const body of table.querySelectorAll("tbody")) body.remove();
      },
    };
    this.pager = new Pager(bodies, 100, regionBody);
    this.panel = panelOf(
      this.name,
      element(
        "div",
        {},
        element("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Regions" }, table),
        this.pager.button,
      ),
    );
  }

  update() {
    const shown = data.regions.filter((region) =>
      filter.limit === null ? matchesRegion(region) : filter.limit.region === undefined || filter.limit.region === region.index
    );
    this.pager.show(shown);
    return plural(shown.length, "region");
  }
}

/**
 * How events spread over the entries of a region: a bar for each number of events, as high as there are entries.
 * @param {Spread | undefined} spread
 * @param {string} profile
 */
function distribution(spread, profile) {
  const groups = Object.entries(spread?.entries ?? {}).map(([events, entries]) => ({ events: Number(events), entries }));
  if (spread?.is_partial || groups.length < 2) return null;
  groups.sort((a, b) => a.events - b.events);
  const most = Math.max(...groups.map(({ entries }) => entries));
  const said = groups.map(({ events, entries }) => `${plural(entries, "entry", "entries")} with ${events > 8 ? "at least " : ""}${plural(events, "event")}`);
  const bars = groups.map(({ events, entries }, index) => {
    const bar = element("i");
    bar.style.height = `${Math.max(2, Math.round(24 * entries / most))}px`;
    return element("span", { class: "bar-of", title: said[index] }, bar, element("small", {}, events > 8 ? `${events}+` : String(events)));
  });
  return element(
    "div",
    { class: "spread", role: "img", "aria-label": `${profile}: ${said.join(", ")}` },
    element("small", {}, `${profile}: entries by events`),
    element("span", { class: "bars" }, bars),
  );
}

/** @param {Region} region */
function regionBody(region) {
  return element(
    "tbody",
    { id: `region-${region.index}` },
    region.counts.map((counts, profile) =>
      element(
        "tr",
        { class: (counts?.disallowed ?? 0) > 0 ? "bad" : null },
        profile === 0 && regionCell(region),
        element("td", { class: "text" }, profiles[profile]),
        counts === null
          ? element("td", { class: "none text", colspan: COLUMNS.length }, "not entered")
          : COLUMNS.map((column) =>
            element("td", { class: counts[column] === 0 ? `zero ${column}` : column, "data-head": column }, number(counts[column]))
          ),
      )
    ),
  );
}

/**
 * The name of a region, and what is said of it beside its figures.
 * @param {Region} region
 */
function regionCell(region) {
  return element(
    "th",
    { rowspan: region.counts.length, scope: "rowgroup", class: "text" },
    element("a", { href: `#region/${region.index}` }, regionName(region)),
    region.name !== null && region.line > 0 && element("div", {}, placeLink(region.file, region.line)),
    region.name === null && region.line > 0 && element("div", {}, element("a", { class: "place", href: `#source/${region.file}/${region.line}` }, "source")),
    region.mark[1] && element("div", {}, badge(region.mark)),
    region.waits.map((words, profile) => words !== null && element("div", { class: "waits" }, `${profiles[profile]}: ${text(words)}`)),
    region.counts.map((counts, profile) => distribution(counts?.spread, profiles[profile])),
  );
}
