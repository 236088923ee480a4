// Long lists: some rows at first, more of them as they are scrolled to or asked for.

class Pager {
  constructor(list, step, render) {
    this.list = list;
    this.step = step;
    this.render = render;
    this.items = [];
    this.shown = 0;
    this.button = element("button", { type: "button", class: "more", onclick: () => this.more(true) });
    new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting) && document.activeElement !== this.button) this.more(false);
    }, { rootMargin: "400px" }).observe(this.button);
  }

  show(items) {
    this.items = items;
    this.shown = 0;
    this.list.replaceChildren();
    this.more(false);
  }

  // Where the focus was on the button, it goes on to the first new row.
  more(focus) {
    const next = this.items.slice(this.shown, this.shown + this.step);
    const rows = next.map(this.render);
    this.list.append(...rows);
    this.shown += next.length;
    const left = this.items.length - this.shown;
    this.button.hidden = left === 0;
    this.button.textContent = `Show ${Math.min(left, this.step)} more of ${number(left)}`;
    if (focus) rows[0]?.querySelector("summary, a, button")?.focus();
  }
}

// The arrow keys, Home and End go from row to row.
const withArrows = (list, selector) => {
  list.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !event.target.matches(selector)) return;
    const rows = [...list.querySelectorAll(selector)];
    const at = rows.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || rows[to] === undefined) return;
    event.preventDefault();
    rows[to].focus();
  });
  return list;
};

