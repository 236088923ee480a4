// Elements of texts: nothing here reads HTML.

/**
 * @param {string} name the element's name, with classes behind dots
 * @param {Record<string, string | boolean | ((event: Event) => void)>} attributes functions are listeners
 * @param {(Node | string | null)[]} children
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, ...children) {
  const [tag = "div", ...classes] = name.split(".");
  const made = document.createElement(tag);
  if (classes.length > 0) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/**
 * Bytes in three digits, as in a report's page.
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

/**
 * A number and its noun.
 * @param {number} number
 * @param {string} noun
 */
export function many(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
