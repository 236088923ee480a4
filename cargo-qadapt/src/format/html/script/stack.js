// The stacks on which a line is passed.

import { EVENTS, framesOf, functionName, profiles, sum } from "./data.js";
import { element, plural } from "./element.js";
import { Pager } from "./pager.js";
import { placeLink, times } from "./part.js";

/** @typedef {import("./data.js").Stack} Stack */
/** @typedef {import("./data.js").Frame} Frame */

const STACKS = 5;

/** @param {Stack[]} stacks */
export function stackList(stacks) {
  const holder = element("div", { class: "stacks" });
  const total = (/** @type {Stack} */ stack) => sum(stack[1].map((counts) => counts?.[EVENTS] ?? 0));
  const ordered = [...stacks].sort((a, b) => total(b) - total(a));
  const pager = new Pager(holder, STACKS, (/** @type {Stack} */ stack) => stackOf(stack, ordered.length > 1));
  pager.show(ordered);
  return [holder, pager.button];
}

/**
 * A stack, innermost frame first. What runs before the program's own code and what that calls is folded away.
 * @param {Stack} stack
 * @param {boolean} withFigures
 */
function stackOf([end, counts], withFigures) {
  const frames = framesOf(end);
  const isOwn = (/** @type {Frame} */ frame) => frame[3] !== "internal";
  const inner = Math.max(0, frames.findIndex(isOwn));
  const outer = frames.findLastIndex(isOwn) + 1 || frames.length;
  const figures = counts.map((figure, profile) => figure === null ? null : `${profiles[profile]} ${times(figure)}`);
  return element(
    "div",
    { class: "stack" },
    element(
      "p",
      { class: "stack-head" },
      frames.length === 0 ? "Its stack was lost" : "Stack, innermost first",
      withFigures && element("span", {}, ` · ${figures.filter((figure) => figure !== null).join(", ")}`),
    ),
    folded(frames.slice(0, inner), "of the standard library and the guard"),
    element("ol", {}, frames.slice(inner, outer).map(frameItem)),
    folded(frames.slice(outer), frames.length - outer === 1 ? "that starts the thread" : "that start the thread"),
  );
}

/** @param {Frame} frame */
function frameItem(frame) {
  return element(
    "li",
    { class: frame[3] },
    element("code", {}, functionName(frame)),
    frame[1] !== null && placeLink(frame[1], frame[2]),
  );
}

/**
 * @param {Frame[]} frames
 * @param {string} what
 */
function folded(frames, what) {
  return frames.length > 0 && element(
    "details",
    { class: "folded" },
    element("summary", {}, `${plural(frames.length, "frame")} ${what}`),
    element("ol", {}, frames.map(frameItem)),
  );
}
