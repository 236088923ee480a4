// The answer beside the snippet: figures, lines with the calls that lead to them, verdicts, what was printed.

import { calls, frame } from "./calls.js";
import { element, many, size } from "./element.js";
import { SNIPPET, lineOf, said, shown } from "./gutter.js";
import { isCall } from "./stream.js";

/** @typedef {import("./stream.js").Report} Report */
/** @typedef {import("./stream.js").Line} Line */
/** @typedef {import("./stream.js").Proof} Proof */
/** @typedef {import("./stream.js").Verdict} Verdict */
/** @typedef {import("./stream.js").Mistake} Mistake */
/** @typedef {import("./stream.js").Code} Code */
/** @typedef {(line: number, file?: string) => void} Go to a line of the file that is shown, or of another one */

/** What is known so far of a job. */
export class Answer {
  /** @type {Report | null} */
  report = null;
  /** @type {Proof[] | null} */
  proofs = null;
  /** @type {Code[]} */
  code = [];
  /** @type {Mistake[]} */
  mistakes = [];
  /** @type {{ part: string, text: string }[]} */
  failures = [];
  /** @type {string[]} */
  problems = [];
  /** @type {Map<string, string>} */
  outputs = new Map();
  isDone = false;

  /** @param {import("./stream.js").Told} told */
  hear(told) {
    if (told.event === "report") {
      this.report = told.report;
      this.problems = told.problems;
    } else if (told.event === "proof") {
      this.proofs = told.proofs;
      this.code = told.code;
    } else if (told.event === "wrong") this.mistakes = told.mistakes;
    else if (told.event === "failed") this.failures.push(told);
    else if (told.event === "output") this.outputs.set(told.part, told.text);
    else if (told.event === "done") this.isDone = true;
  }

  /** Whether there is anything to show: a part that fails may say less of a mistake than the one that is to come. */
  get isShown() {
    return this.isDone || this.report !== null || this.proofs !== null || this.mistakes.length > 0;
  }
}

/** @type {Record<string, string>} */
const NOUNS = { alloc: "allocation", "alloc-zeroed": "zeroed allocation", realloc: "reallocation", dealloc: "free" };

/** @param {import("./stream.js").Op} op */
const noun = (op) => NOUNS[op] ?? `blocking call of ${op}`;

/**
 * @param {Answer} answer
 * @param {string} code what is in the editor
 * @param {Go} go
 * @returns {HTMLElement[]}
 */
export function view(answer, code, go) {
  const source = code.split("\n");
  if (answer.mistakes.length > 0) return [mistakes(answer.mistakes, go)];
  return [
    ...answer.failures.map(({ part, text }) => element("section.panel.bad", {}, element("h2", {}, `No ${part}`), element("pre", {}, text))),
    cards(answer),
    ...answer.problems.map((problem) => element("p.note", {}, problem)),
    where(answer.report, source, go),
    verdicts(answer.proofs, go),
    outputs(answer.outputs),
    machineCode(answer.code, source),
  ].filter((part) => part !== null);
}

/** @param {Mistake[]} found @param {Go} go */
function mistakes(found, go) {
  return element(
    "section.panel.bad",
    {},
    element("h2", {}, `It does not compile: ${many(found.length, "mistake")}`),
    ...found.map((mistake) =>
      element("div.mistake", {}, mistake.line > 0 ? jump(mistake.line, go, mistake.file) : null, element("pre", {}, mistake.rendered || mistake.message)),
    ),
  );
}

/** @param {number} line @param {Go} go @param {string} [file] the one that is shown if none is named */
function jump(line, go, file = shown.file) {
  const isShown = file === shown.file;
  const text = isShown ? `line ${line}` : `${file}:${line}`;
  return element("button.jump", { type: "button", click: () => (isShown ? go(line) : go(line, file)) }, text);
}

/** @param {Answer} answer */
function cards({ report, proofs, isDone }) {
  const whole = report?.regions.find((region) => region.kind === "whole-program");
  const card = (/** @type {string} */ name) => {
    const index = report?.profiles.findIndex((profile) => profile.name === name) ?? -1;
    const counts = whole?.counts[index];
    const requests = counts ? counts.allocs + counts.reallocs : 0;
    const body = counts
      ? [
          element("p.figure", {}, element("b", {}, requests.toLocaleString("en")), requests === 1 ? " allocation" : " allocations"),
          element("p.detail", {}, `${many(counts.deallocs, "free")} · ${size(counts.bytes)} asked for · ${size(counts.peak_bytes)} at once`),
        ]
      : [element("p.detail", {}, index >= 0 ? "Nothing touches the heap." : isDone ? "It did not run." : "…")];
    return element(`div.card${requests > 0 ? "" : ".clean"}`, {}, element("h2", {}, name), ...body);
  };
  const all = (proofs ?? []).flatMap((proof) => proof.verdicts);
  const words = /** @type {const} */ (["allocates", "blocks", "unknown", "missing", "proven"]);
  const worst = words.find((word) => all.some((verdict) => verdict.answer === word));
  const others = words.filter((word) => word !== worst).map((word) => /** @type {const} */ ([word, all.filter((verdict) => verdict.answer === word).length]));
  const proof = element(
    `div.card.${worst ?? "clean"}`,
    {},
    element("h2", {}, "proof of release"),
    worst ? element("p.figure", {}, element("b.answered", {}, said(worst).toUpperCase())) : null,
    element(
      "p.detail",
      {},
      worst
        ? [many(all.length, all.length === 1 ? "function" : "function"), ...others.filter(([, count]) => count > 0).map(([word, count]) => `${count} ${said(word)}`)].join(" · ")
        : proofs || isDone
          ? shown.file === SNIPPET
            ? "Release has left no function to prove."
            : "It has no protected region."
          : "…",
    ),
  );
  return element("div.cards", {}, card("debug"), card("release"), proof);
}

