import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { ProcessSpec, RunningProcess } from "../port.ts";
import { startProcess } from "../start-process.ts";

/** Starts a process for a test: a shell command, or a whole specification; with a marker, folder and environment unless it gives its own. */
export function start(spec: string | Partial<ProcessSpec>): RunningProcess {
  const given = typeof spec === "string" ? { shell: spec } : spec;
  return startProcess({ cwd: tmpdir(), env: { PATH: process.env["PATH"] ?? "" }, marker: "test", ...given });
}

/** Everything that `bytes` brings, as text. */
export async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** The process numbers that processes of a test wrote into `file`, one a line; undefined until there are `count`. */
export function pidsIn(file: string, count: number): number[] | undefined {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const pids = text.split("\n").filter(Boolean).map(Number);
  return text.endsWith("\n") && pids.length >= count ? pids : undefined;
}
