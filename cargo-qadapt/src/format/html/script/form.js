// Where it is said what is searched for.

import { OPERATIONS, apart, data, profiles, text } from "./data.js";
import { add, byId, element, number } from "./element.js";
import { filter } from "./filter.js";

/** @typedef {import("./filter.js").Choice} Choice */

export const searchField = element("input", {
  type: "search",
  id: "search",
  placeholder: "Search files, functions, regions, code",
  "aria-label": "Search",
  "aria-keyshortcuts": "/",
  autocomplete: "off",
  spellcheck: "false",
});

/** @type {Map<Choice, HTMLSelectElement>} */
const choices = new Map();

/**
 * @param {Choice} property
 * @param {string} value
 */
export function choose(property, value) {
  filter[property] = value;
  const select = choices.get(property);
  if (select !== undefined) select.value = value;
}

export function clearFilters() {
  filter.words = [];
  searchField.value = "";
  for (const property of choices.keys()) choose(property, "");
}

/** @param {() => void} changed hears that something else is searched for */
export function buildForm(changed) {
  const choice = (/** @type {string} */ label, /** @type {Choice} */ property, /** @type {[value: string, title: string][]} */ options) => {
    const made = element(
      "select",
      { name: property, "aria-label": label },
      element("option", { value: "" }, label),
      options.map(([value, title]) => element("option", { value }, title)),
    );
    made.addEventListener("change", () => {
      filter[property] = made.value;
      changed();
    });
    choices.set(property, made);
    return made;
  };
  let pending = 0;
  searchField.addEventListener("input", () => {
    filter.words = searchField.value.toLowerCase().split(/\s+/).filter(Boolean);
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(changed);
  });
  const operations = Object.entries(OPERATIONS).filter(([op]) => data.lines.some((line) => line.op === op));
  const form = byId("filters");
  add(
    form,
    searchField,
    choice("Any profile", "profile", profiles.map((profile, index) => [String(index), profile])),
    choice("Any operation", "operation", operations),
    profiles.length > 1 && choice("In any profiles", "mark", marks().map(([mark, count]) => [mark, `${mark} (${number(count)})`])),
    apart !== null && choice(`Any ${apart}`, "by", whose().map((name) => [name, name])),
    element("button", { type: "reset" }, "Reset"),
    element("output", { id: "found", role: "status" }),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    clearFilters();
    if (filter.limit === null) changed();
    else location.hash = "sites";
  });
}

/** Each mark, and of how many lines. */
function marks() {
  /** @type {Map<string, number>} */
  const found = new Map();
  const count = (/** @type {string} */ mark, /** @type {number} */ lines) => {
    if (mark !== "") found.set(mark, (found.get(mark) ?? 0) + lines);
  };
  for (const line of data.lines) count(text(line.mark[0]), 1);
  for (const region of data.regions) count(text(region.mark[0]), 0);
  return [...found].sort();
}

/** Whose entries there are. */
function whose() {
  return [...new Set(data.regions.flatMap((region) => region.by === null ? [] : [text(region.by[1])]))].sort();
}
