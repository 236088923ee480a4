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
    this.table.querySelectorAll("tbody").forEach((body) => body.remove());
  },
  update() {
    const shown = data.regions.filter((region) =>
      filter.limit === null ? matchesRegion(region) : filter.limit.region === undefined || filter.limit.region === region.index
    );
    this.pager.show(shown);
    return plural(shown.length, "region");
  },
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
        ),
        element("td", { class: "text" }, profiles()[profile]),
        counts === null
          ? element("td", { class: "none text", colspan: REGION_COLUMNS.length }, "not entered")
          : REGION_COLUMNS.map((column) =>
            element("td", { class: counts[column] === 0 ? `zero ${column}` : column }, number(counts[column]))
          ),
      )
    ),
  );

