// Flame graphs. `inferno` has laid them out.

const FRAME_HEIGHT = 20;

const WEIGHTS = { events: "events", bytes: "bytes" };

// The frames of a graph: name, whose code, how deep, from where to where, and in a comparison what each profile has there.
const framesOfGraph = (drawn) => {
  const frames = drawn.map(([called, y, start, width]) => {
    const name = /^([rf])(\d+)(?::(\d+):(\d+))?$/.exec(called);
    const both = name?.[3] === undefined ? null : [Number(name[3]), Number(name[4])];
    return { ...labelOf(name), both, y, start, width };
  });
  const top = Math.min(...frames.map((frame) => frame.y));
  const next = frames.find((frame) => frame.y > top);
  const step = next === undefined ? 1 : Math.min(...frames.filter((frame) => frame.y > top).map((frame) => frame.y)) - top;
  return frames.map((frame) => ({ ...frame, depth: Math.round((frame.y - top) / step) }));
};

// In a comparison, how much more the profile has than the base, as a part of both: 1 where only the profile has any.
const leaning = ([base, own]) => (own - base) / (own + base);

const MORE = "▲ ";
const LESS = "▼ ";

const labelOf = (name) => {
  if (name === null) return { label: "all", origin: "root" };
  const index = Number(name[2]);
  return name[1] === "r"
    ? { label: `in ${regionName(data.regions[index])}`, origin: "root" }
    : { label: functionName(data.frames[index]), origin: data.frames[index][3] };
};

