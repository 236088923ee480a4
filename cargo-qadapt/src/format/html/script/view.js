// What a tab shows.

import { element } from "./element.js";

/**
 * @typedef {object} View
 * @property {string} name as it stands in addresses
 * @property {string} title
 * @property {HTMLElement} panel
 * @property {() => string} update shows what is searched for, and says how much that is
 */

/**
 * @param {string} name the view's
 * @param {import("./element.js").Child[]} children
 */
export function panelOf(name, ...children) {
  const attributes = { role: "tabpanel", id: `view-${name}`, "aria-labelledby": `tab-${name}`, tabindex: -1, hidden: true };
  return element("section", attributes, ...children);
}
