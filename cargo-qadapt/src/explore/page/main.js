// The page: an editor, and what is said of what is in it.

import {
  EditorState, EditorView, HighlightStyle, Prec, bracketMatching, closeBrackets, closeBracketsKeymap, defaultKeymap, drawSelection,
  highlightActiveLine, history, historyKeymap, indentOnInput, indentUnit, indentWithTab, keymap, lineNumbers, lintKeymap, rust,
  searchKeymap, setDiagnostics, syntaxHighlighting, tags,
} from "./editor.bundle.js";
import { Answer, view as answerView } from "./answer.js";
import { byId, element } from "./element.js";
import { gutters, marks, show } from "./gutter.js";
import { post, run } from "./stream.js";

const FIRST = `// Does it allocate? Type here; the gutter says what each line does.
let mut list = Vec::new();
for number in 0..10 {
    list.push(number);
}
let text = format!("{list:?}");
println!("{text}");
`;

/** How long after the last key a run begins, in milliseconds. */
const PAUSE = 300;

const tab = crypto.randomUUID();

/** @type {AbortController | null} */
let running = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.controlKeyword], color: "var(--keyword)" },
  { tag: [tags.string, tags.character, tags.special(tags.string)], color: "var(--string)" },
  { tag: [tags.number, tags.bool], color: "var(--number)" },
  { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.className, tags.namespace], color: "var(--type)" },
  { tag: [tags.macroName, tags.meta], color: "var(--macro)" },
]);

const editor = new EditorView({
  parent: byId("editor"),
  state: EditorState.create({
    doc: FIRST,
    extensions: [
      EditorView.cspNonce.of(document.querySelector('meta[name="nonce"]')?.getAttribute("content") ?? ""),
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (start(), true) }])),
      gutters(openLine),
      lineNumbers(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      syntaxHighlighting(colours),
      rust(),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap, indentWithTab]),
      EditorView.contentAttributes.of({ "aria-label": "Rust snippet" }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        clearTimeout(timer);
        timer = setTimeout(start, PAUSE);
      }),
    ],
  }),
});

/** @param {string} text @param {boolean} [works] */
function say(text, works = false) {
  byId("status").textContent = text;
  document.body.classList.toggle("works", works);
  byId("stop").toggleAttribute("disabled", !works);
}

/** Begins a job; the one before ends. */
async function start() {
  clearTimeout(timer);
  running?.abort();
  const own = (running = new AbortController());
  const code = editor.state.doc.toString();
  const answer = new Answer();
  const begun = performance.now();
  let doing = "asking";
  // From the first tenth of a second on it is said what goes on.
  const ticker = setInterval(() => say(`${doing} · ${((performance.now() - begun) / 1000).toFixed(1)} s`, true), 100);
  byId("stop").removeAttribute("disabled");
  try {
    await run({ tab, code }, own.signal, (told) => {
      if (running !== own) return;
      if (told.event === "progress") {
        if (told.text) doing = told.text;
        return;
      }
      if (told.event === "done") return;
      if (told.event === "report" || told.event === "proof") doing = "running and proving";
      answer.hear(told);
      draw(answer, code);
    });
    if (running === own) say(`done in ${((performance.now() - begun) / 1000).toFixed(2)} s`);
  } catch (error) {
    if (running === own) {
      if (own.signal.aborted) say("stopped");
      else say(`the server does not answer: is \`cargo qadapt explore\` still running? (${error instanceof Error ? error.message : error})`);
    }
  } finally {
    clearInterval(ticker);
  }
}

function stop() {
  clearTimeout(timer);
  running?.abort();
  void post("stop", { tab });
}

/** @param {Answer} answer @param {string} code */
function draw(answer, code) {
  show(editor, marks(answer.report, answer.proofs ?? []));
  const document = editor.state.doc;
  const place = (/** @type {number} */ line, /** @type {number} */ column) => {
    const { from, to } = document.line(Math.min(Math.max(line, 1), document.lines));
    return Math.min(from + column - 1, to);
  };
  const found = answer.mistakes
    .filter((mistake) => mistake.line > 0)
    .map((mistake) => ({
      from: place(mistake.line, mistake.column),
      to: Math.max(place(mistake.end_line, mistake.end_column), place(mistake.line, mistake.column)),
      severity: /** @type {const} */ ("error"),
      message: mistake.message,
    }));
  editor.dispatch(setDiagnostics(editor.state, found));
  const open = new Set([...byId("answer").querySelectorAll("details[open]")].map((details) => details.querySelector("summary")?.textContent));
  byId("answer").replaceChildren(...answerView(answer, code, go));
  for (const details of byId("answer").querySelectorAll("details")) {
    if (open.has(details.querySelector("summary")?.textContent)) details.open = true;
  }
}

/** Puts the cursor into a line. @param {number} line */
function go(line) {
  if (line > editor.state.doc.lines) return;
  const { from } = editor.state.doc.line(line);
  editor.dispatch({ selection: { anchor: from }, scrollIntoView: true });
  editor.focus();
}

/** Opens what is said of a line. @param {number} line */
function openLine(line) {
  const found = /** @type {HTMLDetailsElement[]} */ ([...byId("answer").querySelectorAll(`details[data-line="${line}"]`)]);
  for (const details of found) details.open = true;
  found[0]?.querySelector("summary")?.focus();
  found[0]?.scrollIntoView({ block: "nearest" });
}

const THEMES = /** @type {const} */ (["system", "light", "dark"]);

/** @param {number} index */
function theme(index) {
  const name = THEMES[index % THEMES.length] ?? "system";
  if (name === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = name;
  byId("theme").textContent = `Theme: ${name}`;
  byId("theme").onclick = () => theme(index + 1);
}

byId("run").addEventListener("click", () => void start());
byId("stop").addEventListener("click", stop);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !editor.hasFocus) stop();
});
theme(0);
byId("answer").append(
  element("div.panel", {}, element("h2", {}, "Does this code allocate?"), element("p", {}, "The answer comes here.")),
);
const about = await (await fetch("project")).json();
byId("project").textContent = about.name;
void start();
