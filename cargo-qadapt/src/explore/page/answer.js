// The answer beside the snippet: figures, lines with the calls that lead to them, verdicts, what was printed.

import { element, many, size } from "./element.js";
import { lineOf } from "./gutter.js";

/** @typedef {import("./stream.js").Report} Report */
/** @typedef {import("./stream.js").Line} Line */
/** @typedef {import("./stream.js").Frame} Frame */
/** @typedef {import("./stream.js").Proof} Proof */
/** @typedef {import("./stream.js").Verdict} Verdict */
/** @typedef {import("./stream.js").Mistake} Mistake */

/** What is known so far of a job. */
export class Answer {
  /** @type {Report | null} */
  report = null;
  /** @type {Proof[] | null} */
  proofs = null;
  /** @type {Mistake[]} */
  mistakes = [];
  /** @type {{ part: string, text: string }[]} */
  failures = [];
  /** @type {string[]} */
  problems = [];
  /** @type {Map<string, string>} */
  outputs = new Map();

  /** @param {import("./stream.js").Told} told */
  hear(told) {
    if (told.event === "report") {
      this.report = told.report;
      this.problems = told.problems;
    } else if (told.event === "proof") this.proofs = told.proofs;
    else if (told.event === "wrong") this.mistakes = told.mistakes;
    else if (told.event === "failed") this.failures.push(told);
    else if (told.event === "output") this.outputs.set(told.part, told.text);
  }
}

const NOUNS = { alloc: "allocation", "alloc-zeroed": "zeroed allocation", realloc: "reallocation", dealloc: "free" };

/**
 * @param {Answer} answer
 * @param {string} code the snippet that it is about
 * @param {(line: number) => void} go to a line of the snippet
 * @returns {HTMLElement[]}
 */
export function view(answer, code, go) {
  const source = code.split("\n");
  if (answer.mistakes.length > 0) return [mistakes(answer.mistakes, go)];
  return [
    ...answer.failures.map(({ part, text }) =>
      element("section.panel.bad", {}, element("h2", {}, `No ${part}`), element("pre", {}, text)),
    ),
    cards(answer),
    ...answer.problems.map((problem) => element("p.note", {}, problem)),
    lines(answer.report, source, go),
    verdicts(answer.proofs, go),
    outputs(answer.outputs),
  ].filter((part) => part !== null);
}

/** @param {Mistake[]} found @param {(line: number) => void} go */
function mistakes(found, go) {
  return element(
    "section.panel.bad",
    {},
    element("h2", {}, `It does not compile: ${many(found.length, "mistake")}`),
    ...found.map((mistake) =>
      element(
        "div.mistake",
        {},
        mistake.line > 0 ? jump(mistake.line, go) : null,
        element("pre", {}, mistake.rendered || mistake.message),
      ),
    ),
  );
}

/** @param {number} line @param {(line: number) => void} go */
function jump(line, go) {
  return element("button.jump", { type: "button", click: () => go(line) }, `line ${line}`);
}

/** @param {Answer} answer */
function cards({ report, proofs }) {
  const whole = report?.regions.find((region) => region.kind === "whole-program");
  const card = (/** @type {string} */ name) => {
    const index = report?.profiles.findIndex((profile) => profile.name === name) ?? -1;
    const counts = whole?.counts[index];
    const body = counts
      ? [
          element("p.figure", {}, element("b", {}, String(counts.allocs + counts.reallocs)), counts.allocs + counts.reallocs === 1 ? " allocation" : " allocations"),
          element("p.detail", {}, `${many(counts.deallocs, "free")}, ${size(counts.bytes)}, at most ${size(counts.peak_bytes)} at once`),
        ]
      : [element("p.detail", {}, index >= 0 ? "It touches the heap nowhere." : "…")];
    return element(`div.card${counts && counts.allocs + counts.reallocs > 0 ? "" : ".clean"}`, {}, element("h2", {}, name), ...body);
  };
  const all = (proofs ?? []).flatMap((proof) => proof.verdicts);
  const worst = ["allocates", "unknown", "missing", "proven"].find((word) => all.some((verdict) => verdict.answer === word));
  const proof = element(
    `div.card${worst === "proven" ? ".clean" : ""}`,
    {},
    element("h2", {}, "proof"),
    worst
      ? element("p.figure", {}, element("b", {}, worst.toUpperCase()))
      : element("p.detail", {}, proofs ? "There is no function to prove." : "…"),
    worst ? element("p.detail", {}, `${many(all.length, "region")}, release build, every path`) : null,
  );
  return element("div.cards", {}, card("debug"), card("release"), proof);
}

/**
 * @param {Report | null} report
 * @param {string[]} source
 * @param {(line: number) => void} go
 */
function lines(report, source, go) {
  if (!report || report.lines.length === 0) return null;
  return element("section", {}, element("h2", {}, "Where"), ...report.lines.map((line) => lineDetails(report, line, source, go)));
}

/**
 * @param {Report} report
 * @param {Line} line
 * @param {string[]} source
 * @param {(line: number) => void} go
 */
