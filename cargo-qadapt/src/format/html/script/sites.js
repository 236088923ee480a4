// The view of all sites.

import { byMost, data, isLive } from "./data.js";
import { element, plural } from "./element.js";
import { filter, matches } from "./filter.js";
import { Pager } from "./pager.js";
import { siteHead, siteList, siteRow } from "./site.js";
import { panelOf } from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./data.js").Line} Line */
/** @typedef {(a: Line, b: Line) => number} Order */

/**
 * Value, title and what it does.
 * @type {[value: string, title: string, order: Order][]}
 */
const ORDERS = [
  ["most", "most events first", byMost],
  ["bytes", "most bytes first", (a, b) => b.bytes - a.bytes || byMost(a, b)],
  ["alive", "most alive first", (a, b) => b.alive - a.alive || b.atPeak - a.atPeak || byMost(a, b)],
  ["place", "by region and place", (a, b) => a.index - b.index],
];

/** @implements {View} */
export class Sites {
  name = "sites";
  title = "Sites";

  /** @param {() => void} reordered hears that another order was chosen */
  constructor(reordered) {
    this.list = siteList("Sites");
    this.pager = new Pager(this.list, 100, siteRow);
    const orders = ORDERS.filter(([value]) => isLive || value !== "alive");
    this.order = element(
      "select",
      { "aria-label": "Order", onchange: reordered },
      orders.map(([value, title]) => element("option", { value }, title)),
    );
    this.limit = element("p", { class: "limit", hidden: true });
    this.panel = panelOf(
      this.name,
      element("div", {}, element("div", { class: "order" }, this.limit, this.order), siteHead(), this.list, this.pager.button),
    );
  }

  update() {
    const shown = data.lines.filter(matches);
    shown.sort(ORDERS.find(([value]) => value === this.order.value)?.[2]);
    this.pager.show(shown);
    if (shown.length === 0) {
      const why = data.lines.length === 0 ? "No region did anything that it must not." : "No site has what is searched for.";
      this.list.append(element("li", { class: "empty" }, why));
    }
    this.limit.hidden = filter.limit === null;
    this.limit.replaceChildren(
      ...(filter.limit === null ? [] : [`${filter.limit.label} `, element("a", { href: "#sites" }, "Show all sites")]),
    );
    const first = this.list.querySelector("details");
    if (shown.length === 1 && first !== null) first.open = true;
    return plural(shown.length, "site");
  }

  /** The focus goes to the first site. */
  focus() {
    this.list.querySelector("summary")?.focus({ preventScroll: true });
  }
}
