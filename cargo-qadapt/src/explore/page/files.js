// Files of the project: shown as they are, while a test, bench, example or binary of it is run.

import { byId, element } from "./element.js";
import { shown } from "./gutter.js";
import { listen, post } from "./stream.js";

/** @typedef {{ kind: string, name: string, package: string }} Target */

/** How long it is waited until a server that is gone is asked for changes again, in milliseconds. */
const PAUSE = 2000;

/** A file of the project, open in the editor, and what is run of the project. */
export class Files {
  /** @type {AbortController | null} */
  #listening = null;

  /**
   * @param {Target[]} targets
   * @param {(text: string) => void} changed hears the file's text when it is opened, and whenever something was written
   */
  constructor(targets, changed) {
    this.targets = targets;
    this.changed = changed;
    this.choice = /** @type {HTMLSelectElement} */ (byId("target"));
    const none = targets.length === 0 ? [element("option", { value: "" }, "nothing: there is no test, bench, example or binary")] : [];
    this.choice.append(...none, ...targets.map(({ kind, name }, index) => element("option", { value: String(index) }, `${kind} ${name}`)));
    // A page that nobody sees holds no connection: a browser has six.
    document.addEventListener("visibilitychange", () => {
      if (!this.#listening) return;
      if (document.hidden) this.#listening.abort();
      else this.#listen();
    });
  }

  /** What is run; nothing while a snippet is in the editor. */
  get target() {
    return this.#listening ? (this.targets[Number(this.choice.value)] ?? null) : null;
  }

  get isOpen() {
    return this.#listening !== null;
  }

  /** @param {string} file */
  open(file) {
    shown.file = file;
    this.#listen();
  }

  close() {
    this.#listening?.abort();
    this.#listening = null;
  }

  #listen() {
    this.#listening?.abort();
    this.#listening = new AbortController();
    void this.#follow(this.#listening.signal);
  }

  /** @param {AbortSignal} signal */
  async #follow(signal) {
    while (!signal.aborted) {
      try {
        await this.#read();
        await listen("changes", {}, signal, (told) => {
          if (told.event === "changed") this.#read().catch(() => {});
        });
      } catch {
        if (signal.aborted) return;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  async #read() {
    const file = shown.file;
    const response = await post("file", { file });
    const text = response.ok ? await response.text() : `// ${(await response.text()).trim()}`;
    if (this.isOpen && file === shown.file) this.changed(text);
  }
}
