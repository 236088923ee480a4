// What is searched for.

import { codeOf, data, operation, place, regionName, text } from "./data.js";

/** @typedef {import("./data.js").Line} Line */
/** @typedef {import("./data.js").Region} Region */
/** @typedef {"profile" | "operation" | "mark" | "by"} Choice what one value is chosen for, none being "" */

/**
 * The few sites that an address leads to.
 * @typedef {object} Limit
 * @property {string} label
 * @property {number} [region] whose sites these are
 * @property {(line: Line) => boolean} test
 */

/** @type {Record<Choice, string> & { words: string[], limit: Limit | null }} */
export const filter = { words: [], profile: "", operation: "", mark: "", by: "", limit: null };

/** @type {Map<Line, string>} */
const haystacks = new Map();

/** @param {Line} line */
function haystack(line) {
  let found = haystacks.get(line);
  if (found === undefined) {
    const region = data.regions[line.region];
    found = [
      line.file === null ? "" : place(line.file, line.line),
      text(line.function),
      line.called.map(text).join(" "),
      operation(line),
      regionName(region),
      text(region.file),
      codeOf(line) ?? "",
      line.advice.flat().map(text).join(" "),
    ].join("\n").toLowerCase();
    haystacks.set(line, found);
  }
  return found;
}

/** @param {string} searched */
export function hasWords(searched) {
  return filter.words.every((word) => searched.includes(word));
}

/** @param {Region} region */
function isWhose(region) {
  return filter.by === "" || (region.by !== null && text(region.by[1]) === filter.by);
}

/** @param {Line} line */
export function matches(line) {
  return isWhose(data.regions[line.region]) &&
    (filter.limit === null || filter.limit.test(line)) &&
    (filter.profile === "" || line.counts[Number(filter.profile)] !== null) &&
    (filter.operation === "" || line.op === filter.operation) &&
    (filter.mark === "" || text(line.mark[0]) === filter.mark) &&
    hasWords(haystack(line));
}

/** @type {Record<string, "allocs" | "reallocs" | "deallocs" | "blocking_calls">} */
const FIGURE_OF = {
  "alloc": "allocs",
  "alloc-zeroed": "allocs",
  "realloc": "reallocs",
  "dealloc": "deallocs",
  "call": "blocking_calls",
};

/** @param {Region} region */
export function matchesRegion(region) {
  return isWhose(region) &&
    (filter.profile === "" || region.counts[Number(filter.profile)] !== null) &&
    (filter.operation === "" || region.counts.some((counts) => (counts?.[FIGURE_OF[filter.operation]] ?? 0) > 0)) &&
    (filter.mark === "" || text(region.mark[0]) === filter.mark) &&
    hasWords(`${regionName(region)}\n${place(region.file, region.line)}`.toLowerCase());
}

export function isFiltered() {
  return filter.words.length > 0 || filter.profile !== "" || filter.operation !== "" || filter.mark !== "" || filter.by !== "";
}
