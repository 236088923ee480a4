// The source, with what each line asked for in a gutter for each profile.

const SOURCE_COLUMNS = [["allocations", "allocs"], ["deallocations", "frees"], ["bytes", "bytes"]];
if (data.lines.some(isCall)) SOURCE_COLUMNS.push(["blocking calls", "waits"]);

// For each file the figures of its lines: line to profile to allocations, deallocations, bytes, calls.
const gutters = () => {
  const files = new Map(data.files.map((file) => [file.file, new Map()]));
  for (const line of data.lines.filter(matches)) {
    const lines = files.get(line.file);
    if (lines === undefined) continue;
    if (!lines.has(line.line)) lines.set(line.line, data.profiles.map(() => [0, 0, 0, 0, false]));
    line.counts.forEach((counts, profile) => {
      if (counts === null) return;
      const cell = lines.get(line.line)[profile];
      const isFree = line.op === "dealloc";
      cell[isCall(line) ? 3 : isFree ? 1 : 0] += counts[EVENTS];
      if (!isFree) cell[2] += counts[BYTES];
      cell[4] ||= counts[EVENTS] !== counts[RECORDED];
    });
  }
  return files;
};

const source = {
  name: "source",
  title: "Source",
  build() {
    this.list = element("div", { class: "files" });
    this.pager = new Pager(withArrows(this.list, "details.file > summary"), 50, ([file, lines, events]) =>
      fileDetails(file, lines, events));
    return element("div", {}, this.list, this.pager.button);
  },
  update() {
    const total = (lines, profile) => sum([...lines.values()].map((cells) => cells[profile][0] + cells[profile][1] + cells[profile][3]));
    const files = [...gutters()]
      .map(([file, lines]) => [file, lines, data.profiles.map((_, profile) => total(lines, profile))])
      .filter(([file, lines]) => lines.size > 0 || (filter.limit === null && !isFiltered()) || isWanted(file))
      .sort((a, b) => Number(isWanted(b[0])) - Number(isWanted(a[0])) || Math.max(...b[2]) - Math.max(...a[2]) || text(a[0]).localeCompare(text(b[0])));
    this.pager.show(files);
    const first = this.list.querySelector("details.file");
    if (first !== null) first.open = true;
    if (files.length === 0) this.list.append(element("p", { class: "empty" }, "No file has what is searched for."));
    return plural(files.length, "file");
  },
  wanted: null,
  // Goes to a line.
  go(file, line) {
    this.wanted = { file, line };
    refresh(this);
    const row = byId(`line-${file}-${line}`);
    if (row === null) return;
    row.classList.add("wanted");
    row.scrollIntoView({ block: "center" });
    /** @type {HTMLElement | null} */ (row.querySelector("a, [tabindex]"))?.focus({ preventScroll: true });
  },
};

const isWanted = (file) => source.wanted?.file === file;

const fileDetails = (file, lines, events) => {
  const details = element(
    "details",
    { class: "file" },
    element(
      "summary",
      {},
      element("code", {}, text(file)),
      element(
        "span",
        { class: "totals" },
        events.map((count, profile) => element("span", {}, `${profiles()[profile]} `, element("b", {}, `${number(count)}×`))),
      ),
    ),
  );
  details.addEventListener("toggle", () => fill());
  // At once, so that a line can be gone to.
  const fill = () => {
    if (details.open && details.childElementCount === 1) details.append(codeTable(file, lines));
  };
  if (isWanted(file)) {
    details.open = true;
    fill();
  }
  return details;
};

// Lines that are shown before and after one that matters, and so few that it is not worth folding them.
const CONTEXT = 6;
const FEWEST = 4;

// A part in pieces: what is shown, and what is folded away until it is asked for.
const pieces = (part, nearby) => {
  const found = [];
  for (const [offset, code] of part.lines.entries()) {
    const line = part.start + offset;
    const isShown = nearby.has(line);
    if (found.at(-1)?.isShown !== isShown) found.push({ isShown, lines: [] });
    found.at(-1).lines.push([line, code]);
  }
  for (const piece of found) piece.isShown ||= piece.lines.length < FEWEST;
  return found;
};

