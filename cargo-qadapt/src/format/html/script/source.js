// The source, with what each line asked for in a gutter for each profile.

import { BYTES, EVENTS, RECORDED, data, isCall, profiles, sum, text } from "./data.js";
import { element, number, plural } from "./element.js";
import { filter, isFiltered, matches } from "./filter.js";
import { Pager, withArrows } from "./pager.js";
import { panelOf } from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./data.js").Part} Part */
/** @typedef {import("./data.js").Region} Region */
/** @typedef {{ figures: [allocations: number, deallocations: number, bytes: number, calls: number], isEstimate: boolean }} Cell a line in one profile */
/** @typedef {Map<number, Cell[]>} Gutter line to profile to figures */
/** @typedef {[line: number, code: string]} Code */
/** @typedef {{ isShown: boolean, lines: Code[] }} Piece */

/**
 * Titles and heads, in the order of a cell's figures.
 * @type {[title: string, head: string][]}
 */
const COLUMNS = [["allocations", "allocs"], ["deallocations", "frees"], ["bytes", "bytes"]];
if (data.lines.some(isCall)) COLUMNS.push(["blocking calls", "waits"]);

/** The gutter of each file. */
function gutters() {
  /** @type {Map<number, Gutter>} */
  const files = new Map(data.files.map((file) => [file.file, new Map()]));
  for (const line of data.lines.filter(matches)) {
    const lines = line.file === null ? undefined : files.get(line.file);
    if (lines === undefined) continue;
    /** @type {Cell[]} */
    const cells = lines.get(line.line) ?? data.profiles.map(() => ({ figures: [0, 0, 0, 0], isEstimate: false }));
    lines.set(line.line, cells);
    line.counts.forEach((counts, profile) => {
      if (counts === null) return;
      const cell = cells[profile];
      const isFree = line.op === "dealloc";
      cell.figures[isCall(line) ? 3 : isFree ? 1 : 0] += counts[EVENTS];
      if (!isFree) cell.figures[2] += counts[BYTES];
      cell.isEstimate ||= counts[EVENTS] !== counts[RECORDED];
    });
  }
  return files;
}

/**
 * What happened in a file in each profile.
 * @param {Gutter} lines
 */
function totals(lines) {
  return data.profiles.map((_, profile) =>
    sum([...lines.values()].map((cells) => cells[profile].figures).map(([allocations, deallocations, _, calls]) => allocations + deallocations + calls))
  );
}

/** @implements {View} */
export class Source {
  name = "source";
  title = "Source";
  /**
   * The line that is gone to.
   * @type {{ file: number, line: number } | null}
   */
  wanted = null;

  constructor() {
    this.list = element("div", { class: "files" });
    this.pager = new Pager(
      withArrows(this.list, "details.file > summary"),
      50,
      (/** @type {[file: number, lines: Gutter, events: number[]]} */ [file, lines, events]) => this.#fileDetails(file, lines, events),
    );
    this.panel = panelOf(this.name, element("div", {}, this.list, this.pager.button));
  }

  update() {
    const files = [...gutters()]
      .map(([file, lines]) => /** @type {[number, Gutter, number[]]} */ ([file, lines, totals(lines)]))
      .filter(([file, lines]) => lines.size > 0 || (filter.limit === null && !isFiltered()) || this.#isWanted(file))
      .sort((a, b) =>
        Number(this.#isWanted(b[0])) - Number(this.#isWanted(a[0])) || Math.max(...b[2]) - Math.max(...a[2]) || text(a[0]).localeCompare(text(b[0]))
      );
    this.pager.show(files);
    /** @type {HTMLDetailsElement | null} */
    const first = this.list.querySelector("details.file");
    if (first !== null) first.open = true;
    if (files.length === 0) this.list.append(element("p", { class: "empty" }, "No file has what is searched for."));
    return plural(files.length, "file");
  }

  /** Goes to the wanted line, once it is there. */
  showWanted() {
    const row = document.getElementById(`line-${this.wanted?.file}-${this.wanted?.line}`);
    if (row === null) return;
    row.classList.add("wanted");
    row.scrollIntoView({ block: "center" });
    /** @type {HTMLElement | null} */ (row.querySelector("a, [tabindex]"))?.focus({ preventScroll: true });
  }

  /** @param {number} file */
  #isWanted(file) {
    return this.wanted?.file === file;
  }

  /**
   * @param {number} file
   * @param {Gutter} lines
   * @param {number[]} events
   */
  #fileDetails(file, lines, events) {
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
          events.map((count, profile) => element("span", {}, `${profiles[profile]} `, element("b", {}, `${number(count)}×`))),
        ),
      ),
    );
    const fill = () => {
      if (details.open && details.childElementCount === 1) details.append(codeTable(file, lines, this.#isWanted(file) ? this.wanted?.line : undefined));
    };
    details.addEventListener("toggle", fill);
    // At once, so that a line can be gone to.
    if (this.#isWanted(file)) {
      details.open = true;
      fill();
    }
    return details;
  }
}

