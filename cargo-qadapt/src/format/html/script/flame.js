// Flame graphs. `inferno` has laid them out; only places and numbers are taken from its SVG.

const FRAME_HEIGHT = 20;

const WEIGHTS = { events: "events", bytes: "bytes" };

// The frames of a graph: name, whose code, how deep, from where to where.
const framesOfGraph = (svg) => {
  const parsed = new DOMParser().parseFromString(svg, "text/xml");
  const frames = [...parsed.querySelectorAll("svg > g")].map((group) => {
    const rect = group.querySelector("rect");
    const name = /^([rf])(\d+) /.exec(group.querySelector("title").textContent);
    const start = Number(rect.getAttribute("fg:x"));
    return {
      ...labelOf(name),
      y: Number(rect.getAttribute("y")),
      start,
      width: Number(rect.getAttribute("fg:w")),
    };
  });
  const top = Math.min(...frames.map((frame) => frame.y));
  const next = frames.find((frame) => frame.y > top);
  const step = next === undefined ? 1 : Math.min(...frames.filter((frame) => frame.y > top).map((frame) => frame.y)) - top;
  return frames.map((frame) => ({ ...frame, depth: Math.round((frame.y - top) / step) }));
};

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
      const label = `${profiles()[graph.profile]}, by ${WEIGHTS[graph.weight]}`;
      this.choice.append(
        element("button", { type: "button", "aria-pressed": "false", onclick: () => this.choose(index) }, label),
      );
    });
    if (data.flames.length === 0) this.canvas.append(element("p", { class: "empty" }, "Nothing was disallowed: there is nothing to draw."));
    return element(
      "div",
      {},
      this.choice,
      element(
        "p",
        { class: "explained" },
        "What regions did that is disallowed: a frame is as wide as what it and all that it calls asked for. Enter or a " +
          "click zooms in, Escape zooms out; the arrow keys go from frame to frame.",
      ),
      element("p", { class: "legend" }, ["own", "dependency", "internal"].map((origin) =>
        element("span", { class: origin }, { own: "your code", dependency: "dependencies", internal: "standard library" }[origin]))),
      this.canvas,
      this.said,
    );
  },
  choose(index) {
    this.chosen = index;
    for (const [at, button] of [...this.choice.children].entries()) button.setAttribute("aria-pressed", String(at === index));
    this.graph = data.flames[index];
    this.graph.frames ??= framesOfGraph(this.graph.svg);
    this.root = this.graph.frames.find((frame) => frame.depth === 0);
    this.draw(this.root);
  },
  // Draws what is below a frame, and what is above it in full width.
  draw(zoomed) {
    this.zoomed = zoomed;
    const end = zoomed.start + zoomed.width;
    const shown = this.graph.frames.filter((frame) =>
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
    const made = element(
      "div",
      {
        class: `frame ${frame.origin}${isAbove ? " above" : ""}`,
        role: "treeitem",
        tabindex: -1,
        title: this.describe(frame),
        "aria-label": this.describe(frame),
        "aria-level": frame.depth + 1,
        onclick: () => this.draw(frame === this.zoomed ? this.root : frame),
        onfocus: () => this.say(frame),
        onpointerenter: () => this.say(frame),
      },
      frame.label,
    );
    made.style.top = `${frame.depth * FRAME_HEIGHT}px`;
    made.style.left = isAbove ? "0" : `${100 * (frame.start - zoomed.start) / zoomed.width}%`;
    made.style.width = isAbove ? "100%" : `${100 * frame.width / zoomed.width}%`;
    frame.element = made;
    return made;
  },
  describe(frame) {
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
      this.choose(data.flames.findLastIndex((graph) => graph.weight === "events"));
    }
    this.search();
    const found = (this.shown ?? []).filter((frame) => frame.element.classList.contains("found")).length;
    return filter.words.length > 0 ? plural(found, "frame") : "";
  },
};