function lineDetails(report, line, source, go) {
  const own = line.file === "src/main.rs" && line.line ? line.line : null;
  const text = own ? (source[own - 1] ?? "").trim() : line.function;
  const figures = report.profiles.map((profile, index) => {
    const counts = line.counts[index];
    const what = counts ? `${counts.estimate}${line.op === "dealloc" ? "" : `, ${size(counts.bytes)}`}` : "none";
    return element(`span.count${counts ? "" : ".none"}`, {}, `${profile.name} ${what}`);
  });
  const details = element(
    "details.site",
    own ? { "data-line": String(own) } : {},
    element(
      "summary",
      {},
      element("span.where", {}, own ? `${own}` : "…"),
      element("code", {}, text || line.function),
      element("span.what", {}, NOUNS[line.op], line.called.length > 0 ? element("span.called", {}, ` ${line.called.join(", ")}`) : null),
      element("span.counts", {}, ...figures),
      line.mark ? element("span.badge.differs", {}, line.mark) : null,
    ),
    ...line.advice.map((advice) => element("p.advice", {}, element("b", {}, "Instead: "), advice.text)),
    own ? jump(own, go) : null,
  );
  // The stacks only when they are looked at.
  details.addEventListener("toggle", () => details.append(tree(report, line)), { once: true });
  return details;
}

/** @typedef {{ frame: Frame, children: Map<number, Branch>, counts: (number | null)[] }} Branch */

/**
 * The calls from the line down to the allocator, those of several stacks in one tree.
 * @param {Report} report
 * @param {Line} line
 */
function tree(report, line) {
  /** @type {Map<number, Branch>} */
  const roots = new Map();
  for (const site of report.sites) {
    if (site.region !== line.region || site.op !== line.op) continue;
    // Innermost first: the line is the first frame of the snippet's own.
    const from = site.stack.findIndex((number) => {
      const frame = report.frames[number];
      return frame?.file === line.file && frame?.line === line.line;
    });
    if (from < 0) continue;
    let level = roots;
    for (const number of site.stack.slice(0, from + 1).reverse()) {
      const frame = report.frames[number];
      if (!frame) continue;
      const branch = level.get(number) ?? { frame, children: new Map(), counts: report.profiles.map(() => null) };
      level.set(number, branch);
      site.counts.forEach((counts, index) => {
        if (counts) branch.counts[index] = (branch.counts[index] ?? 0) + counts.estimate;
      });
      level = branch.children;
    }
  }
  return element("div.calls", {}, element("h3", {}, "Calls"), branches(report, roots));
}

/** @param {Report} report @param {Map<number, Branch>} level @returns {HTMLElement} */
function branches(report, level) {
  return element(
    "ul.tree",
    {},
    ...[...level.values()].map(({ frame, children, counts }) =>
      element(
        `li.${frame.origin}`,
        {},
        element("code", {}, frame.function),
        element("span.place", {}, frame.file ? ` ${short(frame.file)}:${frame.line}` : ""),
        level.size > 1
          ? element("span.counts", {}, ...counts.map((count, index) => element("span.count", {}, `${report.profiles[index]?.name} ${count ?? "none"}`)))
          : null,
        children.size > 0 ? branches(report, children) : null,
      ),
    ),
  );
}

/** @param {string} file */
function short(file) {
  return file.replace(/^.*\/(library|registry\/src\/[^/]*)\//, "");
}

/** @param {Proof[] | null} proofs @param {(line: number) => void} go */
function verdicts(proofs, go) {
  const all = (proofs ?? []).flatMap((proof) => proof.verdicts);
  if (all.length === 0) return null;
  return element("section", {}, element("h2", {}, "Proof, of the release build"), ...all.map((found) => verdict(found, go)));
}

/** @param {Verdict} found @param {(line: number) => void} go */
function verdict(found, go) {
  const at = lineOf(found.at);
  return element(
    `details.site.${found.answer}`,
    at ? { "data-line": String(at) } : {},
    element(
      "summary",
      {},
      element("span.where", {}, at ? String(at) : "…"),
      element("code", {}, found.region),
      element(`span.word.${found.answer}`, {}, found.answer.toUpperCase()),
    ),
    found.answer === "proven" ? element("p", {}, "No path through it reaches the allocator.") : null,
    ...found.paths.map((path) => {
      const line = lineOf(path.at);
      const frames = path.hops.flatMap((hop) => [...hop.frames].reverse());
      return element(
        "div",
        {},
        element("p", {}, element("b", {}, path.what), path.always ? " always" : " on some path", line ? " " : "", line ? jump(line, go) : null),
        path.advice ? element("p.advice", {}, element("b", {}, "Instead: "), path.advice.text) : null,
        element(
          "ol.path",
          {},
          ...frames.map((frame) =>
            element(`li.${frame.origin}`, {}, element("code", {}, frame.function), element("span.place", {}, frame.at ? ` ${short(frame.at)}` : "")),
          ),
          element("li.internal", {}, element("code", {}, path.hops.at(-1)?.calls ?? "")),
        ),
      );
    }),
    ...(found.answer === "unknown" ? found.gaps : []).map((gap) =>
      element("div", {}, element("p", {}, gap.why), element("p.advice", {}, element("b", {}, "To settle it: "), gap.settle)),
    ),
  );
}

/** @param {Map<string, string>} found */
function outputs(found) {
  const texts = [...found].filter(([, text]) => text.trim() !== "");
  if (texts.length === 0) return null;
  const [first] = texts;
  const same = texts.every(([, text]) => text === first?.[1]);
  const shown = same && first ? [[texts.map(([part]) => part).join(" and "), first[1]]] : texts;
  return element(
    "section",
    {},
    element("h2", {}, "Printed"),
    ...shown.map(([part, text]) => element("div", {}, element("h3", {}, `in ${part}`), element("pre", {}, text ?? ""))),
  );
}
