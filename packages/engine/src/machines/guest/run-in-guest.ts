import { CloisterError, excerpt } from "@cloister/core";
import type { ExecSpec, GuestConnection } from "./port.ts";

/** What a short program in a machine said. */
export type GuestAnswer = { readonly code: number; readonly stdout: string };

/** A short program to run to its end. */
export type GuestCommand = Omit<ExecSpec, "stdin" | "terminal"> & {
  /** Exit codes besides 0 that are an answer, not an error. */
  readonly allow?: readonly number[];
};

/** Output beyond this is cut off: what a machine says is never kept without bound. */
const MAX_OUTPUT_BYTES = 1024 * 1024;
const DEFAULT_LIMIT_MS = 120_000;

/**
 * Runs a program to its end and returns what it said (1 MiB at most).
 * @throws CloisterError `machine_failed` where it can't be run, or ends otherwise than with 0 or a code of `allow`.
 */
export async function runInGuest(guest: GuestConnection, command: GuestCommand): Promise<GuestAnswer> {
  const { allow = [], ...spec } = command;
  const running = guest.exec({ timeLimitMs: DEFAULT_LIMIT_MS, ...spec });
  const [stdout, stderr, end] = await Promise.all([collect(running.stdout), collect(running.stderr), running.exit]);
  if (end.code !== null && (end.code === 0 || allow.includes(end.code))) return { code: end.code, stdout };
  const why = end.error ?? (stderr.trim() === "" ? stdout.trim() : stderr.trim());
  throw new CloisterError({
    code: "machine_failed",
    message: `${spec.argv[0] ?? ""} in the machine ended with ${end.code ?? end.signal ?? end.cause}: ${excerpt(why, 1500)}`,
  });
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    if (size < MAX_OUTPUT_BYTES) chunks.push(chunk.subarray(0, MAX_OUTPUT_BYTES - size));
    size += chunk.byteLength;
  }
  return Buffer.concat(chunks).toString("utf8");
}
