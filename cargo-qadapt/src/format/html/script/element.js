// Making elements. Texts only ever become text nodes: nothing here or further down parses them.

const element = (name, properties = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
};

// A text in which backticks enclose code.
const prose = (written) =>
  written.split("`").map((part, index) => (index % 2 === 1 ? element("code", { class: "code" }, part) : part));

const byId = (id) => document.getElementById(id);

const number = (() => {
  const format = new Intl.NumberFormat("en");
  return (value) => format.format(value);
})();

const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

// Bytes in few characters, for headings. Tables have them exactly.
const size = (bytes) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? bytes : bytes.toPrecision(3)} ${units[unit]}`;
};

