// Taking a snippet elsewhere: a link that has it in itself, an issue, a report.

import { size } from "./element.js";
import { marks, said } from "./gutter.js";
import { post } from "./stream.js";

/** @typedef {{ code: string, input?: string, arguments?: string, how?: Record<string, string | string[] | boolean> }} Kept */

/**
 * The part of an address behind the `#`, which browsers send to no server.
 * @param {Kept} kept
 */
export async function toFragment(kept) {
  const stream = new Blob([JSON.stringify(kept)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return `#snippet=${btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/**
 * What a fragment keeps; nothing if it keeps none.
 * @param {string} fragment
 * @returns {Promise<Kept | null>}
 */
export async function fromFragment(fragment) {
  const found = fragment.match(/^#snippet=([\w-]+)$/)?.[1];
  if (!found) return null;
  try {
    const text = atob(found.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const kept = JSON.parse(await new Response(stream).text());
    return typeof kept.code === "string" ? kept : null;
  } catch {
    return null;
  }
}

/**
 * Markdown with the snippet and a table of its lines.
 * @param {string} code
 * @param {import("./answer.js").Answer} answer
 */
export function toIssue(code, answer) {
  const fence = "`".repeat(Math.max(3, ...(code.match(/`+/g) ?? []).map((ticks) => ticks.length + 1)));
  const source = code.split("\n");
  const found = [...marks(answer.report, answer.proofs ?? [])].sort(([a], [b]) => a - b);
  const cell = (/** @type {import("./gutter.js").Figures | undefined} */ figures) =>
    figures ? `${figures.allocs} allocations, ${figures.frees} frees, ${size(figures.bytes)}` : "none";
  const rows = found.map(([line, mark]) => {
    const text = (source[line - 1] ?? "the end of main").trim().replaceAll("|", "\\|").replaceAll("`", "'");
    return `| ${line} | \`${text}\` | ${cell(mark.debug)} | ${cell(mark.release)} | ${said(mark.proof?.word ?? "").toUpperCase()} |`;
  });
  const verdicts = (answer.proofs ?? []).flatMap((proof) => proof.verdicts).map((verdict) => `- \`${verdict.region}\`: ${said(verdict.answer).toUpperCase()}`);
  return [
    `${fence}rust`,
    code.trimEnd(),
    fence,
    "",
    "| line | code | debug | release | proof |",
    "|---|---|---|---|---|",
    ...rows,
    "",
    ...verdicts,
    "",
    "Made by `cargo qadapt explore`.",
    "",
  ].join("\n");
}

/**
 * Saves the last job's report.
 * @param {string} tab
 * @returns {Promise<string>} what became of it, in words
 */
export async function download(tab) {
  const response = await post("report", { tab });
  if (!response.ok) return (await response.text()).trim();
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = "allocations.html";
  link.click();
  URL.revokeObjectURL(address);
  return "the report is downloaded";
}
