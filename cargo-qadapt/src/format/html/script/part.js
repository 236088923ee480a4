// What rows, tables and stacks have in common.

import { EVENTS, RECORDED, place, shortPath, sources, text } from "./data.js";
import { element, number } from "./element.js";

/**
 * How often something happened.
 * @param {import("./data.js").Figures} counts
 */
export function times(counts) {
  return counts[EVENTS] === counts[RECORDED] ? `${number(counts[EVENTS])}×` : `≈ ${number(counts[EVENTS])}×`;
}

/** @param {import("./data.js").Mark} mark */
export function badge(mark) {
  return element("span", { class: mark[1] ? "badge differs" : "badge" }, text(mark[0]));
}

/**
 * @param {number} file
 * @param {number} line
 */
export function placeLink(file, line) {
  return sources.has(file)
    ? element("a", { class: "place", href: `#source/${file}/${line}` }, place(file, line))
    : element("span", { class: "place", title: text(file) }, shortPath(place(file, line)));
}
