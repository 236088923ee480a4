// The page: an editor, and what is said of what is in it.

import {
  Compartment, EditorState, EditorView, HighlightStyle, Prec, bracketMatching, closeBrackets, closeBracketsKeymap, defaultKeymap, drawSelection,
  highlightActiveLine, history, historyKeymap, indentOnInput, indentUnit, indentWithTab, keymap, lineNumbers, lintKeymap, rust,
  searchKeymap, setDiagnostics, syntaxHighlighting, tags,
} from "./editor.bundle.js";
import { Answer, view as answerView } from "./answer.js";
import { byId, element } from "./element.js";
import { Files } from "./files.js";
import { SNIPPET, gutters, marks, show, shown } from "./gutter.js";
import { download, fromFragment, toFragment, toIssue } from "./share.js";
import { listen, post } from "./stream.js";

/** @typedef {{ name: string, title: string, sentence: string, code: string }} Example */
/** @typedef {{ name: string, crates: string[], features: string[], allocators: string[], closed: boolean, examples: Example[], files: string[], targets: import("./files.js").Target[] }} About */

/** How long after the last key a run begins, in milliseconds. */
const PAUSE = 300;

const tab = crypto.randomUUID();
const options = /** @type {HTMLFormElement} */ (byId("options"));

/** @type {AbortController | null} */
let running = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let last = { answer: new Answer(), code: "" };

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.controlKeyword], color: "var(--keyword)" },
  { tag: [tags.string, tags.character, tags.special(tags.string)], color: "var(--string)" },
  { tag: [tags.number, tags.bool], color: "var(--number)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.className, tags.namespace], color: "var(--type)" },
  { tag: [tags.macroName, tags.meta], color: "var(--macro)" },
]);

/** Whether the editor edits: a file of the project is edited elsewhere. */
const editing = new Compartment();

const editor = new EditorView({
  parent: byId("editor"),
  state: EditorState.create({
    extensions: [
      EditorView.cspNonce.of(document.querySelector('meta[name="nonce"]')?.getAttribute("content") ?? ""),
      Prec.highest(
        keymap.of([
          { key: "Mod-Enter", run: startNow },
          { key: "Alt-g", run: (view) => openLine(view.state.doc.lineAt(view.state.selection.main.head).number) },
        ]),
      ),
      gutters(openLine),
      lineNumbers(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      EditorView.lineWrapping,
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      syntaxHighlighting(colours),
      rust(),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap, indentWithTab]),
      EditorView.contentAttributes.of({ "aria-label": "Rust snippet" }),
      editing.of([]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !files.isOpen) soon();
      }),
    ],
  }),
});

function soon() {
  clearTimeout(timer);
  timer = setTimeout(start, PAUSE);
}

/** @param {string} text @param {boolean} [works] */
function say(text, works = false) {
  byId("status").textContent = text;
  document.body.classList.toggle("works", works);
  byId("stop").toggleAttribute("disabled", !works);
}

/** What is chosen below the editor. */
function chosen() {
  const data = new FormData(options);
  const text = (/** @type {string} */ name) => String(data.get(name) ?? "");
  const how = Object.fromEntries(["edition", "opt_level", "lto", "allocator"].map((name) => [name, text(name)]).filter(([, value]) => value !== ""));
  const features = text("features").split(/[\s,]+/).filter((name) => name !== "");
  if (features.length > 0) Object.assign(how, { features });
  if (text("blocking")) Object.assign(how, { blocking: true });
  return { input: text("input"), arguments: text("arguments"), how };
}

/** The key's command. */
function startNow() {
  void start();
  return true;
}

/** Begins a job; the one before ends. */
async function start() {
  clearTimeout(timer);
  running?.abort();
  const own = new AbortController();
  running = own;
  const code = editor.state.doc.toString();
  if (code.trim() === "" && !files.isOpen) {
    running = null;
    void post("stop", { tab });
    last = { answer: new Answer(), code };
    show(editor, new Map());
    teach();
    say("");
    return;
  }
  const answer = new Answer();
  last = { answer, code };
  const begun = performance.now();
  let doing = "asking";
  // From the first tenth of a second on it is said what goes on; read aloud only once it takes long.
  const ticker = setInterval(() => say(`${doing} · ${((performance.now() - begun) / 1000).toFixed(1)} s`, true), 100);
  byId("status").setAttribute("aria-live", "off");
  byId("stop").removeAttribute("disabled");
  try {
    const { input, arguments: words, how } = chosen();
    const subject = files.isOpen ? { target: files.target } : { code };
    if (subject.target === null) {
      say("there is nothing to run: the package has no test, bench, example or binary");
      return;
    }
    const job = { tab, ...subject, input, arguments: words.split("\n").filter((word) => word !== ""), how };
    await listen("run", job, own.signal, (told) => {
      if (running !== own) return;
      if (told.event === "progress") {
        if (told.text) doing = told.text;
        return;
      }
      answer.hear(told);
      if (told.event === "report" || told.event === "proof") doing = "running and proving";
      if (answer.isShown) draw(answer, code);
    });
    if (running === own) {
      byId("status").setAttribute("aria-live", "polite");
      say(`${outcome(answer)} · ${((performance.now() - begun) / 1000).toFixed(2)} s`);
    }
  } catch (error) {
    if (running === own) {
      byId("status").setAttribute("aria-live", "polite");
      if (own.signal.aborted) say("stopped");
      else say(`the server does not answer: is \`cargo qadapt explore\` still running? (${error instanceof Error ? error.message : error})`);
    }
  } finally {
    clearInterval(ticker);
  }
}

