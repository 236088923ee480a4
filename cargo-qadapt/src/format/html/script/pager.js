// Long lists: some rows at first, more of them as they are scrolled to or asked for.

import { element, number } from "./element.js";

/**
 * A list, of which a part is shown.
 * @template Item
 */
export class Pager {
  /** @type {Item[]} */
  #items = [];
  #shown = 0;

  /**
   * @param {{ append: (...rows: HTMLElement[]) => void, replaceChildren: () => void }} list where the rows are put
   * @param {number} step rows that come at once
   * @param {(item: Item) => HTMLElement} render
   */
  constructor(list, step, render) {
    this.list = list;
    this.step = step;
    this.render = render;
    this.button = element("button", { type: "button", class: "more", onclick: () => this.more(true) });
    new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting) && document.activeElement !== this.button) this.more(false);
    }, { rootMargin: "400px" }).observe(this.button);
  }

  /** @param {Item[]} items */
  show(items) {
    this.#items = items;
    this.#shown = 0;
    this.list.replaceChildren();
    this.more(false);
  }

  /** @param {boolean} focus whether the focus was on the button: then it goes on to the first new row */
  more(focus) {
    const next = this.#items.slice(this.#shown, this.#shown + this.step);
    const rows = next.map(this.render);
    this.list.append(...rows);
    this.#shown += next.length;
    const left = this.#items.length - this.#shown;
    this.button.hidden = left === 0;
    this.button.textContent = `Show ${Math.min(left, this.step)} more of ${number(left)}`;
    if (focus) /** @type {HTMLElement | null | undefined} */ (rows[0]?.querySelector("summary, a, button"))?.focus();
  }
}

/**
 * The arrow keys, Home and End go from row to row.
 * @template {HTMLElement} List
 * @param {List} list
 * @param {string} selector of what has the focus in a row
 * @returns {List}
 */
export function withArrows(list, selector) {
  list.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!(event.target instanceof HTMLElement) || !event.target.matches(selector)) return;
    /** @type {NodeListOf<HTMLElement>} */
    const rows = list.querySelectorAll(selector);
    const at = [...rows].indexOf(event.target);
    /** @type {Record<string, number | undefined>} */
    const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    const to = places[event.key];
    if (to === undefined || rows[to] === undefined) return;
    event.preventDefault();
    rows[to].focus();
  });
  return list;
}
