// Above all views: the verdict on each profile, and what a check found.

import { BYTES, data, isFailure, operation, place, profiles, regionName, sum, text } from "./data.js";
import { element, number, plural, prose, size } from "./element.js";
import { Pager } from "./pager.js";

/** @typedef {import("./data.js").Finding} Finding */
/** @typedef {import("./data.js").Profile} Profile */

const ROWS = 20;

export function summary() {
  return [
    element("div", { class: "cards" }, data.profiles.map(card)),
    data.left_out !== null && element("p", { class: "note" }, `${text(data.left_out)}.`),
    findings(),
    data.suppressed.map(([what, reason, events]) =>
      element(
        "p",
        { class: "note" },
        `qadapt.toml leaves out ${profiles.map((profile, index) => `${number(events[index])} in ${profile}`).join(", ")}: ${text(what)} (${text(reason)})`,
      )
    ),
  ];
}

/**
 * @param {Profile} profile
 * @param {number} index
 */
function card(profile, index) {
  const lines = data.lines.filter((line) => line.counts[index] !== null);
  const regions = data.regions.filter((region) => (region.counts[index]?.disallowed ?? 0) > 0).length;
  const entered = data.regions.filter((region) => region.counts[index] !== null).length;
  const bytes = sum(lines.filter((line) => line.op !== "dealloc").map((line) => line.counts[index]?.[BYTES] ?? 0));
  const isClean = profile.disallowed === 0;
  return element(
    "article",
    { class: isClean ? "card clean" : "card" },
    element("h2", {}, profile.name),
    element(
      "p",
      { class: "verdict" },
      element("b", {}, number(profile.disallowed)),
      ` disallowed ${profile.disallowed === 1 ? "event" : "events"}`,
    ),
    element(
      "p",
      { class: "detail" },
      isClean
        ? `in ${plural(entered, "region")} that were entered`
        : `at ${plural(lines.length, "site")} in ${regions} of ${plural(entered, "region")} · ${size(bytes)} asked for`,
    ),
    element(
      "p",
      { class: "detail" },
      `${plural(profile.events, "event")} in regions · ${plural(profile.processes, "process", "processes")}`,
    ),
    profile.live != null && element(
      "p",
      { class: "detail" },
      profile.estimates ??
        `${size(profile.live.peak_bytes)} alive at the peak, in ${plural(profile.live.peak_blocks, "block")} · ` +
          `${size(profile.live.bytes)} at the end, in ${plural(profile.live.blocks, "block")}`,
    ),
    notes(profile).map((note) => note !== false && element("p", { class: "note" }, note)),
  );
}

/** @param {Profile} profile */
function notes(profile) {
  const unfollowed = profile.live?.lost ?? 0;
  return [
    profile.unsampled > 0 &&
    `The stacks of ${number(profile.unsampled)} disallowed events were left out: beyond 10,000 a second they are ` +
      "sampled. Region figures are exact, site figures are estimates.",
    profile.lost > 0 && `${number(profile.lost)} regions, stacks or sites were lost: a trace had no room for them.`,
    unfollowed > 0 &&
    `${plural(unfollowed, "block")} could not be followed, and count as freed.`,
    profile.cut_short > 0 &&
    `${number(profile.cut_short)} of the processes ended without exit handlers, as by _exit, exec, an abort or a signal; what they ` +
      "did until then is counted.",
    profile.without_allocator > 0 &&
    `${number(profile.without_allocator)} of the processes did not have qadapt as their allocator: they were not watched.`,
  ];
}

function findings() {
  if (data.findings === null) return null;
  if (data.findings.length === 0) {
    return element("p", { class: "checked clean" }, "The check passed: nothing is different from the baseline.");
  }
  const list = element("ul", { class: "findings" });
  const pager = new Pager(list, ROWS, findingItem);
  pager.show(data.findings);
  const failures = data.findings.filter((finding) => finding.is_failure).length;
  return [
    element(
      "h2",
      { class: isFailure ? "checked failure" : "checked clean" },
      isFailure ? `The check failed: ${plural(failures, "finding")}` : "The check passed, with remarks",
    ),
    list,
    pager.button,
  ];
}

/** @param {Finding} finding */
function findingItem(finding) {
  return element(
    "li",
    { class: finding.is_failure ? "failure" : "" },
    element("span", { class: "rule" }, finding.rule.replaceAll("-", " ")),
    element(
      "div",
      {},
      element("p", {}, prose(text(finding.message))),
      element(
        "p",
        { class: "links" },
        finding.region !== null &&
          element("a", { href: `#region/${finding.region}` }, regionName(data.regions[finding.region])),
        finding.lines.slice(0, ROWS).map((index) => {
          const line = data.lines[index];
          const name = line.file === null ? text(line.function) : place(line.file, line.line);
          return element("a", { class: "new", href: `#site/${index}` }, `new: ${operation(line)} at ${name}`);
        }),
      ),
    ),
  );
}
