// Asking the server: one JSON value a line comes back, each as soon as it is known.

/** @typedef {{ file: string, line: number, column: number, end_line: number, end_column: number, message: string, rendered: string }} Mistake */
/** @typedef {{ allocs: number, reallocs: number, deallocs: number, bytes: number, freed_bytes: number, peak_bytes: number, calls: number, disallowed: number }} Counts */
/** @typedef {{ estimate: number, bytes: number }} SiteCounts */
/** @typedef {string} Op "alloc", "alloc-zeroed", "realloc", "dealloc", or a system call as in "futex (lock)" */
/** @typedef {{ function: string, file: string | null, line: number, origin: "own" | "wrapper" | "dependency" | "internal" }} Frame */
/** @typedef {{ region: number, op: Op, stack: number[], counts: (SiteCounts | null)[] }} Site */
/** @typedef {{ id: string, text: string }} Advice */
/** @typedef {{ region: number, file: string | null, line: number | null, function: string, op: Op, called: string[], advice: Advice[], mark: string, counts: (SiteCounts | null)[] }} Line */
/** @typedef {{ file: string, line: number, name: string | null, kind: string, counts: (Counts | null)[] }} Region */
/** @typedef {{ profiles: { name: string }[], regions: Region[], frames: Frame[], sites: Site[], lines: Line[] }} Report */
/** @typedef {{ function: string, at?: string, origin: Frame["origin"] }} ProofFrame */
/** @typedef {{ always: boolean, what: string, at: string | null, hops: { frames: ProofFrame[], calls: string }[], advice: Advice | null }} Path */
/** @typedef {{ why: string, at: string | null, settle: string }} Gap */
/** @typedef {{ region: string, at: string | null, answer: "missing" | "proven" | "unknown" | "allocates" | "blocks", paths: Path[], gaps: Gap[] }} Verdict */
/** @typedef {{ subject: "allocation" | "blocking", verdicts: Verdict[] }} Proof */
/** @typedef {{ name: string, instructions: [number, string][], is_cut: boolean }} Code */
/** @typedef {{ event: "progress", text: string }
 *  | { event: "report", report: Report, problems: string[] }
 *  | { event: "proof", proofs: Proof[], code: Code[] }
 *  | { event: "wrong", mistakes: Mistake[] }
 *  | { event: "failed", part: string, text: string }
 *  | { event: "output", part: string, text: string }
 *  | { event: "changed" }
 *  | { event: "done", milliseconds: number }} Told */

/** @param {Op} op */
export const isCall = (op) => op.endsWith(")");

/**
 * @param {string} path
 * @param {unknown} body
 * @param {AbortSignal} [signal]
 */
export function post(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal: signal ?? null });
}

/**
 * Asks, and hands on what comes: of a job, or of changes.
 * @param {"run" | "changes"} path
 * @param {unknown} body
 * @param {AbortSignal} signal
 * @param {(told: Told) => void} hear
 */
export async function listen(path, body, signal, hear) {
  const response = await post(path, body, signal);
  if (!response.ok || !response.body) throw new Error(await response.text());
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(JSON.parse(line));
  }
}
