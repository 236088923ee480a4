// The first view: verdict, what a check found, what differs, what happens most.

const ROWS = 20;

const summary = () => [
  element(
    "div",
    { class: "cards" },
    data.profiles.map((profile, index) => {
      const lines = data.lines.filter((line) => line.counts[index] !== null);
      const regions = data.regions.filter((region) => region.counts[index]?.disallowed > 0).length;
      const entered = data.regions.filter((region) => region.counts[index] !== null).length;
      const bytes = sum(lines.filter((line) => line.op !== "dealloc").map((line) => line.counts[index][BYTES]));
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
        notes(profile).map((note) => element("p", { class: "note" }, note)),
      );
    }),
  ),
  data.left_out !== null && element("p", { class: "note" }, `${text(data.left_out)}.`),
  findings(),
  data.suppressed.map(([what, reason, events]) =>
    element(
      "p",
      { class: "note" },
      `qadapt.toml leaves out ${profiles().map((profile, index) => `${number(events[index])} in ${profile}`).join(", ")}: ${text(what)} (${text(reason)})`,
    )
  ),
];

const notes = (profile) =>
  [
    profile.unsampled > 0 &&
    `The stacks of ${number(profile.unsampled)} disallowed events were left out: beyond 10,000 a second they are ` +
      "sampled. Region figures are exact, site figures are estimates.",
    profile.lost > 0 && `${number(profile.lost)} regions, stacks or sites were lost: a trace had no room for them.`,
    profile.live?.lost > 0 &&
    `${plural(profile.live.lost, "block")} could not be followed, and count as freed.`,
    profile.cut_short > 0 &&
    `${number(profile.cut_short)} of the processes ended without exit handlers, as by _exit, exec, an abort or a signal; what they ` +
      "did until then is counted.",
    profile.without_allocator > 0 &&
    `${number(profile.without_allocator)} of the processes did not have qadapt as their allocator: they were not watched.`,
  ].filter(Boolean);

const findings = () => {
  if (data.findings === null) return null;
  if (data.findings.length === 0) {
    return element("p", { class: "checked clean" }, "The check passed: nothing is different from the baseline.");
  }
  const list = element("ul", { class: "findings" });
  const pager = new Pager(list, ROWS, (finding) =>
    element(
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
    ));
  pager.show(data.findings);
  const failures = data.findings.filter((finding) => finding.is_failure).length;
  return [
    element(
      "h2",
      { class: isFailure() ? "checked failure" : "checked clean" },
      isFailure() ? `The check failed: ${plural(failures, "finding")}` : "The check passed, with remarks",
    ),
    list,
    pager.button,
  ];
};

const EXPLAINED = {
  other: "Look here first: a release build pays for these, and a debug run does not show them.",
  differs: "Both profiles pay, one of them more often.",
  twin: "The optimiser joined an allocation with the zeros that are written to it, or took them apart.",
  debug: "The optimiser took these away. Nothing says that it will in the next version of the compiler.",
  entered: "One profile never came here: another input, a cfg, or a debug_assert.",
};

const groupKind = (mark) => {
  if (mark.startsWith("entered only")) return "entered";
  if (mark.includes("zeroed in")) return "twin";
  if (mark.startsWith("only in debug:")) return "debug";
  return mark.startsWith("only in") ? "other" : "differs";
};

const overview = {
  name: "overview",
  title: "Overview",
  build: () => element("div", {}),
  update(panel) {
    panel.replaceChildren(...[differences(), most()].flat(2).filter(Boolean));
    const lines = data.lines.filter(matches).length;
    return plural(lines, "site");
  },
};

const differences = () => {
  const heading = element("h2", {}, "Differences between profiles");
  if (data.profiles.length < 2) {
    return [heading, element("p", { class: "empty" }, "One profile was audited: there is nothing to compare.")];
  }
  const groups = new Map();
  for (const line of data.lines.filter(matches)) {
    if (!line.mark[1]) continue;
    const mark = text(line.mark[0]);
    if (!groups.has(mark)) groups.set(mark, []);
    groups.get(mark).push(line);
  }
  const order = ["other", "differs", "twin", "debug"];
  const sorted = [...groups].sort(([a], [b]) => order.indexOf(groupKind(a)) - order.indexOf(groupKind(b)));
  const regions = data.regions.filter((region) =>
    region.mark[1] && groupKind(text(region.mark[0])) === "entered" && filter.limit === null && matchesRegion(region)
  );
  if (sorted.length === 0 && regions.length === 0) {
    const why = isFiltered()
      ? "None among what is searched for."
      : `${profiles().join(" and ")} ask equally often at every line.`;
    return [heading, element("p", { class: "empty" }, why)];
  }
  return [
    heading,
    ...sorted.map(([mark, lines]) => group(mark, EXPLAINED[groupKind(mark)], lines)),
    regions.length > 0 && element(
      "section",
      { class: "group" },
      element("h3", {}, "entered in one profile", element("span", { class: "count" }, number(regions.length))),
      element("p", { class: "explained" }, EXPLAINED.entered),
      element(
        "ul",
        { class: "links" },
        regions.slice(0, ROWS).map((region) =>
          element(
            "li",
            {},
            element("a", { href: `#region/${region.index}` }, regionName(region)),
            " ",
            badge(region.mark),
          )
        ),
      ),
    ),
  ];
};

const byMost = (a, b) => b.most - a.most || b.bytes - a.bytes || a.index - b.index;

const group = (title, explained, lines) => {
  const list = siteList(title);
  list.append(...[...lines].sort(byMost).slice(0, ROWS).map(siteRow));
  const mark = lines[0].mark[1] && title === text(lines[0].mark[0]) ? title : null;
  return element(
    "section",
    { class: "group" },
    element("h3", {}, title, element("span", { class: "count" }, number(lines.length))),
    explained !== undefined && element("p", { class: "explained" }, explained),
    siteHead(),
    list,
    lines.length > ROWS && element(
      "button",
      { type: "button", class: "more", onclick: () => showAll(mark) },
      `Show all ${number(lines.length)} in Sites`,
    ),
  );
};

const most = () => {
  const lines = data.lines.filter(matches).sort(byMost);
  const heading = element("h2", {}, "Most events");
  if (lines.length === 0) {
    const why = data.lines.length === 0 ? "No region did anything that it must not." : "None among what is searched for.";
    return [heading, element("p", { class: "empty" }, why)];
  }
  const list = siteList("Most events");
  list.append(...lines.slice(0, ROWS / 2).map(siteRow));
  return [
    heading,
    siteHead(),
    list,
    lines.length > ROWS / 2 && element(
      "button",
      { type: "button", class: "more", onclick: () => showAll(null) },
      `Show all ${number(lines.length)} in Sites`,
    ),
  ];
};