/** @param {Answer} answer */
function outcome(answer) {
  if (answer.mistakes.length > 0) return "it does not compile";
  if (answer.failures.length > 0) return "not all could be done";
  return "done";
}

function stop() {
  clearTimeout(timer);
  running?.abort();
  void post("stop", { tab });
}

/** @param {Answer} answer @param {string} code */
function draw(answer, code) {
  show(editor, marks(answer.report, answer.proofs ?? []));
  const text = editor.state.doc;
  const place = (/** @type {number} */ line, /** @type {number} */ column) => {
    const { from, to } = text.line(Math.min(Math.max(line, 1), text.lines));
    return Math.min(from + column - 1, to);
  };
  const found = answer.mistakes
    .filter((mistake) => mistake.line > 0 && mistake.file === shown.file)
    .map((mistake) => ({
      from: place(mistake.line, mistake.column),
      to: Math.max(place(mistake.end_line, mistake.end_column), place(mistake.line, mistake.column)),
      severity: /** @type {const} */ ("error"),
      message: mistake.message,
    }));
  editor.dispatch(setDiagnostics(editor.state, found));
  const key = (/** @type {Element} */ details) => details.querySelector("summary code, summary .text")?.textContent;
  const open = new Set([...byId("answer").querySelectorAll("details[open]")].map(key));
  byId("answer").replaceChildren(...answerView(answer, code, go));
  for (const details of byId("answer").querySelectorAll("details")) {
    if (open.has(key(details))) details.open = true;
  }
}

/** Puts the cursor into a line, of another file if one is named. @param {number} line @param {string} [file] */
function go(line, file) {
  if (file !== undefined) {
    openFile(file, line);
    return;
  }
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
  return true;
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

/** Puts a snippet into the editor, which runs it unless it comes from elsewhere. @param {string} code */
function load(code) {
  if (files.isOpen) {
    files.close();
    shown.file = SNIPPET;
    becomes(false);
  }
  put(code);
}

/** The line that is gone to once the file is there. */
let wanted = 0;

/** @param {string} file @param {number} [line] */
function openFile(file, line = 0) {
  wanted = line;
  show(editor, new Map());
  becomes(true);
  picker.value = `file ${file}`;
  files.open(file);
}

/** The file that is open, as it is now. @param {string} text */
function read(text) {
  const { scrollTop } = editor.scrollDOM;
  if (text !== editor.state.doc.toString()) put(text);
  editor.scrollDOM.scrollTop = scrollTop;
  if (wanted > 0) go(wanted);
  wanted = 0;
  void start();
}

/** What can be done with a file cannot be done with a snippet, and the reverse. @param {boolean} isFile */
function becomes(isFile) {
  byId("target").parentElement?.toggleAttribute("hidden", !isFile);
  byId("link").toggleAttribute("hidden", isFile);
  for (const name of ["edition", "allocator"]) {
    const field = options.elements.namedItem(name);
    if (field instanceof HTMLSelectElement) field.disabled = isFile;
  }
  editor.dispatch({ effects: editing.reconfigure(isFile ? [EditorState.readOnly.of(true), EditorView.contentAttributes.of({ "aria-label": "File of the project, read-only" })] : []) });
}

/** @param {string} code */
function put(code) {
  editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: code }, selection: { anchor: 0 } });
}

