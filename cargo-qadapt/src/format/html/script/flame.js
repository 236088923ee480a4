// The view of flame graphs.

import { data } from "./data.js";
import { element, plural } from "./element.js";
import { filter, hasWords } from "./filter.js";
import { Graph, LESS, MORE, leaning, titleOf } from "./graph.js";
import { panelOf } from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./graph.js").Frame} Frame */

const FRAME_HEIGHT = 20;

/** @implements {View} */
export class Flame {
  name = "flame";
  title = "Flame graph";
  /** @type {Graph | null} */
  #graph = null;
  /** @type {Frame | null} */
  #zoomed = null;
  /**
   * The frames that are drawn.
   * @type {Map<Frame, HTMLElement>}
   */
  #shown = new Map();

  constructor() {
    this.choice = element("div", { class: "choice", role: "group", "aria-label": "Graph" });
    this.said = element("p", { class: "said", role: "status" });
    this.canvas = element("div", { class: "flame", role: "tree", "aria-label": "Flame graph" });
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    data.flames.forEach((flame, index) => {
      this.choice.append(
        element("button", { type: "button", "aria-pressed": "false", onclick: () => this.#choose(index) }, titleOf(flame)),
      );
    });
    if (data.flames.length === 0) this.canvas.append(element("p", { class: "empty" }, "Nothing was disallowed: there is nothing to draw."));
    this.explained = element("p", { class: "explained" });
    this.legend = element("p", { class: "legend" });
    this.panel = panelOf(this.name, element("div", {}, this.choice, this.explained, this.legend, this.canvas, this.said));
  }

  update() {
    if (this.#graph === null && data.flames.length > 0) {
      // The last profile is the most optimised one in the default order.
      this.#choose(data.flames.findLastIndex((graph) => graph.base === null && graph.weight === "events"));
    }
    this.#search();
    const found = [...this.#shown.values()].filter((frame) => frame.classList.contains("found")).length;
    return filter.words.length > 0 ? plural(found, "frame") : "";
  }

  /** @param {number} index */
  #choose(index) {
    for (const [at, button] of [...this.choice.children].entries()) button.setAttribute("aria-pressed", String(at === index));
    const graph = new Graph(data.flames[index]);
    this.#graph = graph;
    this.explained.textContent = graph.explained;
    this.legend.replaceChildren(...graph.legend.map(([kind, said]) => element("span", { class: kind }, said)));
    this.#draw(graph, graph.root);
  }

  /**
   * Draws what is below a frame, and what is above it in full width.
   * @param {Graph} graph
   * @param {Frame} zoomed
   */
  #draw(graph, zoomed) {
    this.#zoomed = zoomed;
    const end = zoomed.start + zoomed.width;
    const shown = graph.frames.filter((frame) =>
      frame.depth < zoomed.depth
        ? frame.start <= zoomed.start && frame.start + frame.width >= end
        : frame.start >= zoomed.start && frame.start + frame.width <= end && frame.width / zoomed.width > 0.0005
    );
    this.#shown = new Map(shown.map((frame) => [frame, this.#drawn(graph, frame, zoomed)]));
    this.canvas.replaceChildren(...this.#shown.values());
    this.canvas.style.height = `${(Math.max(...shown.map((frame) => frame.depth)) + 1) * FRAME_HEIGHT}px`;
    this.#focusable(zoomed);
    this.#say(graph, zoomed);
    this.#search();
  }

  /**
   * @param {Graph} graph
   * @param {Frame} frame
   * @param {Frame} zoomed
   */
  #drawn(graph, frame, zoomed) {
    const isAbove = frame.depth < zoomed.depth;
    const lean = leaning(frame);
    const kind = graph.base === null ? frame.origin : lean > 0 ? "grown" : lean < 0 ? "shrunk" : "even";
    const made = element(
      "div",
      {
        class: `frame ${kind}${isAbove ? " above" : ""}`,
        role: "treeitem",
        tabindex: -1,
        title: graph.describe(frame),
        "aria-label": graph.describe(frame),
        "aria-level": frame.depth + 1,
        onclick: () => this.#draw(graph, frame === this.#zoomed ? graph.root : frame),
        onfocus: () => this.#say(graph, frame),
        onpointerenter: () => this.#say(graph, frame),
      },
      lean > 0 ? MORE : lean < 0 ? LESS : "",
      frame.label,
    );
    if (lean !== 0) made.style.setProperty("--lean", `${Math.round(25 + 75 * Math.abs(lean))}%`);
    made.style.top = `${frame.depth * FRAME_HEIGHT}px`;
    made.style.left = isAbove ? "0" : `${100 * (frame.start - zoomed.start) / zoomed.width}%`;
    made.style.width = isAbove ? "100%" : `${100 * frame.width / zoomed.width}%`;
    return made;
  }

  /**
   * @param {Graph} graph
   * @param {Frame} frame
   */
  #say(graph, frame) {
    this.said.textContent = graph.describe(frame);
  }

  /** @param {Frame} frame the one that the tab key comes to */
  #focusable(frame) {
    this.canvas.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    this.#shown.get(frame)?.setAttribute("tabindex", "0");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const shown = [...this.#shown.keys()];
    const at = shown.find((frame) => this.#shown.get(frame) === document.activeElement);
    if (this.#graph === null || at === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const covers = (/** @type {Frame} */ outer, /** @type {Frame} */ inner) =>
      outer.start <= inner.start && outer.start + outer.width >= inner.start + inner.width;
    const beside = shown.filter((frame) => frame.depth === at.depth).sort((a, b) => a.start - b.start);
    /** @type {Record<string, (() => Frame | undefined) | undefined>} */
    const steps = {
      ArrowUp: () => shown.find((frame) => frame.depth === at.depth - 1 && covers(frame, at)),
      ArrowDown: () => shown.filter((frame) => frame.depth === at.depth + 1 && covers(at, frame)).sort((a, b) => b.width - a.width)[0],
      ArrowLeft: () => beside[beside.indexOf(at) - 1],
      ArrowRight: () => beside[beside.indexOf(at) + 1],
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const frame = step();
      if (frame === undefined) return;
      this.#focusable(frame);
      this.#shown.get(frame)?.focus();
    } else if (event.key === "Enter" || event.key === " " || event.key === "Escape") {
      event.preventDefault();
      const zoomed = event.key === "Escape" ? this.#graph.root : at;
      this.#draw(this.#graph, zoomed);
      this.#shown.get(zoomed)?.focus();
    }
  }

  /** Marks the frames that are searched for. */
  #search() {
    for (const [frame, drawn] of this.#shown) {
      drawn.classList.toggle("found", filter.words.length > 0 && hasWords(frame.label.toLowerCase()));
    }
    this.canvas.classList.toggle("searching", filter.words.length > 0);
  }
}