// Lines that are shown before and after one that matters, and so few that it is not worth folding them.
const CONTEXT = 6;
const FEWEST = 4;

/**
 * A part in pieces: what is shown, and what is folded away until it is asked for.
 * @param {Part} part
 * @param {Set<number>} nearby lines that are shown
 */
function pieces(part, nearby) {
  /** @type {Piece[]} */
  const found = [];
  for (const [offset, code] of part.lines.entries()) {
    const line = part.start + offset;
    const isShown = nearby.has(line);
    const last = found.at(-1);
    if (last?.isShown === isShown) last.lines.push([line, code]);
    else found.push({ isShown, lines: [[line, code]] });
  }
  for (const piece of found) piece.isShown ||= piece.lines.length < FEWEST;
  return found;
}

/**
 * @param {number} file
 * @param {Gutter} lines
 * @param {number | undefined} wanted a line that is shown in any case
 */
function codeTable(file, lines, wanted) {
  const excerpts = data.files.find((candidate) => candidate.file === file);
  const parts = excerpts?.parts ?? [];
  /** @type {Map<number, Region[]>} */
  const starts = new Map();
  for (const region of data.regions.filter((candidate) => candidate.file === file)) {
    starts.set(region.line, [...(starts.get(region.line) ?? []), region]);
  }
  const known = new Set(parts.flatMap((part) => part.lines.map((_, index) => part.start + index)));
  const nearby = new Set();
  for (const line of [...lines.keys(), ...starts.keys(), ...(wanted === undefined ? [] : [wanted])]) {
    for (let near = line - CONTEXT; near <= line + CONTEXT; near += 1) nearby.add(near);
  }
  const row = (/** @type {Code} */ [line, code]) => codeRow(file, line, code, lines.get(line), starts.get(line) ?? []);
  const rows = parts.flatMap((part, index) => [
    ...(index > 0 || part.start > 1 ? [gapRow("⋯")] : []),
    ...pieces(part, nearby).flatMap((piece) => piece.isShown ? piece.lines.map(row) : [foldedRow(piece.lines, row)]),
  ]);
  const lost = [...lines.keys()].filter((line) => !known.has(line)).sort((a, b) => a - b);
  return element(
    "div",
    { class: "code-scroll", tabindex: 0, role: "region", "aria-label": text(file) },
    lost.length > 0 && element("p", { class: "empty" }, "The source was not found, or is not the one that was built."),
    !excerpts?.is_whole && element("p", { class: "empty" }, "This page has only these lines of the file: the sources are too many."),
    element(
      "table",
      { class: "source" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          profiles.map((profile) => element("th", { colspan: COLUMNS.length, scope: "colgroup", class: "profile" }, profile)),
          element("th", { colspan: 2 }),
        ),
        element(
          "tr",
          {},
          profiles.flatMap(() => COLUMNS.map(([title, head]) => element("th", { scope: "col", title }, head))),
          element("th", { scope: "col" }, "line"),
          element("th", { scope: "col", class: "text" }, "code"),
        ),
      ),
      element("tbody", {}, rows, lost.map((line) => row([line, ""]))),
    ),
  );
}

/**
 * Lines that come when they are asked for, and take the focus where it was.
 * @param {Code[]} lines
 * @param {(code: Code) => HTMLElement} row
 */
function foldedRow(lines, row) {
  const [[first], [last]] = [lines[0], lines[lines.length - 1]];
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
  const folded = gapRow(button);
  return folded;
}

/** @param {string | HTMLElement} content */
function gapRow(content) {
  return element("tr", { class: "gap" }, element("td", { colspan: profiles.length * COLUMNS.length + 2 }, content));
}

/**
 * @param {number} file
 * @param {number} line
 * @param {string} code
 * @param {Cell[] | undefined} cells
 * @param {Region[]} starts regions that begin here
 */
function codeRow(file, line, code, cells, starts) {
  const figure = (/** @type {Cell | undefined} */ cell, /** @type {number} */ column) => {
    const value = cell?.figures[column] ?? 0;
    return element(
      "td",
      { class: column === 0 ? "first" : null },
      value === 0 ? "" : `${cell?.isEstimate && column !== 2 ? "≈ " : ""}${number(value)}`,
    );
  };
  const sites = cells === undefined ? null : element("a", { href: `#at/${file}/${line}` }, String(line));
  return element(
    "tr",
    { id: `line-${file}-${line}`, class: cells === undefined ? null : "hit" },
    profiles.flatMap((_, profile) => COLUMNS.map((_, column) => figure(cells?.[profile], column))),
    element("td", { class: "number" }, sites ?? String(line)),
    element(
      "td",
      { class: "text" },
      element("code", {}, code),
      starts.map((region) =>
        element(
          "a",
          { class: "region", href: `#region/${region.index}` },
          region.name === null ? "region" : `region ${text(region.name)}`,
        )
      ),
    ),
  );
}
