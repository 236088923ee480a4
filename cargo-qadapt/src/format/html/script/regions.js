// The table of regions.

const REGION_COLUMNS = ["calls", "allocs", "reallocs", "deallocs", "failed", "bytes", "peak_bytes", "disallowed", "permitted"];

const regions = {
  name: "regions",
  title: "Regions",
  build() {
    this.table = element(
      "table",
      { class: "regions" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          ["region", "profile"].map((head) => element("th", { scope: "col", class: "text" }, head)),
          REGION_COLUMNS.map((head) => element("th", { scope: "col" }, head)),
        ),
      ),
    );
    // A body for each region keeps its rows together.
    this.pager = new Pager(this.table, 100, regionBody);
    this.pager.list = { replaceChildren: () => this.clear(), append: (...bodies) => this.table.append(...bodies) };
    return element(
      "div",
      {},
      element("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Regions" }, this.table),
      this.pager.button,
    );
  },
  clear() {
    for (const body of this.table.querySelectorAll("tbody")) body.remove();
  },
  update() {
    const shown = data.regions.filter((region) =>
      filter.limit === null ? matchesRegion(region) : filter.limit.region === undefined || filter.limit.region === region.index
    );
    this.pager.show(shown);
    return plural(shown.length, "region");
  },
};

// How events spread over the entries of a region: a bar for each number of events, as high as there are entries.
const distribution = (spread, profile) => {
  const groups = Object.entries(spread?.entries ?? {}).map(([events, entries]) => [Number(events), entries]);
  if (spread?.is_partial || groups.length < 2) return null;
  groups.sort((a, b) => a[0] - b[0]);
  const most = Math.max(...groups.map(([, entries]) => entries));
  const said = groups.map(([events, entries]) => `${plural(entries, "entry", "entries")} with ${events > 8 ? "at least " : ""}${plural(events, "event")}`);
  const bars = groups.map(([events, entries], index) => {
    const bar = element("span", { class: "bar-of", title: said[index] }, element("i"), element("small", {}, events > 8 ? `${events}+` : events));
    bar.firstChild.style.height = `${Math.max(2, Math.round(24 * entries / most))}px`;
    return bar;
  });
  return element(
    "div",
    { class: "spread", role: "img", "aria-label": `${profile}: ${said.join(", ")}` },
    element("small", {}, `${profile}: entries by events`),
    element("span", { class: "bars" }, bars),
  );
};

const regionBody = (region) =>
  element(
    "tbody",
    { id: `region-${region.index}` },
    region.counts.map((counts, profile) =>
      element(
        "tr",
        { class: counts?.disallowed > 0 ? "bad" : null },
        profile === 0 && element(
          "th",
          { rowspan: region.counts.length, scope: "rowgroup", class: "text" },
          element("a", { href: `#region/${region.index}` }, regionName(region)),
          region.name !== null && region.line > 0 && element("div", {}, placeLink(region.file, region.line)),
          region.name === null && region.line > 0 && element("div", {}, element("a", { class: "place", href: `#source/${region.file}/${region.line}` }, "source")),
          region.mark[1] && element("div", {}, badge(region.mark)),
          region.waits.map((words, profile) => words !== null && element("div", { class: "waits" }, `${profiles()[profile]}: ${text(words)}`)),
          region.counts.map((counts, profile) => distribution(counts?.spread, profiles()[profile])),
        ),
        element("td", { class: "text" }, profiles()[profile]),
        counts === null
          ? element("td", { class: "none text", colspan: REGION_COLUMNS.length }, "not entered")
          : REGION_COLUMNS.map((column) =>
            element("td", { class: counts[column] === 0 ? `zero ${column}` : column, "data-head": column }, number(counts[column]))
          ),
      )
    ),
  );

