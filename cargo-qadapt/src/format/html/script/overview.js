// The first view: what differs, what happens most.

import { byMost, data, profiles, regionName, text } from "./data.js";
import { add, element, number, plural } from "./element.js";
import { filter, isFiltered, matches, matchesRegion } from "./filter.js";
import { badge } from "./part.js";
import { siteHead, siteList, siteRow } from "./site.js";
import { panelOf } from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./data.js").Line} Line */

const ROWS = 20;

/** @typedef {"other" | "some" | "differs" | "twin" | "moved" | "debug" | "entered"} GroupKind */

/** @type {Record<GroupKind, string>} */
const EXPLAINED = {
  other: "Look here first: a release build pays for these, and a debug run does not show them.",
  some: "Some profiles pay for these, and others do not.",
  differs: "Both profiles pay, one of them more often.",
  twin: "The optimiser joined an allocation with the zeros that are written to it, or took them apart.",
  moved: "The optimiser joined lines, or took them apart: the others do the same at another line.",
  debug: "The optimiser took these away. Nothing says that it will in the next version of the compiler.",
  entered: "One profile never came here: another input, a cfg, or a debug_assert.",
};

/** @type {GroupKind[]} */
const ORDER = ["other", "some", "differs", "twin", "moved", "debug"];

/**
 * @param {string} mark
 * @returns {GroupKind}
 */
function groupKind(mark) {
  if (mark.startsWith("entered only")) return "entered";
  if (mark.endsWith("zeroed")) return "twin";
  if (mark.startsWith("at this line only in")) return "moved";
  if (mark.startsWith("only in debug:")) return "debug";
  if (!mark.startsWith("only in")) return "differs";
  return mark.includes("debug") ? "some" : "other";
}

/** @implements {View} */
export class Overview {
  name = "overview";
  title = "Overview";
  panel = panelOf(this.name);

  /** @param {(mark: string | null) => void} showAll shows all sites, or those with a mark, in their own view */
  constructor(showAll) {
    this.showAll = showAll;
  }

  update() {
    const lines = data.lines.filter(matches);
    this.panel.replaceChildren();
    add(this.panel, this.#differences(lines), this.#most(lines));
    return plural(lines.length, "site");
  }

  /** @param {Line[]} matching */
  #differences(matching) {
    const heading = element("h2", {}, "Differences between profiles");
    if (profiles.length < 2) {
      return [heading, element("p", { class: "empty" }, "One profile was audited: there is nothing to compare.")];
    }
    /** @type {Map<string, Line[]>} */
    const groups = new Map();
    for (const line of matching) {
      if (!line.mark[1]) continue;
      const mark = text(line.mark[0]);
      const group = groups.get(mark);
      if (group === undefined) groups.set(mark, [line]);
      else group.push(line);
    }
    const sorted = [...groups].sort(([a], [b]) => ORDER.indexOf(groupKind(a)) - ORDER.indexOf(groupKind(b)));
    const regions = data.regions.filter((region) =>
      region.mark[1] && groupKind(text(region.mark[0])) === "entered" && filter.limit === null && matchesRegion(region)
    );
    if (sorted.length === 0 && regions.length === 0) {
      const why = isFiltered()
        ? "None among what is searched for."
        : `${profiles.join(" and ")} ask equally often at every line.`;
      return [heading, element("p", { class: "empty" }, why)];
    }
    return [
      heading,
      ...sorted.map(([mark, lines]) => this.#group(mark, lines)),
      regions.length > 0 && element(
        "section",
        { class: "group" },
        element("h3", {}, "entered in one profile", element("span", { class: "count" }, number(regions.length))),
        element("p", { class: "explained" }, EXPLAINED.entered),
        element(
          "ul",
          { class: "links" },
          regions.slice(0, ROWS).map((region) =>
            element(
              "li",
              {},
              element("a", { href: `#region/${region.index}` }, regionName(region)),
              " ",
              badge(region.mark),
            )
          ),
        ),
      ),
    ];
  }

  /**
   * @param {string} mark what all of the lines have
   * @param {Line[]} lines
   */
  #group(mark, lines) {
    const list = siteList(mark);
    list.append(...[...lines].sort(byMost).slice(0, ROWS).map(siteRow));
    return element(
      "section",
      { class: "group" },
      element("h3", {}, mark, element("span", { class: "count" }, number(lines.length))),
      element("p", { class: "explained" }, EXPLAINED[groupKind(mark)]),
      siteHead(),
      list,
      lines.length > ROWS && this.#allOf(lines, mark),
    );
  }

  /** @param {Line[]} matching */
  #most(matching) {
    const heading = element("h2", {}, "Most events");
    if (matching.length === 0) {
      const why = data.lines.length === 0 ? "No region did anything that it must not." : "None among what is searched for.";
      return [heading, element("p", { class: "empty" }, why)];
    }
    const list = siteList("Most events");
    list.append(...[...matching].sort(byMost).slice(0, ROWS / 2).map(siteRow));
    return [
      heading,
      siteHead(),
      list,
      matching.length > ROWS / 2 && this.#allOf(matching, null),
    ];
  }

  /**
   * @param {Line[]} lines
   * @param {string | null} mark
   */
  #allOf(lines, mark) {
    return element(
      "button",
      { type: "button", class: "more", onclick: () => this.showAll(mark) },
      `Show all ${number(lines.length)} in Sites`,
    );
  }
}
