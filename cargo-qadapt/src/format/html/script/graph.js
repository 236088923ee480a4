// What is in a flame graph. `inferno` has laid it out.

import { data, functionName, profiles, regionName, sum } from "./data.js";
import { number } from "./element.js";

/** @typedef {[base: number, own: number]} Both what the two profiles of a comparison have */

/**
 * @typedef {object} Frame
 * @property {string} label
 * @property {string} origin whose code it is
 * @property {Both | null} both
 * @property {number} start
 * @property {number} width
 * @property {number} depth
 */

export const MORE = "▲ ";
export const LESS = "▼ ";

const KEYS = "Enter or a click zooms in, Escape zooms out; the arrow keys go from frame to frame.";

/**
 * What a graph is of.
 * @param {import("./data.js").Flame} flame
 */
export function titleOf({ profile, base, weight }) {
  return `${base === null ? profiles[profile] : `${profiles[base]} against ${profiles[profile]}`}, by ${weight}`;
}

/** One graph: of what a profile has, or of what differs between two. */
export class Graph {
  /** @param {import("./data.js").Flame} flame */
  constructor(flame) {
    this.unit = flame.unit;
    this.weight = flame.weight;
    this.profile = profiles[flame.profile];
    this.base = flame.base === null ? null : profiles[flame.base];
    this.frames = framesOf(flame.frames);
    this.root = this.frames.find((frame) => frame.depth === 0) ?? this.frames[0];
    if (this.base !== null) this.root.both = this.#sums();
  }

  /**
   * What all regions have.
   * @returns {Both}
   */
  #sums() {
    const regions = this.frames.filter((frame) => frame.depth === 1);
    return [sum(regions.map((frame) => frame.both?.[0] ?? 0)), sum(regions.map((frame) => frame.both?.[1] ?? 0))];
  }

  get explained() {
    return this.base === null
      ? `What regions did that is disallowed: a frame is as wide as what it and all that it calls asked for. ${KEYS}`
      : `What differs between ${this.base} and ${this.profile}: a frame is as wide as what it and all that it calls ` +
        `asked for in both together, and the stronger its colour, the more of that is in one of them. ${KEYS}`;
  }

  /**
   * Which kinds of frames there are, and what they stand for.
   * @returns {[kind: string, said: string][]}
   */
  get legend() {
    return this.base === null
      ? [["own", "your code"], ["dependency", "dependencies"], ["internal", "standard library"]]
      : [["grown", `${MORE}more in ${this.profile}`], ["even", "as much in both"], ["shrunk", `${LESS}less in ${this.profile}`]];
  }

  /** @param {Frame} frame */
  describe(frame) {
    if (this.base !== null && frame.both !== null) {
      const [base, own] = frame.both.map((count) => count * this.unit);
      const more = own === base ? "as many" : own > base ? `${number(own - base)} more` : `${number(base - own)} less`;
      return `${frame.label}: ${this.base} ${number(base)}, ${this.profile} ${number(own)} ${this.weight}, ${more}`;
    }
    const share = (100 * frame.width / this.root.width).toFixed(frame === this.root ? 0 : 1);
    return `${frame.label}: ${number(frame.width * this.unit)} ${this.weight}, ${share} %`;
  }
}

/**
 * In a comparison, how much more the profile has than the base, as a part of both: 1 where only the profile has any.
 * @param {Frame} frame
 */
export function leaning({ both }) {
  return both === null ? 0 : (both[1] - both[0]) / (both[1] + both[0]);
}

/**
 * @param {import("./data.js").Drawn[]} drawn
 * @returns {Frame[]}
 */
function framesOf(drawn) {
  const top = Math.min(...drawn.map(([, y]) => y));
  const below = drawn.map(([, y]) => y).filter((y) => y > top);
  const step = below.length === 0 ? 1 : Math.min(...below) - top;
  return drawn.map(([called, y, start, width]) => {
    const name = /^([rf])(\d+)(?::(\d+):(\d+))?$/.exec(called);
    /** @type {Both | null} */
    const both = name?.[3] === undefined ? null : [Number(name[3]), Number(name[4])];
    return { ...labelOf(name), both, start, width, depth: Math.round((y - top) / step) };
  });
}

/** @param {RegExpExecArray | null} name */
function labelOf(name) {
  if (name === null) return { label: "all", origin: "root" };
  const index = Number(name[2]);
  return name[1] === "r"
    ? { label: `in ${regionName(data.regions[index])}`, origin: "root" }
    : { label: functionName(data.frames[index]), origin: data.frames[index][3] };
}
