// The calls from a line of the snippet down to the allocator, as a tree; each call's source can be opened.

import { element } from "./element.js";
import { SNIPPET } from "./gutter.js";
import { post } from "./stream.js";

/** @typedef {import("./stream.js").Report} Report */
/** @typedef {import("./stream.js").Frame} Frame */
/** @typedef {import("./stream.js").Line} Line */
/** @typedef {{ frame: Frame, children: Map<string, Branch>, counts: (number | null)[] }} Branch */

/** What stands between the program and its allocator, and is the guard's. */
const EDGE = /^__rustc::__rust|^__rust_|^<?qadapt::hot::/;

/**
 * The calls of these lines: those of several stacks in one tree.
 * @param {Report} report
 * @param {Line[]} lines
 */
export function calls(report, lines) {
  /** @type {Map<string, Branch>} */
  const roots = new Map();
  for (const line of lines) {
    for (const site of report.sites) {
      if (site.region !== line.region || site.op !== line.op) continue;
      const frames = site.stack.flatMap((number) => report.frames[number] ?? []);
      // Innermost first: the line is the first frame that lies there.
      const own = frames.findIndex((frame) => frame.file === line.file && frame.line === line.line);
      if (own >= 0) add(roots, report, frames.slice(0, own + 1).reverse(), site.counts);
    }
  }
  return element("div.calls", {}, element("h4", {}, "Calls"), branches(report, roots));
}

/**
 * @param {Map<string, Branch>} roots
 * @param {Report} report
 * @param {Frame[]} path from the line inwards
 * @param {import("./stream.js").Site["counts"]} counts
 */
function add(roots, report, path, counts) {
  const edge = path.findIndex((frame) => EDGE.test(frame.function));
  let level = roots;
  for (const frame of edge < 0 ? path : path.slice(0, edge)) {
    const key = `${frame.function} ${frame.file} ${frame.line}`;
    const branch = level.get(key) ?? { frame, children: new Map(), counts: report.profiles.map(() => null) };
    level.set(key, branch);
    counts.forEach((figures, index) => {
      if (figures) branch.counts[index] = (branch.counts[index] ?? 0) + figures.estimate;
    });
    level = branch.children;
  }
}

/**
 * A list of calls, each called by the one above it; where one calls several, each has a list of its own.
 * @param {Report} report
 * @param {Map<string, Branch>} level
 * @returns {HTMLElement}
 */
function branches(report, level) {
  const list = element("ul.tree");
  let here = level;
  while (here.size === 1) {
    const [branch] = here.values();
    if (!branch) break;
    list.append(element(`li.${branch.frame.origin}`, {}, frame(branch.frame)));
    here = branch.children;
  }
  for (const branch of here.values()) {
    const figures = branch.counts.flatMap((count, index) =>
      count === null ? [] : [element("span.count", {}, `${report.profiles[index]?.name} ${count}`)],
    );
    list.append(
      element(`li.${branch.frame.origin}.branch`, {}, frame(branch.frame), element("span.counts", {}, ...figures), branches(report, branch.children)),
    );
  }
  return list;
}

/**
 * A function and where it is; a click shows its source below it.
 * @param {{ function: string, file?: string | null, line?: number }} call
 */
export function frame(call) {
  const name = element("code", {}, call.function);
  const { file, line } = call;
  if (!file || !line || file === SNIPPET) {
    return element("span.frame", {}, name, file && line ? element("span.place", {}, ` line ${line}`) : null);
  }
  const place = element("button.place", { type: "button", "aria-expanded": "false", title: "Shows the source" }, `${short(file)}:${line}`);
  const whole = element("span.frame", {}, name, " ", place);
  place.addEventListener("click", async () => {
    const shown = whole.querySelector("pre");
    if (shown) shown.remove();
    else whole.append(await excerpt(file, line));
    place.setAttribute("aria-expanded", String(!shown));
  });
  return whole;
}

/** @param {string} file @param {number} line */
async function excerpt(file, line) {
  const response = await post("source", { file, line });
  if (!response.ok) return element("pre.source", {}, (await response.text()).trim());
  /** @type {{ first: number, lines: string[] }} */
  const { first, lines } = await response.json();
  const text = lines.map((content, index) => {
    const number = first + index;
    return element(number === line ? "span.meant" : "span", {}, `${String(number).padStart(5)}  ${content}\n`);
  });
  return element("pre.source", { tabindex: "0", "aria-label": `${short(file)} round line ${line}` }, ...text);
}

/** @param {string} file */
export function short(file) {
  return file.replace(/^\/rustc\/[^/]*\/library\//, "").replace(/^.*\/(library|registry\/src\/[^/]*)\//, "");
}