/** What is there before anything is typed. */
function teach() {
  byId("answer").replaceChildren(
    element(
      "div.panel",
      {},
      element("h2", {}, "Does this code allocate?"),
      element("p", {}, "Type statements, a function or a whole program. While you pause it is built and run in debug and in release, and its machine code is read."),
      element(
        "dl.legend",
        {},
        element("dt", {}, element("span.mark.allocates", {}, "+3 112 B")),
        element("dd", {}, "The line asked for memory three times, for 112 bytes."),
        element("dt", {}, element("span.mark.frees", {}, "−1")),
        element("dd", {}, "It gave a block back."),
        element("dt", {}, element("span.mark.proven", {}, "proven")),
        element("dd", {}, "No path through this function reaches the allocator, whatever it is given."),
        element("dt", {}, element("span.mark.allocates", {}, "allocates")),
        element("dd", {}, "Some path does, through this line."),
      ),
      element("p", {}, "Mark a function with ", element("code", {}, "#[allocate_panic]"), " to have it proven by itself. It can use ", element("span#crates", {}, crates), ", and every other crate of the project's lock file that it names."),
    ),
  );
  const ideas = about.examples.slice(0, 5).map((example) =>
    element("li", {}, element("button.idea", { type: "button", click: () => load(example.code) }, element("b", {}, example.title), ` ${example.sentence}`)),
  );
  byId("answer").append(element("h2", {}, "Begin with"), element("ul.ideas", {}, ...ideas));
}

/** Shows which options are not the usual ones, where they are folded away. */
function summarise() {
  const { how, input, arguments: words } = chosen();
  const { edition, blocking, ...others } = how;
  const parts = [edition === "2024" ? "" : edition, ...Object.values(others), blocking ? "may it wait" : "", words ? "arguments" : "", input ? "input" : ""];
  const shown = parts.filter((part) => part).join(", ");
  byId("chosen").textContent = shown ? `: ${shown}` : "";
}

/** @param {string} text @param {string} what */
async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} is copied`);
  } catch {
    say("the browser lets nothing be copied here");
  }
  byId("more").removeAttribute("open");
}

/** @type {About} */
const about = await (await fetch("project")).json();
const crates = about.crates.join(", ");
byId("project").textContent = about.name;
document.title = `Does it allocate? ${about.name}`;
const picker = /** @type {HTMLSelectElement} */ (byId("examples"));
picker.append(
  element("option", { value: "" }, "choose…"),
  element("optgroup", { label: "Examples" }, ...about.examples.map(({ name, title, sentence }) => element("option", { value: name, title: sentence }, title))),
  element("optgroup", { label: `Files of ${about.name}` }, ...about.files.map((file) => element("option", { value: `file ${file}` }, file))),
);
const files = new Files(about.targets, read);
byId("target").addEventListener("change", () => void start());
picker.addEventListener("change", () => {
  const file = picker.value.match(/^file (.*)$/)?.[1];
  if (file) openFile(file);
  const found = about.examples.find((example) => example.name === picker.value);
  if (found) load(found.code);
});
const allocators = /** @type {HTMLSelectElement} */ (options.elements.namedItem("allocator"));
allocators.append(...about.allocators.map((name) => element("option", { value: name }, name)));
const features = /** @type {HTMLInputElement} */ (options.elements.namedItem("features"));
features.placeholder = about.features.join(", ");
features.parentElement?.toggleAttribute("hidden", about.features.length === 0);
options.addEventListener("input", () => {
  summarise();
  soon();
});
options.addEventListener("submit", (event) => event.preventDefault());
byId("run").addEventListener("click", () => void start());
byId("stop").addEventListener("click", stop);
byId("link").addEventListener("click", async () => {
  const fragment = await toFragment({ code: editor.state.doc.toString(), ...chosen() });
  window.history.replaceState(null, "", fragment);
  await copy(location.href, "a link");
});
byId("issue").addEventListener("click", () => void copy(toIssue(last.code, last.answer), "an issue"));
byId("report").addEventListener("click", async () => {
  say(await download(tab));
  byId("more").removeAttribute("open");
});
const help = /** @type {HTMLDialogElement} */ (byId("help"));
byId("keys").addEventListener("click", () => help.showModal());
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || help.open) return;
  if (byId("more").hasAttribute("open")) byId("more").removeAttribute("open");
  else if (document.body.classList.contains("works")) stop();
});


theme(0);
const kept = await fromFragment(location.hash);
if (kept) {
  for (const [name, value] of Object.entries({ input: kept.input, arguments: kept.arguments, ...kept.how })) {
    const field = options.elements.namedItem(name);
    if (field && "value" in field) field.value = String(value ?? "");
  }
  load(kept.code);
  summarise();
  teach();
  if (!about.closed) {
    // Somebody else's, and there is no sandbox.
    clearTimeout(timer);
    say("this snippet came with the link: read it, then run it");
  }
} else {
  load(about.examples[0]?.code ?? "");
  teach();
}
editor.focus();
