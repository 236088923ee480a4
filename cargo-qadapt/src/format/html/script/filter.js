// What is searched for.

const filter = { words: [], profile: "", operation: "", mark: "", by: "", limit: null };

const haystacks = new Map();

const haystack = (line) => {
  let found = haystacks.get(line);
  if (found === undefined) {
    const region = data.regions[line.region];
    found = [
      line.file === null ? "" : place(line.file, line.line),
      text(line.function),
      line.called.map(text).join(" "),
      operation(line),
      regionName(region),
      text(region.file),
      codeOf(line) ?? "",
      line.advice.flat().map(text).join(" "),
    ].join("\n").toLowerCase();
    haystacks.set(line, found);
  }
  return found;
};

const hasWords = (searched) => filter.words.every((word) => searched.includes(word));

const isWhose = (region) => filter.by === "" || (region.by !== null && text(region.by[1]) === filter.by);

const matches = (line) =>
  isWhose(data.regions[line.region]) &&
  (filter.limit === null || filter.limit.test(line)) &&
  (filter.profile === "" || line.counts[filter.profile] !== null) &&
  (filter.operation === "" || line.op === filter.operation) &&
  (filter.mark === "" || text(line.mark[0]) === filter.mark) &&
  hasWords(haystack(line));

const FIGURE_OF = {
  "alloc": "allocs",
  "alloc-zeroed": "allocs",
  "realloc": "reallocs",
  "dealloc": "deallocs",
  "call": "blocking_calls",
};

const matchesRegion = (region) =>
  isWhose(region) &&
  (filter.profile === "" || region.counts[filter.profile] !== null) &&
  (filter.operation === "" || region.counts.some((counts) => counts !== null && counts[FIGURE_OF[filter.operation]] > 0)) &&
  (filter.mark === "" || text(region.mark[0]) === filter.mark) &&
  hasWords(`${regionName(region)}\n${place(region.file, region.line)}`.toLowerCase());

const isFiltered = () =>
  filter.words.length > 0 || filter.profile !== "" || filter.operation !== "" || filter.mark !== "" || filter.by !== "";

