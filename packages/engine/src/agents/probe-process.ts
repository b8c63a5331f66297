import { tmpdir } from "node:os";
import { type ProcessSpec, startProcess } from "../process/index.ts";

/** How long anything that is started to find out about an agent may take. */
export const PROBE_TIMEOUT_MS = 3000;
const KEPT_BYTES = 4096;
let started = 0;

/** How a probe's process ended. `code` is null where it did not end by itself in time. */
export type ProbeResult = { readonly code: number | null; readonly output: string };

/**
 * Runs a program for what it prints: within 3 s, of standard output the first 4 KiB, with nothing left behind. Never throws.
 */
export async function runProbe(what: Pick<ProcessSpec, "file" | "args" | "shell" | "env">): Promise<ProbeResult> {
  started += 1;
  const marker = `probe-${process.pid}-${started}`;
  const child = startProcess({ ...what, cwd: tmpdir(), marker, timeoutMs: PROBE_TIMEOUT_MS });
  const [output] = await Promise.all([readStart(child.stdout), readStart(child.stderr)]);
  const { cause, code } = await child.exit;
  return { code: cause === "exited" ? code : null, output };
}

/** The first bytes as text. Reads on to the end, since a full pipe would stop the writer. */
async function readStart(source: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    if (bytes < KEPT_BYTES) parts.push(chunk);
    bytes += chunk.byteLength;
  }
  return Buffer.concat(parts).subarray(0, KEPT_BYTES).toString("utf8");
}
