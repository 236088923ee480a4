// Tabs, places to go to, keys.

import { data, place, profiles, regionName, text } from "./data.js";
import { add, byId, element } from "./element.js";
import { filter } from "./filter.js";
import { Flame } from "./flame.js";
import { buildForm, choose, clearFilters, searchField } from "./form.js";
import { Overview } from "./overview.js";
import { Regions } from "./regions.js";
import { Sites } from "./sites.js";
import { Source } from "./source.js";
import { summary } from "./summary.js";
import { buildTheme, nextTheme } from "./theme.js";

/** @typedef {import("./filter.js").Limit} Limit */
/** @typedef {import("./view.js").View} View */

const help = /** @type {HTMLDialogElement} */ (byId("help"));

const overview = new Overview(showAll);
const sites = new Sites(() => refresh(sites));
const source = new Source();

/** @type {View[]} */
const views = [overview, sites, source, new Regions(), new Flame()];

/** @type {Map<View, HTMLAnchorElement>} */
const tabs = new Map();

/** @type {View} */
let current = overview;

/** @param {View} view */
function refresh(view) {
  byId("found").textContent = view.update();
}

/** @param {View} view */
function select(view) {
  current = view;
  document.documentElement.dataset.view = view.name;
  for (const [other, tab] of tabs) {
    const isCurrent = other === view;
    tab.setAttribute("aria-selected", String(isCurrent));
    tab.tabIndex = isCurrent ? 0 : -1;
    other.panel.hidden = !isCurrent;
  }
}

function focusTab() {
  tabs.get(current)?.focus();
}

function buildTabs() {
  for (const view of views) {
    const tab = element("a", { role: "tab", id: `tab-${view.name}`, href: `#${view.name}`, "aria-controls": view.panel.id }, view.title);
    tabs.set(view, tab);
    byId("tabs").append(tab);
    byId("views").append(view.panel);
  }
  /** @type {Record<string, number | undefined>} */
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  byId("tabs").addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (step === undefined || event.altKey) return;
    event.preventDefault();
    goTo(views[(views.indexOf(current) + step + views.length) % views.length]);
    focusTab();
  });
}

/** @param {View} view */
function goTo(view) {
  if (location.hash === `#${view.name}`) route();
  else location.hash = view.name;
  // The event comes later, the focus must not.
  select(view);
}

/**
 * What an address limits the sites to: one site, a region's, those of a line.
 * @param {string | undefined} name
 * @param {number} a
 * @param {number} b
 * @returns {Limit | null}
 */
function limitOf(name, a, b) {
  if (name === "site" && data.lines[a] !== undefined) {
    return { label: "One site.", test: (line) => line.index === a };
  }
  if (name === "region" && data.regions[a] !== undefined) {
    return { label: `Sites in ${regionName(data.regions[a])}.`, region: a, test: (line) => line.region === a };
  }
  if (name === "at" && data.strings[a] !== undefined) {
    return { label: `Sites at ${place(a, b)}.`, test: (line) => line.file === a && line.line === b };
  }
  return null;
}

/** Goes to what the address says: a view, a site, a region's sites, a line's sites, a line of the source. */
function route() {
  const [name, first, second] = location.hash.slice(1).split("/");
  const [a, b] = [Number(first), Number(second)];
  filter.limit = limitOf(name, a, b);
  const isLine = name === "source" && second !== undefined;
  source.wanted = isLine ? { file: a, line: b } : null;
  if (filter.limit !== null) clearFilters();
  const view = filter.limit === null ? views.find((candidate) => candidate.name === name) ?? overview : sites;
  select(view);
  refresh(view);
  if (isLine) source.showWanted();
  if (filter.limit !== null) {
    byId("tabs").scrollIntoView({ block: "start" });
    sites.focus();
  }
}

/**
 * Shows all sites, or those with a mark.
 * @param {string | null} mark
 */
function showAll(mark) {
  if (mark !== null) choose("mark", mark);
  goTo(sites);
  byId("tabs").scrollIntoView({ block: "start" });
  focusTab();
}

const KEYS = [
  ["/", "search"],
  ["1 to 5", "the views"],
  ["↓ ↑ Home End", "from row to row"],
  ["Enter", "opens a row, zooms into a frame"],
  ["Escape", "leaves the search and empties it, zooms out"],
  ["t", "light, dark, or as the system has it"],
  ["?", "this help"],
];

function buildHelp() {
  help.append(
    element("h2", { id: "help-title" }, "Keys"),
    element("dl", {}, KEYS.flatMap(([key, what]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)])),
    element("form", { method: "dialog" }, element("button", {}, "Close")),
  );
}

/** @param {KeyboardEvent} event */
function onSearchKey(event) {
  if (event.key === "Escape") {
    clearFilters();
    refresh(current);
    focusTab();
  } else if (event.key === "ArrowDown") {
    /** @type {HTMLElement | null} */
    const row = current.panel.querySelector("summary, [tabindex='0'], a");
    if (row === null) return;
    event.preventDefault();
    row.focus();
  }
}

/** @type {Record<string, (() => void) | undefined>} */
const ACTIONS = {
  "/": () => searchField.focus(),
  "t": nextTheme,
  "?": () => help.showModal(),
};

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || help.open) return;
  if (event.target === searchField) {
    onSearchKey(event);
    return;
  }
  if (event.target instanceof Element && event.target.matches("input, select, textarea")) return;
  const view = views[Number(event.key) - 1];
  const action = ACTIONS[event.key] ?? (view && (() => {
    goTo(view);
    focusTab();
  }));
  if (action === undefined) return;
  event.preventDefault();
  action();
}

byId("page").hidden = false;
if (text(data.root) !== "") {
  byId("root").textContent = text(data.root);
  document.title = `${text(data.root)}: allocation report`;
}
document.documentElement.style.setProperty("--profiles", String(profiles.length));
buildTheme();
byId("keys").addEventListener("click", () => help.showModal());
add(byId("summary"), ...summary());
buildHelp();
buildForm(() => refresh(current));
buildTabs();
document.addEventListener("keydown", onKey);
addEventListener("hashchange", route);
route();
document.documentElement.dataset.ready = "true";
