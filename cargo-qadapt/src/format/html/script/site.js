// A line of code and what it asked for: a row that opens.

const times = (counts) =>
  counts[EVENTS] === counts[RECORDED] ? `${number(counts[EVENTS])}×` : `≈ ${number(counts[EVENTS])}×`;

const figureCell = (counts, profile) =>
  counts === null
    ? element("span", { class: "figure none" }, element("span", { class: "for" }, profiles()[profile]), "–")
    : element(
      "span",
      { class: "figure" },
      element("span", { class: "for" }, profiles()[profile]),
      element("b", {}, times(counts)),
      counts[LARGEST] > 0 && element("small", {}, `${number(counts[BYTES])} B`),
      counts[LIVE]?.blocks > 0 &&
        element("small", { class: "alive" }, counts[LIVE].estimates ? "alive at the end" : `${number(counts[LIVE].bytes)} B alive`),
    );

const profiles = () => data.profiles.map((profile) => profile.name);

const badge = (mark) =>
  element("span", { class: mark[1] ? "badge differs" : "badge" }, text(mark[0]));

const placeLink = (file, line) =>
  sources.has(file)
    ? element("a", { class: "place", href: `#source/${file}/${line}` }, place(file, line))
    : element("span", { class: "place", title: text(file) }, shortPath(place(file, line)));

const siteRow = (line) => {
  const code = codeOf(line);
  const at = line.file === null ? text(line.function) : shortPath(place(line.file, line.line));
  const summary = element(
    "summary",
    {},
    element(
      "span",
      { class: "what" },
      element("code", {}, code ?? text(line.function)),
      element(
        "span",
        { class: "where" },
        element("span", { class: `operation ${line.op}` }, operation(line)),
        line.called.length > 0 && element("span", { class: "called" }, line.called.map(text).join(", ")),
        (code !== undefined || line.file !== null) && element("span", { class: "place" }, at),
        element("span", { class: "in" }, `in ${regionName(data.regions[line.region])}`),
      ),
      line.advice.length > 0 && element("span", { class: "hint" }, prose(line.advice.map((advice) => text(advice[1])).join("; "))),
    ),
    line.counts.map(figureCell),
    element("span", { class: "mark" }, text(line.mark[0]) !== "" && badge(line.mark)),
  );
  const row = element("details", { class: "site" }, summary);
  row.addEventListener("toggle", () => {
    if (row.open && row.childElementCount === 1) row.append(siteDetails(line));
  });
  return element("li", {}, row);
};

const siteDetails = (line) => {
  const region = data.regions[line.region];
  return element(
    "div",
    { class: "details" },
    element(
      "dl",
      {},
      element("dt", {}, "Line"),
      element("dd", {}, line.file === null ? text(line.function) : placeLink(line.file, line.line)),
      element("dt", {}, "In"),
      element("dd", { class: "code" }, text(line.function)),
      element("dt", {}, "Region"),
      element("dd", {}, element("a", { href: `#region/${line.region}` }, regionName(region))),
      line.called.length > 0 && [
        element("dt", {}, "Calls"),
        element("dd", { class: "code" }, line.called.map(text).join(", ")),
      ],
    ),
    line.advice.map(([id, what]) => element("p", { class: "advice" }, prose(text(what)), " ", element("code", { class: "rule" }, text(id)))),
    element("div", { class: "figure-scroll" }, figureTable(line.counts)),
    line.entries.map((words, profile) => words !== null && element("p", { class: "entries" }, `${profiles()[profile]}: ${text(words)}`)),
    stackList(line),
  );
};

// What became of a site's blocks: heading and figure. Estimates come in words, the last for both of what was freed.
/** @type {[string, (live: any) => string][]} */
const LIVES = [
  ["alive at the end", (live) => live.estimates?.[0] ?? `${number(live.blocks)} (${number(live.bytes)} B)`],
  ["at the peak", (live) => live.estimates?.[1] ?? `${number(live.peak_blocks)} (${number(live.peak_bytes)} B)`],
  ["freed in their entry", (live) => live.estimates?.[2] ?? number(live.inside)],
  ["freed later", (live) => (live.estimates ? "–" : number(live.later))],
];

const figureTable = (all) => {
  const lives = all.some((counts) => counts?.[LIVE] != null) ? LIVES : [];
  const heads = ["profile", "times", "bytes", "largest", ...lives.map(([head]) => head)];
  const liveCells = (live) => lives.map(([, figure]) => (live === null ? "–" : figure(live)));
  return element(
    "table",
    { class: "figures" },
    element(
      "thead",
      {},
      element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head))),
    ),
    element(
      "tbody",
      {},
      all.map((counts, profile) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, profiles()[profile]),
          counts === null
            ? element("td", { colspan: heads.length - 1, class: "none" }, "never")
            : [times(counts), number(counts[BYTES]), number(counts[LARGEST]), ...liveCells(counts[LIVE])]
              .map((cell, index) => element("td", { "data-head": heads[index + 1] }, cell)),
        )
      ),
    ),
  );
};

const STACKS = 5;

const stackList = (line) => {
  const holder = element("div", { class: "stacks" });
  const total = (stack) => sum(stack[1].map((counts) => counts?.[EVENTS] ?? 0));
  const ordered = [...line.stacks].sort((a, b) => total(b) - total(a));
  const pager = new Pager(holder, STACKS, (stack) => stackOf(stack, ordered.length > 1));
  pager.show(ordered);
  return [holder, pager.button];
};

// A stack, innermost frame first. What runs before the program's own code and what that calls is folded away.
const stackOf = ([end, counts], withFigures) => {
  const frames = framesOf(end);
  const isOwn = (frame) => frame[3] !== "internal";
  const inner = Math.max(0, frames.findIndex(isOwn));
  const outer = frames.findLastIndex(isOwn) + 1 || frames.length;
  const item = (frame) =>
    element(
      "li",
      { class: frame[3] },
      element("code", {}, functionName(frame)),
      frame[1] !== null && placeLink(frame[1], frame[2]),
    );
  const figures = counts.map((figure, profile) => figure === null ? null : `${profiles()[profile]} ${times(figure)}`);
  return element(
    "div",
    { class: "stack" },
    element(
      "p",
      { class: "stack-head" },
      frames.length === 0 ? "Its stack was lost" : "Stack, innermost first",
      withFigures && element("span", {}, ` · ${figures.filter((figure) => figure !== null).join(", ")}`),
    ),
    folded(frames.slice(0, inner), "of the standard library and the guard", item),
    element("ol", {}, frames.slice(inner, outer).map(item)),
    folded(frames.slice(outer), frames.length - outer === 1 ? "that starts the thread" : "that start the thread", item),
  );
};

const folded = (frames, what, item) =>
  frames.length > 0 && element(
    "details",
    { class: "folded" },
    element("summary", {}, `${plural(frames.length, "frame")} ${what}`),
    element("ol", {}, frames.map(item)),
  );

const siteHead = () =>
  element(
    "div",
    { class: "site-head", "aria-hidden": "true" },
    element("span", {}, "line"),
    profiles().map((profile) => element("span", { class: "figure" }, profile)),
    element("span", {}, data.profiles.length > 1 ? "in profiles" : ""),
  );

const siteList = (label) => withArrows(element("ol", { class: "sites", "aria-label": label }), "details.site > summary");

