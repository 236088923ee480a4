// Making elements. Texts only ever become text nodes: nothing here or further down parses them.

/** @typedef {Node | string | false | null | undefined} Leaf what is no node and no text is left out */
/** @typedef {Leaf | Leaf[]} Leaves */
/** @typedef {Leaves | Leaves[]} Child */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number | boolean | null | undefined | (() => void)>} properties functions are listeners, `on` before the event's name
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  add(made, ...children);
  return made;
}

/**
 * @param {Element} parent
 * @param {Child[]} children
 */
export function add(parent, ...children) {
  parent.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
}

/**
 * A text in which backticks enclose code.
 * @param {string} written
 */
export function prose(written) {
  return written.split("`").map((part, index) => (index % 2 === 1 ? element("code", { class: "code" }, part) : part));
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

const format = new Intl.NumberFormat("en");

/** @param {number} value */
export function number(value) {
  return format.format(value);
}

/**
 * @param {number} count
 * @param {string} one
 */
export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/**
 * Bytes in three digits, for headings. Tables have them exactly.
 * @param {number} bytes
 */
export function size(bytes) {
  let unit = 0;
  let figure = bytes;
  // What has four digits, or would be rounded to them.
  while (figure >= 999.5 && unit < UNITS.length - 1) {
    figure /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? figure : figure.toPrecision(3)} ${UNITS[unit]}`;
}
