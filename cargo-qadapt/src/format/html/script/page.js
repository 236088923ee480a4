// Tabs, filters, places to go to, keys.

const searchField = /** @type {HTMLInputElement} */ (element("input", {
  type: "search",
  id: "search",
  placeholder: "Search files, functions, regions, code",
  "aria-label": "Search",
  "aria-keyshortcuts": "/",
  autocomplete: "off",
  spellcheck: "false",
}));
const filterForm = /** @type {HTMLFormElement} */ (byId("filters"));
const help = /** @type {HTMLDialogElement} */ (byId("help"));

const sites = {
  name: "sites",
  title: "Sites",
  build() {
    this.list = siteList("Sites");
    this.pager = new Pager(this.list, 100, siteRow);
    this.order = element(
      "select",
      { "aria-label": "Order", onchange: () => refresh(sites) },
      [["most", "most events first"], ["bytes", "most bytes first"], ...(isLive ? [["alive", "most alive first"]] : []), ["place", "by region and place"]]
        .map(([value, label]) => element("option", { value }, label)),
    );
    this.limit = element("p", { class: "limit", hidden: true });
    return element("div", {}, element("div", { class: "order" }, this.limit, this.order), siteHead(), this.list, this.pager.button);
  },
  update() {
    const shown = data.lines.filter(matches);
    if (this.order.value === "most") shown.sort(byMost);
    if (this.order.value === "bytes") shown.sort((a, b) => b.bytes - a.bytes || byMost(a, b));
    if (this.order.value === "alive") shown.sort((a, b) => b.alive - a.alive || b.atPeak - a.atPeak || byMost(a, b));
    this.pager.show(shown);
    if (shown.length === 0) {
      const why = data.lines.length === 0 ? "No region did anything that it must not." : "No site has what is searched for.";
      this.list.append(element("li", { class: "empty" }, why));
    }
    this.limit.hidden = filter.limit === null;
    this.limit.replaceChildren(
      ...(filter.limit === null ? [] : [`${filter.limit.label} `, element("a", { href: "#sites" }, "Show all sites")]),
    );
    if (shown.length === 1) this.list.querySelector("details").open = true;
    return plural(shown.length, "site");
  },
};

const VIEWS = [overview, sites, source, regions, flame];

let current = overview;

const refresh = (view) => {
  byId("found").textContent = view.update(view.panel) ?? "";
};

const select = (view, { focus = false } = {}) => {
  current = view;
  document.documentElement.dataset.view = view.name;
  for (const other of VIEWS) {
    const isCurrent = other === view;
    other.tab.setAttribute("aria-selected", String(isCurrent));
    other.tab.tabIndex = isCurrent ? 0 : -1;
    other.panel.hidden = !isCurrent;
  }
  if (focus) view.tab.focus();
};

const buildTabs = () => {
  for (const view of VIEWS) {
    view.tab = element("a", { role: "tab", id: `tab-${view.name}`, href: `#${view.name}`, "aria-controls": view.name }, view.title);
    view.panel = element("section", { role: "tabpanel", id: `view-${view.name}`, "aria-labelledby": `tab-${view.name}`, tabindex: -1, hidden: true }, view.build());
    view.tab.setAttribute("aria-controls", view.panel.id);
    byId("tabs").append(view.tab);
    byId("views").append(view.panel);
  }
  byId("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined || event.altKey) return;
    event.preventDefault();
    goTo(VIEWS[(VIEWS.indexOf(current) + step + VIEWS.length) % VIEWS.length]);
    current.tab.focus();
  });
};

const goTo = (view) => {
  if (location.hash === `#${view.name}`) route();
  else location.hash = view.name;
  // The event comes later, the focus must not.
  select(view);
};

// Goes to what the address says: a view, a site, a region's sites, a line's sites, a line of the source.
const route = () => {
  const [name, first, second] = location.hash.slice(1).split("/");
  const [a, b] = [Number(first), Number(second)];
  const limits = {
    site: () => ({ label: "One site.", test: (line) => line.index === a }),
    region: () => ({
      label: `Sites in ${regionName(data.regions[a])}.`,
      region: a,
      test: (line) => line.region === a,
    }),
    at: () => ({ label: `Sites at ${place(a, b)}.`, test: (line) => line.file === a && line.line === b }),
  };
  const isKnown = { site: data.lines[a], region: data.regions[a], at: data.strings[a] }[name] !== undefined;
  filter.limit = isKnown ? limits[name]() : null;
  if (name === "source" && second !== undefined) {
    select(source);
    source.go(a, b);
    return;
  }
  source.wanted = null;
  const view = isKnown ? sites : VIEWS.find((candidate) => candidate.name === name) ?? overview;
  if (isKnown) clearFilters();
  select(view);
  refresh(view);
  if (isKnown) {
    byId("tabs").scrollIntoView({ block: "start" });
    sites.list.querySelector("summary")?.focus({ preventScroll: true });
  }
};

