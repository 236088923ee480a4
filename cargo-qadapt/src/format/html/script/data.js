// The report, and what can be told from it.

import { byId } from "./element.js";

// What `data.rs` writes. Texts are numbers, which are places in `strings`.
/**
 * @template T
 * @typedef {(T | null)[]} PerProfile null where it did not happen
 */
/** @typedef {[text: number, isDifference: boolean]} Mark in which profiles something happens */
/** @typedef {{ name: string, processes: number, cut_short: number, without_allocator: number, events: number, disallowed: number, unsampled: number, lost: number, live?: LiveTotal, estimates?: string }} Profile */
/** @typedef {{ bytes: number, blocks: number, peak_bytes: number, peak_blocks: number, lost: number }} LiveTotal */
/** @typedef {{ bytes: number, blocks: number, peak_bytes: number, peak_blocks: number, inside: number, later: number, estimates?: [end: string, peak: string, freed: string] }} Live */
/** @typedef {{ entries?: Record<string, number>, is_partial?: boolean }} Spread entries by their number of events */
/** @typedef {"calls" | "allocs" | "reallocs" | "deallocs" | "failed" | "bytes" | "peak_bytes" | "disallowed" | "permitted"} RegionFigure */
/** @typedef {Record<RegionFigure, number> & { blocking_calls?: number, spread?: Spread }} RegionCounts */
/** @typedef {[events: number, recorded: number, bytes: number, largest: number, live: Live | null]} Figures events, recorded events, bytes, the most bytes of one event, and what became of the blocks */
/** @typedef {[end: number, counts: PerProfile<Figures>]} Stack */
/** @typedef {[name: number, file: number | null, line: number, origin: "own" | "wrapper" | "dependency" | "internal"]} Frame */
/** @typedef {{ start: number, lines: string[] }} Part lines that follow each other */
/** @typedef {{ file: number, parts: Part[], is_whole: boolean }} Excerpts */
/** @typedef {[name: string, y: number, start: number, width: number]} Drawn */
/** @typedef {{ profile: number, base: number | null, weight: "events" | "bytes", unit: number, frames: Drawn[] }} Flame */
/** @typedef {{ rule: string, is_failure: boolean, region: number | null, message: number, lines: number[] }} Finding */

/**
 * A region, with its place among all.
 * @typedef {object} Region
 * @property {number} index
 * @property {number | null} name
 * @property {number} file
 * @property {number} line
 * @property {string} kind
 * @property {[kind: string, name: number] | null} by whose entries these are
 * @property {Mark} mark
 * @property {PerProfile<RegionCounts>} counts
 * @property {PerProfile<number>} waits
 */

/**
 * A line of code and what it asks for, with its place among all and its largest figures of all profiles.
 * @typedef {object} Line
 * @property {number} index
 * @property {number} most
 * @property {number} bytes
 * @property {number} alive
 * @property {number} atPeak
 * @property {number} region
 * @property {number | null} file
 * @property {number} line
 * @property {number} function
 * @property {string} op
 * @property {number | null} call
 * @property {number[]} called
 * @property {[rule: number, text: number][]} advice
 * @property {Mark} mark
 * @property {PerProfile<Figures>} counts
 * @property {PerProfile<number>} entries
 * @property {Stack[]} stacks
 */

/**
 * @typedef {object} Report
 * @property {number} root
 * @property {Profile[]} profiles
 * @property {Region[]} regions
 * @property {Frame[]} frames
 * @property {[parent: number | null, place: number][]} stacks
 * @property {Line[]} lines
 * @property {Excerpts[]} files
 * @property {Flame[]} flames
 * @property {Finding[] | null} findings
 * @property {[what: number, reason: number, events: number[]][]} suppressed
 * @property {number | null} left_out
 * @property {string[]} strings
 */

/** @type {Report} */
export const data = JSON.parse(byId("data").textContent);

/** @param {number} index */
export function text(index) {
  return data.strings[index];
}

