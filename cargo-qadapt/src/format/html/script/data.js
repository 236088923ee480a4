// The report, and what can be told from it.

const data = JSON.parse(byId("data").textContent);
const text = (index) => data.strings[index];

const OPERATIONS = {
  "alloc": "allocation",
  "alloc-zeroed": "zeroed allocation",
  "realloc": "reallocation",
  "dealloc": "deallocation",
  "call": "blocking call",
};

const isCall = (line) => line.op === "call";

// What a line asks for.
const operation = (line) => (isCall(line) ? `${OPERATIONS.call} of ${text(line.call)}` : OPERATIONS[line.op]);

// A site's figures are events, recorded events, bytes, the most bytes of one event, and what became of its blocks.
const EVENTS = 0;
const RECORDED = 1;
const BYTES = 2;
const LARGEST = 3;
const LIVE = 4;

const sum = (list) => list.reduce((total, value) => total + value, 0);

data.lines.forEach((line, index) => {
  line.index = index;
  line.most = Math.max(0, ...line.counts.map((counts) => counts?.[EVENTS] ?? 0));
  line.alive = Math.max(0, ...line.counts.map((counts) => counts?.[LIVE]?.bytes ?? 0));
  line.atPeak = Math.max(0, ...line.counts.map((counts) => counts?.[LIVE]?.peak_bytes ?? 0));
  line.bytes = Math.max(0, ...line.counts.map((counts) => counts?.[BYTES] ?? 0));
});
data.regions.forEach((region, index) => {
  region.index = index;
});

const place = (file, line) => (line > 0 ? `${text(file)}:${line}` : text(file));

const regionName = (region) => {
  const name = region.name !== null
    ? text(region.name)
    : region.kind === "whole-program"
    ? "the whole program"
    : place(region.file, region.line);
  return region.by === null ? name : `${name} in ${region.by[0]} ${text(region.by[1])}`;
};

// Whose entries are told apart: tests, threads or nobody's.
const apart = data.regions.find((region) => region.by !== null)?.by[0] ?? null;

// Whether blocks were followed to their end.
const isLive = data.profiles.some((profile) => profile.live != null);

// Debug information may have lost the name of a function.
const functionName = ([name, file, line]) => (text(name) === "?" && file !== null ? place(file, line) : text(name));

// A path without the folder that the toolchain or the registry lies in.
const shortPath = (path) => path.replace(/^.*\/rustc\/[^/]+\//, "").replace(/^.*\/(registry\/src|git\/checkouts)\/[^/]+\//, "");

// The shown source: file to line to code.
const sources = new Map(
  data.files.map((file) => {
    const code = new Map();
    for (const part of file.parts) {
      for (const [index, line] of part.lines.entries()) code.set(part.start + index, line);
    }
    return [file.file, code];
  }),
);

const codeOf = (line) => (line.file === null ? undefined : sources.get(line.file)?.get(line.line)?.trim() || undefined);

// The frames of a stack, innermost first.
const framesOf = (end) => {
  const frames = [];
  for (let node = data.stacks[end]; node[0] !== null; node = data.stacks[node[0]]) frames.push(data.frames[node[1]]);
  return frames;
};

const isFailure = () => data.findings?.some((finding) => finding.is_failure) ?? false;