const flame = {
  name: "flame",
  title: "Flame graph",
  graph: null,
  build() {
    this.choice = element("div", { class: "choice", role: "group", "aria-label": "Graph" });
    this.said = element("p", { class: "said", role: "status" });
    this.canvas = element("div", { class: "flame", role: "tree", "aria-label": "Flame graph" });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    data.flames.forEach((graph, index) => {
      const of = graph.base === null ? profiles()[graph.profile] : `${profiles()[graph.base]} against ${profiles()[graph.profile]}`;
      const label = `${of}, by ${WEIGHTS[graph.weight]}`;
      this.choice.append(
        element("button", { type: "button", "aria-pressed": "false", onclick: () => this.choose(index) }, label),
      );
    });
    if (data.flames.length === 0) this.canvas.append(element("p", { class: "empty" }, "Nothing was disallowed: there is nothing to draw."));
    this.explained = element("p", { class: "explained" });
    this.legend = element("p", { class: "legend" });
    return element(
      "div",
      {},
      this.choice,
      this.explained,
      this.legend,
      this.canvas,
      this.said,
    );
  },
  choose(index) {
    this.chosen = index;
    for (const [at, button] of [...this.choice.children].entries()) button.setAttribute("aria-pressed", String(at === index));
    this.graph = data.flames[index];
    this.frames = framesOfGraph(this.graph.frames);
    this.root = this.frames.find((frame) => frame.depth === 0);
    if (this.graph.base !== null) this.root.both = this.sums();
    this.explain();
    this.draw(this.root);
  },
  // What all regions have.
  sums() {
    const regions = this.frames.filter((frame) => frame.depth === 1);
    return [0, 1].map((which) => sum(regions.map((frame) => frame.both[which])));
  },
  explain() {
    const { base, profile } = this.graph;
    const keys = "Enter or a click zooms in, Escape zooms out; the arrow keys go from frame to frame.";
    const entries = base === null
      ? [["own", "your code"], ["dependency", "dependencies"], ["internal", "standard library"]]
      : [["grown", `${MORE}more in ${profiles()[profile]}`], ["even", "as much in both"], ["shrunk", `${LESS}less in ${profiles()[profile]}`]];
    this.explained.textContent = base === null
      ? `What regions did that is disallowed: a frame is as wide as what it and all that it calls asked for. ${keys}`
      : `What differs between ${profiles()[base]} and ${profiles()[profile]}: a frame is as wide as what it and all that it calls ` +
        `asked for in both together, and the stronger its colour, the more of that is in one of them. ${keys}`;
    this.legend.replaceChildren(...entries.map(([kind, said]) => element("span", { class: kind }, said)));
  },
  // Draws what is below a frame, and what is above it in full width.
  draw(zoomed) {
    this.zoomed = zoomed;
    const end = zoomed.start + zoomed.width;
    const shown = this.frames.filter((frame) =>
      frame.depth < zoomed.depth
        ? frame.start <= zoomed.start && frame.start + frame.width >= end
        : frame.start >= zoomed.start && frame.start + frame.width <= end && frame.width / zoomed.width > 0.0005
    );
    this.canvas.replaceChildren(...shown.map((frame) => this.frame(frame, zoomed)));
    this.canvas.style.height = `${(Math.max(...shown.map((frame) => frame.depth)) + 1) * FRAME_HEIGHT}px`;
    this.shown = shown;
    this.focusable(zoomed);
    this.say(zoomed);
    this.search();
  },
  frame(frame, zoomed) {
    const isAbove = frame.depth < zoomed.depth;
    const lean = frame.both === null ? 0 : leaning(frame.both);
    const kind = this.graph.base === null ? frame.origin : lean > 0 ? "grown" : lean < 0 ? "shrunk" : "even";
    const made = element(
      "div",
      {
        class: `frame ${kind}${isAbove ? " above" : ""}`,
        role: "treeitem",
        tabindex: -1,
        title: this.describe(frame),
        "aria-label": this.describe(frame),
        "aria-level": frame.depth + 1,
        onclick: () => this.draw(frame === this.zoomed ? this.root : frame),
        onfocus: () => this.say(frame),
        onpointerenter: () => this.say(frame),
      },
      lean > 0 ? MORE : lean < 0 ? LESS : "",
      frame.label,
    );
    if (lean !== 0) made.style.setProperty("--lean", `${Math.round(25 + 75 * Math.abs(lean))}%`);
    made.style.top = `${frame.depth * FRAME_HEIGHT}px`;
    made.style.left = isAbove ? "0" : `${100 * (frame.start - zoomed.start) / zoomed.width}%`;
    made.style.width = isAbove ? "100%" : `${100 * frame.width / zoomed.width}%`;
    frame.element = made;
    return made;
  },
  describe(frame) {
    if (this.graph.base !== null) {
      const [base, own] = frame.both;
      const more = own === base ? "as many" : own > base ? `${number((own - base) * this.graph.unit)} more` : `${number((base - own) * this.graph.unit)} less`;
      const each = [[this.graph.base, base], [this.graph.profile, own]]
        .map(([profile, count]) => `${profiles()[profile]} ${number(count * this.graph.unit)}`);
      return `${frame.label}: ${each.join(", ")} ${WEIGHTS[this.graph.weight]}, ${more}`;
    }
    const share = (100 * frame.width / this.root.width).toFixed(frame === this.root ? 0 : 1);
    return `${frame.label}: ${number(frame.width * this.graph.unit)} ${WEIGHTS[this.graph.weight]}, ${share} %`;
  },
  say(frame) {
    this.said.textContent = this.describe(frame);
  },
  focusable(frame) {
    this.canvas.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    frame.element.setAttribute("tabindex", "0");
  },
  key(event) {
    const at = this.shown?.find((frame) => frame.element === document.activeElement);
    if (at === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const covers = (outer, inner) => outer.start <= inner.start && outer.start + outer.width >= inner.start + inner.width;
    const beside = this.shown.filter((frame) => frame.depth === at.depth).sort((a, b) => a.start - b.start);
    const to = {
      ArrowUp: () => this.shown.find((frame) => frame.depth === at.depth - 1 && covers(frame, at)),
      ArrowDown: () =>
        this.shown.filter((frame) => frame.depth === at.depth + 1 && covers(at, frame)).sort((a, b) => b.width - a.width)[0],
      ArrowLeft: () => beside[beside.indexOf(at) - 1],
      ArrowRight: () => beside[beside.indexOf(at) + 1],
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const frame = to();
      if (frame === undefined) return;
      this.focusable(frame);
      frame.element.focus();
    } else if (event.key === "Enter" || event.key === " " || event.key === "Escape") {
      event.preventDefault();
      this.draw(event.key === "Escape" ? this.root : at);
      this.zoomed.element.focus();
    }
  },
  search() {
    for (const frame of this.shown ?? []) {
      const found = filter.words.length > 0 && hasWords(frame.label.toLowerCase());
      frame.element.classList.toggle("found", found);
    }
    this.canvas.classList.toggle("searching", filter.words.length > 0);
  },
  update() {
    if (this.graph === null && data.flames.length > 0) {
      // The last profile is the most optimised one in the default order.
      this.choose(data.flames.findLastIndex((graph) => graph.base === null && graph.weight === "events"));
    }
    this.search();
    const found = (this.shown ?? []).filter((frame) => frame.element.classList.contains("found")).length;
    return filter.words.length > 0 ? plural(found, "frame") : "";
  },
};

