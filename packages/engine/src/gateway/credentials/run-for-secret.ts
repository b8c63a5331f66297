import { tmpdir } from "node:os";
import { type ProcessSpec, startProcess } from "../../process/index.ts";

/** What a program gave for a secret: its standard output, or why there is none (completes "found …"). */
export type SecretOutput = { readonly output: string } | { readonly fault: string; readonly isMissing: boolean };

/** How a program that tells a secret is started. */
export type SecretProgram = Pick<ProcessSpec, "file" | "args" | "shell" | "env" | "timeoutMs">;

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 16 * 1024;
let started = 0;

/**
 * Runs a program for the secret that it prints: within 10 s, 16 KiB at most, with nothing left behind. Never throws. What it says on
 * standard error is dropped, since that may hold the secret, too.
 */
export async function runForSecret(program: SecretProgram): Promise<SecretOutput> {
  started += 1;
  const marker = `credential-${process.pid}-${started}`;
  const child = startProcess({ timeoutMs: TIMEOUT_MS, ...program, cwd: tmpdir(), marker });
  const [output] = await Promise.all([readBounded(child.stdout, () => child.stop("aborted")), drain(child.stderr)]);
  const { cause, code, error } = await child.exit;
  const fail = (fault: string): SecretOutput => ({ fault, isMissing: error === "ENOENT" });
  if (output === undefined) return fail(`more than ${MAX_OUTPUT_BYTES} bytes`);
  if (cause === "timeout") return fail("no end of it in time");
  if (cause === "spawn_failed") return fail(`that it could not be started (${error ?? "unknown"})`);
  return code === 0 ? { output } : fail(`that it failed (exit code ${code ?? "none"})`);
}

/** The whole of a short output; undefined, once `onExcess` was called, for a longer one. */
async function readBounded(source: AsyncIterable<Uint8Array>, onExcess: () => void): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of source) {
    bytes += part.byteLength;
    if (bytes <= MAX_OUTPUT_BYTES) parts.push(part);
    else onExcess();
  }
  return bytes > MAX_OUTPUT_BYTES ? undefined : Buffer.concat(parts).toString("utf8");
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const part of source) void part; // Read on: a full pipe would stop the writer.
}