const codeTable = (file, lines) => {
  const { parts, is_whole: isWhole } = data.files.find((candidate) => candidate.file === file);
  const starts = new Map();
  for (const region of data.regions.filter((candidate) => candidate.file === file)) {
    if (!starts.has(region.line)) starts.set(region.line, []);
    starts.get(region.line).push(region);
  }
  const known = new Set(parts.flatMap((part) => part.lines.map((_, index) => part.start + index)));
  const wanted = isWanted(file) ? [source.wanted.line] : [];
  const nearby = new Set();
  for (const line of [...lines.keys(), ...starts.keys(), ...wanted]) {
    for (let near = line - CONTEXT; near <= line + CONTEXT; near += 1) nearby.add(near);
  }
  const row = ([line, code]) => codeRow(file, line, code, lines, starts);
  const rows = parts.flatMap((part, index) => [
    ...(index > 0 || part.start > 1 ? [gapRow()] : []),
    ...pieces(part, nearby).flatMap((piece) => piece.isShown ? piece.lines.map(row) : [foldedRow(piece.lines, row)]),
  ]);
  const lost = [...lines.keys()].filter((line) => !known.has(line)).sort((a, b) => a - b);
  return element(
    "div",
    { class: "code-scroll", tabindex: 0, role: "region", "aria-label": text(file) },
    lost.length > 0 && element("p", { class: "empty" }, "The source was not found, or is not the one that was built."),
    !isWhole && element("p", { class: "empty" }, "This page has only these lines of the file: the sources are too many."),
    element(
      "table",
      { class: "source" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          profiles().map((profile) => element("th", { colspan: SOURCE_COLUMNS.length, scope: "colgroup", class: "profile" }, profile)),
          element("th", { colspan: 2 }),
        ),
        element(
          "tr",
          {},
          profiles().flatMap(() =>
            SOURCE_COLUMNS.map(([title, head]) => element("th", { scope: "col", title }, head))
          ),
          element("th", { scope: "col" }, "line"),
          element("th", { scope: "col", class: "text" }, "code"),
        ),
      ),
      element("tbody", {}, rows, lost.map((line) => codeRow(file, line, "", lines, starts))),
    ),
  );
};

const columns = () => data.profiles.length * SOURCE_COLUMNS.length + 2;

// Lines that come when they are asked for, and take the focus where it was.
const foldedRow = (lines, row) => {
  const [[first], [last]] = [lines[0], lines.at(-1)];
  const show = () => {
    const rows = lines.map(row);
    rows[0].setAttribute("tabindex", "-1");
    folded.replaceWith(...rows);
    rows[0].focus();
  };
  const button = element(
    "button",
    { type: "button", onclick: show, "aria-label": `Show lines ${first} to ${last}` },
    `⋯ ${plural(lines.length, "line")}`,
  );
  const folded = element("tr", { class: "gap" }, element("td", { colspan: columns() }, button));
  return folded;
};

const gapRow = () => element("tr", { class: "gap" }, element("td", { colspan: columns() }, "⋯"));

const codeRow = (file, line, code, lines, starts) => {
  const cells = lines.get(line);
  const figure = (value, column, isEstimate) =>
    element(
      "td",
      { class: column === 0 ? "first" : null },
      value === 0 ? "" : `${isEstimate && column !== 2 ? "≈ " : ""}${number(value)}`,
    );
  const heat = cells === undefined ? null : element("a", { href: `#at/${file}/${line}` }, String(line));
  return element(
    "tr",
    { id: `line-${file}-${line}`, class: cells === undefined ? null : "hit" },
    data.profiles.flatMap((_, profile) =>
      SOURCE_COLUMNS.map((_, column) => figure(cells?.[profile][column] ?? 0, column, cells?.[profile][4]))
    ),
    element("td", { class: "number" }, heat ?? String(line)),
    element(
      "td",
      { class: "text" },
      element("code", {}, code),
      (starts.get(line) ?? []).map((region) =>
        element(
          "a",
          { class: "region", href: `#region/${region.index}` },
          region.name === null ? "region" : `region ${text(region.name)}`,
        )
      ),
    ),
  );
};