/** @param {Line[]} lines @param {number} profile */
function figures(lines, profile) {
  const sum = { allocs: 0, frees: 0, bytes: 0, waits: 0 };
  for (const { op, counts } of lines) {
    const own = counts[profile];
    if (!own) continue;
    if (op === "dealloc") sum.frees += own.estimate;
    else if (isCall(op)) sum.waits += own.estimate;
    else {
      sum.allocs += own.estimate;
      sum.bytes += own.bytes;
    }
  }
  const words = [sum.allocs > 0 ? `+${sum.allocs}` : "", sum.frees > 0 ? `−${sum.frees}` : "", sum.bytes > 0 ? size(sum.bytes) : "", sum.waits > 0 ? many(sum.waits, "call") : ""];
  return words.filter((word) => word !== "").join(" ") || "none";
}

/**
 * The lines that touch the heap, each once.
 * @param {Report | null} report
 * @param {string[]} source
 * @param {Go} go
 */
function where(report, source, go) {
  if (!report || report.lines.length === 0) return null;
  /** @type {Map<number, Line[]>} */
  const own = new Map();
  /** @type {Line[]} */
  const others = [];
  for (const line of report.lines) {
    if (line.file === shown.file && line.line) own.set(line.line, [...(own.get(line.line) ?? []), line]);
    else others.push(line);
  }
  const numbers = [...own.keys()].sort((a, b) => a - b);
  return element(
    "section",
    {},
    element(
      "h2.row",
      {},
      element("span", {}, "Where"),
      ...report.profiles.map((profile) => element("span.count", {}, profile.name)),
    ),
    since(report, numbers.find((number) => own.get(number)?.some((line) => /^only in|^at this line|^both, not|zeroed$/.test(line.mark))), go),
    ...numbers.map((number) => lineDetails(report, number, own.get(number) ?? [], source, go)),
    ...(shown.file === SNIPPET ? [] : elsewhere(report, others, go)),
    others.length > 0 ? beside(report, others) : null,
  );
}

/**
 * From which line on debug and release differ.
 * @param {Report} report
 * @param {number | undefined} first
 * @param {Go} go
 */
function since(report, first, go) {
  if (report.profiles.length < 2 || first === undefined) return null;
  return element("p.since", {}, "Debug and release differ from ", jump(first, go), " on.");
}

/**
 * @param {Report} report
 * @param {number} number
 * @param {Line[]} lines
 * @param {string[]} source
 * @param {Go} go
 */
function lineDetails(report, number, lines, source, go) {
  const isInside = number <= source.length;
  const text = isInside ? (source[number - 1] ?? "").trim() : "the end of main";
  const differs = lines.filter((line) => line.mark !== "" && line.mark !== "both");
  const details = element(
    "details.site",
    { "data-line": String(number) },
    element(
      "summary",
      {},
      element("span.where", {}, isInside ? String(number) : ""),
      isInside ? element("code", {}, text) : element("span.text", {}, text),
      ...report.profiles.map((profile, index) => {
        const words = figures(lines, index);
        return element(`span.count${words === "none" ? ".none" : ""}`, { "aria-label": `${profile.name}: ${words}` }, words);
      }),
    ),
    ...differs.map((line) => element("p", {}, element("span.badge.differs", {}, `${noun(line.op)}: ${line.mark}`))),
    element("p.what", {}, ...lines.map((line) => element("span", {}, noun(line.op), line.called.length > 0 ? element("code", {}, ` ${line.called.join(", ")}`) : null))),
    ...advice(lines),
    isInside ? jump(number, go) : null,
  );
  // The stacks only when they are looked at.
  details.addEventListener("toggle", () => details.append(calls(report, lines)), { once: true });
  return details;
}

/** @param {Line[]} lines */
function advice(lines) {
  const texts = new Map(lines.flatMap((line) => line.advice.map((piece) => [piece.id, piece.text])));
  return [...texts.values()].map((text) => element("p.advice", {}, element("b", {}, "Instead: "), text));
}

