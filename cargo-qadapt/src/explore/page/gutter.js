// What each line of the snippet does, beside it: debug, release, proof.

import { EditorView, GutterMarker, StateEffect, StateField, gutter } from "./editor.bundle.js";
import { many, size } from "./element.js";
import { isCall } from "./stream.js";

/** @typedef {import("./stream.js").Report} Report */
/** @typedef {import("./stream.js").Proof} Proof */
/** @typedef {{ allocs: number, frees: number, bytes: number }} Figures */
/** @typedef {{ debug?: Figures, release?: Figures, proof?: { word: string, why: string } }} Mark */
/** @typedef {Map<number, Mark>} Marks */

/** What a snippet's text is called in reports. */
export const SNIPPET = "src/main.rs";

/** The file in the editor, as reports call it. */
export const shown = { file: SNIPPET };

/**
 * The line of the shown file that `file:line` means, if it means one.
 * @param {string | null | undefined} place
 */
export function lineOf(place) {
  const found = place?.match(/^(.*):(\d+)$/);
  return found?.[1] === shown.file || found?.[1]?.endsWith(`/${shown.file}`) ? Number(found[2]) : null;
}

/**
 * An answer in words, as the command line has it.
 * @param {string} answer
 */
export function said(answer) {
  return answer === "blocks" ? "may block" : answer;
}

/**
 * @param {Report | null} report
 * @param {Proof[]} proofs
 * @returns {Marks}
 */
export function marks(report, proofs) {
  /** @type {Marks} */
  const found = new Map();
  const at = (/** @type {number} */ line) => {
    const mark = found.get(line) ?? {};
    found.set(line, mark);
    return mark;
  };
  for (const line of report?.lines ?? []) {
    if (line.file !== shown.file || !line.line || isCall(line.op)) continue;
    line.counts.forEach((counts, profile) => {
      const name = report?.profiles[profile]?.name;
      if (!counts || !line.line || (name !== "debug" && name !== "release")) return;
      const mark = at(line.line);
      const figures = mark[name] ?? { allocs: 0, frees: 0, bytes: 0 };
      mark[name] = figures;
      if (line.op === "dealloc") {
        figures.frees += counts.estimate;
      } else {
        figures.allocs += counts.estimate;
        figures.bytes += counts.bytes;
      }
    });
  }
  for (const verdict of proofs.flatMap((proof) => proof.verdicts)) {
    const opened = lineOf(verdict.at);
    if (opened) at(opened).proof ??= { word: verdict.answer, why: verdict.region };
    for (const path of verdict.paths) {
      const line = lineOf(path.at);
      const word = path.what === "waits" ? "blocks" : "allocates";
      if (line) at(line).proof = { word, why: `${path.what}${path.always ? "" : " on some path"}` };
    }
    for (const gap of verdict.answer === "unknown" ? verdict.gaps : []) {
      const line = lineOf(gap.at);
      if (line) at(line).proof ??= { word: "unknown", why: gap.why };
    }
  }
  return found;
}

const setMarks = /** @type {typeof StateEffect.define<Marks>} */ (StateEffect.define)();

const field = /** @type {typeof StateField.define<Marks>} */ (StateField.define)({
  create: () => new Map(),
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMarks)) return effect.value;
    return marks;
  },
});

class Cell extends GutterMarker {
  /**
   * @param {string} kind
   * @param {string[]} texts
   * @param {string} label
   */
  constructor(kind, texts, label) {
    super();
    this.kind = kind;
    this.texts = texts;
    this.label = label;
  }

  /** @param {GutterMarker} other */
  eq(other) {
    return other instanceof Cell && other.kind === this.kind && other.label === this.label && other.texts.join() === this.texts.join();
  }

  toDOM() {
    const cell = document.createElement("span");
    cell.className = `mark ${this.kind}`;
    cell.title = this.label;
    cell.setAttribute("aria-label", this.label);
    cell.setAttribute("role", "img");
    for (const text of this.texts) {
      const part = document.createElement("span");
      if (text.endsWith("B")) part.className = "bytes";
      part.textContent = text;
      cell.append(part);
    }
    return cell;
  }
}

/**
 * @param {"debug" | "release"} profile
 * @param {number} line
 * @param {Figures | undefined} figures
 */
function figuresCell(profile, line, figures) {
  if (!figures) return null;
  const parts = [];
  if (figures.allocs > 0) parts.push(`+${figures.allocs}`);
  if (figures.frees > 0) parts.push(`−${figures.frees}`);
  if (figures.bytes > 0) parts.push(size(figures.bytes));
  const words = [many(figures.allocs, "allocation"), many(figures.frees, "free"), `${size(figures.bytes)} asked for`];
  return new Cell(figures.allocs > 0 ? "allocates" : "frees", parts, `line ${line} in ${profile}: ${words.join(", ")}`);
}

/**
 * A gutter of one kind; a click on a line opens what is said of it.
 * @param {"debug" | "release" | "proof"} kind
 * @param {(line: number) => void} open
 */
function column(kind, open) {
  return gutter({
    class: `gutter-${kind}`,
    renderEmptyElements: true,
    lineMarker(view, block) {
      const line = view.state.doc.lineAt(block.from).number;
      const mark = view.state.field(field).get(line);
      if (!mark) return null;
      if (kind !== "proof") return figuresCell(kind, line, mark[kind]);
      if (!mark.proof) return null;
      const word = said(mark.proof.word);
      return new Cell(mark.proof.word, [word], `line ${line}, proof: ${word}: ${mark.proof.why}`);
    },
    lineMarkerChange: (update) => update.startState.field(field) !== update.state.field(field),
    domEventHandlers: {
      click(view, block) {
        open(view.state.doc.lineAt(block.from).number);
        return true;
      },
    },
  });
}

/**
 * The three gutters.
 * @param {(line: number) => void} open
 */
export function gutters(open) {
  return [field, column("debug", open), column("release", open), column("proof", open)];
}

/**
 * @param {EditorView} view
 * @param {Marks} marks
 */
export function show(view, marks) {
  view.dispatch({ effects: setMarks.of(marks) });
}