/** @type {Record<string, string>} */
export const OPERATIONS = {
  "alloc": "allocation",
  "alloc-zeroed": "zeroed allocation",
  "realloc": "reallocation",
  "dealloc": "deallocation",
  "call": "blocking call",
};

/** @param {Line} line */
export function isCall(line) {
  return line.op === "call";
}

/**
 * What a line asks for.
 * @param {Line} line
 */
export function operation(line) {
  return line.call === null ? OPERATIONS[line.op] : `${OPERATIONS.call} of ${text(line.call)}`;
}

// Places in `Figures`.
export const EVENTS = 0;
export const RECORDED = 1;
export const BYTES = 2;
export const LARGEST = 3;
export const LIVE = 4;

/** @param {number[]} list */
export function sum(list) {
  return list.reduce((total, value) => total + value, 0);
}

data.lines.forEach((line, index) => {
  line.index = index;
  line.most = Math.max(0, ...line.counts.map((counts) => counts?.[EVENTS] ?? 0));
  line.alive = Math.max(0, ...line.counts.map((counts) => counts?.[LIVE]?.bytes ?? 0));
  line.atPeak = Math.max(0, ...line.counts.map((counts) => counts?.[LIVE]?.peak_bytes ?? 0));
  line.bytes = Math.max(0, ...line.counts.map((counts) => counts?.[BYTES] ?? 0));
});
data.regions.forEach((region, index) => {
  region.index = index;
});

/**
 * The order in which what happens most comes first.
 * @param {Line} a
 * @param {Line} b
 */
export function byMost(a, b) {
  return b.most - a.most || b.bytes - a.bytes || a.index - b.index;
}

/** The profiles' names. */
export const profiles = data.profiles.map((profile) => profile.name);

/**
 * @param {number} file
 * @param {number} line
 */
export function place(file, line) {
  return line > 0 ? `${text(file)}:${line}` : text(file);
}

/** @param {Region} region */
export function regionName(region) {
  const name = region.name !== null
    ? text(region.name)
    : region.kind === "whole-program"
    ? "the whole program"
    : place(region.file, region.line);
  return region.by === null ? name : `${name} in ${region.by[0]} ${text(region.by[1])}`;
}

/** Whose entries are told apart: tests, threads or nobody's. */
export const apart = data.regions.find((region) => region.by !== null)?.by?.[0] ?? null;

/** Whether blocks were followed to their end. */
export const isLive = data.profiles.some((profile) => profile.live != null);

/**
 * Debug information may have lost the name of a function.
 * @param {Frame} frame
 */
export function functionName([name, file, line]) {
  return text(name) === "?" && file !== null ? place(file, line) : text(name);
}

/**
 * A path without the folder that the toolchain or the registry lies in.
 * @param {string} path
 */
export function shortPath(path) {
  return path.replace(/^.*\/rustc\/[^/]+\//, "").replace(/^.*\/(registry\/src|git\/checkouts)\/[^/]+\//, "");
}

/**
 * The shown source: file to line to code.
 * @type {Map<number, Map<number, string>>}
 */
export const sources = new Map(
  data.files.map((file) => {
    const code = new Map();
    for (const part of file.parts) {
      for (const [index, line] of part.lines.entries()) code.set(part.start + index, line);
    }
    return [file.file, code];
  }),
);

/** @param {Line} line */
export function codeOf(line) {
  return line.file === null ? undefined : sources.get(line.file)?.get(line.line)?.trim() || undefined;
}

/**
 * The frames of a stack, innermost first.
 * @param {number} end
 */
export function framesOf(end) {
  const frames = [];
  let [parent, frame] = data.stacks[end];
  while (parent !== null) {
    frames.push(data.frames[frame]);
    [parent, frame] = data.stacks[parent];
  }
  return frames;
}

/** Whether a check failed. */
export const isFailure = data.findings?.some((finding) => finding.is_failure) ?? false;