const choice = (label, property, options) => {
  const made = element(
    "select",
    { name: property, "aria-label": label },
    element("option", { value: "" }, label),
    options.map(([value, title]) => element("option", { value }, title)),
  );
  made.addEventListener("change", () => {
    filter[property] = made.value;
    refresh(current);
  });
  return made;
};

const whose = () =>
  [...new Set(data.regions.filter((region) => region.by !== null).map((region) => text(region.by[1])))].sort();

const buildFilters = () => {
  const marks = new Map();
  for (const item of [...data.lines, ...data.regions]) {
    const mark = text(item.mark[0]);
    if (mark !== "") marks.set(mark, (marks.get(mark) ?? 0) + (item.stacks === undefined ? 0 : 1));
  }
  let pending = 0;
  searchField.addEventListener("input", () => {
    filter.words = searchField.value.toLowerCase().split(/\s+/).filter(Boolean);
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => refresh(current));
  });
  const operations = Object.entries(OPERATIONS).filter(([op]) => data.lines.some((line) => line.op === op));
  filterForm.append(
    searchField,
    choice("Any profile", "profile", profiles().map((profile, index) => [index, profile])),
    choice("Any operation", "operation", operations),
    data.profiles.length > 1
      ? choice("In any profiles", "mark", [...marks].sort().map(([mark, count]) => [mark, `${mark} (${number(count)})`]))
      : "",
    apart !== null ? choice(`Any ${apart}`, "by", whose().map((name) => [name, name])) : "",
    element("button", { type: "reset" }, "Reset"),
    element("output", { id: "found", role: "status" }),
  );
  filterForm.addEventListener("submit", (event) => event.preventDefault());
  filterForm.addEventListener("reset", (event) => {
    event.preventDefault();
    clearFilters();
    if (filter.limit === null) refresh(current);
    else location.hash = "sites";
  });
};

const clearFilters = () => {
  Object.assign(filter, { words: [], profile: "", operation: "", mark: "", by: "" });
  searchField.value = "";
  for (const select of filterForm.querySelectorAll("select")) select.value = "";
};

const showAll = (mark) => {
  if (mark !== null) {
    filter.mark = mark;
    filterForm["mark"].value = mark;
  }
  goTo(sites);
  byId("tabs").scrollIntoView({ block: "start" });
  sites.tab.focus();
};

const THEMES = ["auto", "light", "dark"];

const setTheme = (theme) => {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = `Theme: ${theme}`;
};

// Storage may be forbidden, as it is for files in some browsers.
const remembered = (theme) => {
  try {
    if (theme !== undefined) localStorage.setItem("qadapt-theme", theme);
    return localStorage.getItem("qadapt-theme");
  } catch {
    return null;
  }
};

const KEYS = [
  ["/", "search"],
  ["1 to 5", "the views"],
  ["↓ ↑ Home End", "from row to row"],
  ["Enter", "opens a row, zooms into a frame"],
  ["Escape", "leaves the search and empties it, zooms out"],
  ["t", "light, dark, or as the system has it"],
  ["?", "this help"],
];

const buildHelp = () => {
  help.append(
    element("h2", { id: "help-title" }, "Keys"),
    element("dl", {}, KEYS.flatMap(([key, what]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)])),
    element("form", { method: "dialog" }, element("button", {}, "Close")),
  );
};

const nextTheme = () => {
  const theme = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
  setTheme(theme);
  remembered(theme);
};

const onKey = (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || help.open) return;
  if (event.target === searchField) {
    if (event.key === "Escape") {
      clearFilters();
      refresh(current);
      current.tab.focus();
    } else if (event.key === "ArrowDown") {
      const row = current.panel.querySelector("summary, [tabindex='0'], a");
      if (row === null) return;
      event.preventDefault();
      row.focus();
    }
    return;
  }
  if (event.target.matches("input, select, textarea")) return;
  const action = {
    "/": () => searchField.focus(),
    "t": nextTheme,
    "?": () => help.showModal(),
  }[event.key] ?? (VIEWS[Number(event.key) - 1] && (() => {
    goTo(VIEWS[Number(event.key) - 1]);
    current.tab.focus();
  }));
  if (action === undefined) return;
  event.preventDefault();
  action();
};

const start = () => {
  byId("page").hidden = false;
  if (text(data.root) !== "") {
    byId("root").textContent = text(data.root);
    document.title = `${text(data.root)}: allocation report`;
  }
  document.documentElement.style.setProperty("--profiles", data.profiles.length);
  setTheme(THEMES.includes(remembered()) ? remembered() : "auto");
  byId("theme").addEventListener("click", nextTheme);
  byId("keys").addEventListener("click", () => help.showModal());
  byId("summary").append(...summary().flat(2).filter(Boolean));
  buildHelp();
  buildFilters();
  buildTabs();
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", route);
  route();
  document.documentElement.dataset.ready = "true";
};

start();