/**
 * Files that are not shown, each with what its lines do: those of the project, which can be opened.
 * @param {Report} report
 * @param {Line[]} lines
 * @param {Go} go
 */
function elsewhere(report, lines, go) {
  const files = new Set(lines.map((line) => line.file).filter((file) => file !== null && !file.startsWith("/")));
  return [...files].sort().map((file) => {
    const here = lines.filter((line) => line.file === file);
    const open = element("button.jump", { type: "button", click: () => go(here[0]?.line ?? 1, file ?? "") }, file);
    return element("p.row.file", {}, element("span", {}, open), ...report.profiles.map((_, index) => element("span.count", {}, figures(here, index))));
  });
}

/**
 * What no line of the project does: the start and the end of every program.
 * @param {Report} report
 * @param {Line[]} all
 */
function beside(report, all) {
  const isSnippet = shown.file === SNIPPET;
  const lines = isSnippet ? all : all.filter((line) => line.file === null || line.file.startsWith("/"));
  if (lines.length === 0) return null;
  return element(
    "details.site.beside",
    {},
    element(
      "summary",
      {},
      element("span.where"),
      element("span.text", {}, isSnippet ? "outside of the snippet: Rust's start and end" : "outside of the project's code"),
      ...report.profiles.map((_, index) => element("span.count", {}, figures(lines, index))),
    ),
    element("ul.tree", {}, ...lines.map((line) => element("li", {}, element("code", {}, line.function), ` ${noun(line.op)}`))),
  );
}

/** @param {Proof[] | null} proofs @param {Go} go */
function verdicts(proofs, go) {
  const all = (proofs ?? []).flatMap((proof) => proof.verdicts.map((found) => verdict(found, proof.subject, go)));
  if (all.length === 0) return null;
  return element("section", {}, element("h2", {}, "Proof, of the release build"), ...all);
}

/** What a proof says. */
const PROVEN = {
  allocation: "No path through it reaches the allocator, whatever it is given.",
  blocking: "No path through it comes to a call in which the thread may wait, whatever it is given.",
};

/** @param {Verdict} found @param {Proof["subject"]} subject @param {Go} go */
function verdict(found, subject, go) {
  const at = lineOf(found.at);
  return element(
    `details.site.${found.answer}`,
    at ? { "data-line": String(at) } : {},
    element(
      "summary",
      {},
      element("span.where", {}, at ? String(at) : ""),
      element("code", {}, found.region),
      element(`span.word.${found.answer}`, {}, said(found.answer).toUpperCase()),
    ),
    found.answer === "proven" ? element("p", {}, PROVEN[subject]) : null,
    found.answer === "missing" ? element("p", {}, "Release has left no copy of it.") : null,
    ...found.paths.map((path) => {
      const line = lineOf(path.at);
      const frames = path.hops.flatMap((hop) => [...hop.frames].reverse());
      return element(
        "div",
        {},
        element("p", {}, element("b", {}, path.what), path.always ? " always " : " on some path ", line ? jump(line, go) : null),
        path.advice ? element("p.advice", {}, element("b", {}, "Instead: "), path.advice.text) : null,
        element(
          "ol.tree",
          {},
          ...frames.map(({ function: name, at: place, origin }) => {
            const split = place?.match(/^(.*):(\d+)$/);
            return element(`li.${origin}`, {}, frame({ function: name, file: split?.[1] ?? null, line: Number(split?.[2] ?? 0) }));
          }),
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
  const [first] = texts;
  if (!first) return null;
  const isSame = texts.length > 1 && texts.every(([, text]) => text === first[1]);
  const shown = isSame ? [/** @type {const} */ (["in debug and release", first[1]])] : texts.map(([part, text]) => /** @type {const} */ ([`in ${part}`, text]));
  return element("section", {}, element("h2", {}, "Printed"), ...shown.map(([part, text]) => element("div", {}, element("h3", {}, part), element("pre", {}, text))));
}

/** @param {Code[]} code @param {string[]} source */
function machineCode(code, source) {
  if (code.length === 0) return null;
  return element(
    "section",
    {},
    element("h2", {}, "Machine code, of the release build"),
    ...code.map(({ name, instructions, is_cut }) => {
      const details = element(
        "details.site",
        {},
        element("summary", {}, element("span.where"), element("code", {}, name), element("span.count.wide", {}, many(instructions.length, "instruction"))),
      );
      details.addEventListener(
        "toggle",
        () => {
          let last = 0;
          const lines = instructions.flatMap(([line, text]) => {
            const call = /^call/.test(text) && /alloc/.test(text) ? "span.meant" : "span";
            const row = element(call, {}, `    ${text}\n`);
            if (line === last || line === 0 || line > source.length) return [row];
            last = line;
            return [element("span.line", {}, `${String(line).padStart(3)}  ${(source[line - 1] ?? "").trim()}\n`), row];
          });
          details.append(element("pre.source", { tabindex: "0" }, ...lines, is_cut ? "    …" : ""));
        },
        { once: true },
      );
      return details;
    }),
  );
}
