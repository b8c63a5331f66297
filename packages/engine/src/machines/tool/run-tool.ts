import { type ChildProcess, spawn } from "node:child_process";
import { CloisterError } from "@cloister/core";

/** Where nobody says otherwise: long enough for a large image, short enough that nobody waits for ever. */
const DEFAULT_TIME_LIMIT_MS = 60_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
/** What is kept of a tool's words: enough to understand, short enough for one message. */
const WORDS_BYTES = 2000;
/** Between asking a tool to end and making it end. */
const GRACE_MS = 500;

/** How a tool is run. */
export type ToolOptions = {
  /** The whole environment; PATH in it finds the program. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Written to its standard input, which is then closed. Default: empty. */
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Wall time in ms after which it is ended. Default 60 000. */
  readonly timeLimitMs?: number;
  /** Standard output beyond this is a failure. Default 4 MiB. */
  readonly maxBytes?: number;
  /** Exit codes besides 0 that are an answer, not a failure. */
  readonly allow?: readonly number[];
};

/** What a tool answered. `stderr` is its last 2000 bytes. */
export type ToolAnswer = { readonly code: number; readonly stdout: string; readonly stderr: string };

/**
 * Runs a tool's command line to its end, in a group of its own, within bounds of time and size.
 * @throws CloisterError `machine_unavailable` where it is not installed; `machine_failed`, with its own words, where it fails or goes beyond its bounds.
 */
export async function runTool(file: string, args: readonly string[], options: ToolOptions): Promise<ToolAnswer> {
  const stdin = options.input === undefined ? "ignore" : "pipe";
  const { env, cwd = "/" } = options;
  const child = spawn(file, [...args], { cwd, env: { ...env }, detached: true, stdio: [stdin, "pipe", "pipe"] });
  const stop = watch(child);
  const timer = setTimeout(() => stop("it did not end in time"), options.timeLimitMs ?? DEFAULT_TIME_LIMIT_MS);
  try {
    const stdout = collect(child, options.maxBytes ?? DEFAULT_MAX_BYTES, stop);
    const words = keepWords(child);
    feed(child, options.input).catch((error: unknown) => stop(`its input failed (${String(error)})`));
    const end = await ended(child, file);
    const failure = stop.reason ?? failureOf(end, options.allow ?? []);
    if (failure !== undefined) throw toolFailed(file, failure, words());
    return { code: end.code ?? 0, stdout: stdout(), stderr: words() };
  } finally {
    clearTimeout(timer);
    stop.dismiss();
  }
}

/** The error of a tool that failed. @param words what it said, which is bounded here */
export function toolFailed(file: string, failure: string, words: string): CloisterError {
  const said = printable(words.slice(-WORDS_BYTES)).trim();
  return new CloisterError({
    code: "machine_failed",
    message: `Expected ${nameOf(file)} to succeed, but ${failure}: ${said === "" ? "it said nothing" : said}.`,
  });
}

/** Keeps the end of what a child says on standard error. @returns what it has said so far */
export function keepWords(child: ChildProcess): () => string {
  let words = Buffer.alloc(0);
  child.stderr?.on("data", (chunk: Buffer) => (words = Buffer.concat([words, chunk]).subarray(-WORDS_BYTES)));
  return () => words.toString("utf8");
}

/** Ends a child that leads a group, with its group: TERM, KILL after a grace. @returns what gives up the KILL */
export function endGroup(child: ChildProcess): () => void {
  signalGroup(child, "SIGTERM");
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
  return () => clearTimeout(timer);
}

/** The error of a tool that is not there. */
export function toolMissing(file: string, cause: Error): CloisterError {
  return new CloisterError({
    code: "machine_unavailable",
    message: `${nameOf(file)} could not be started: ${cause.message}.`,
    remedy: `Install ${nameOf(file)}, or put it on PATH.`,
    cause,
  });
}

type Stop = ((reason: string) => void) & { reason?: string; dismiss: () => void };

/** What ends the child for a reason; the first reason is kept. */
function watch(child: ChildProcess): Stop {
  let dismiss = (): void => undefined;
  const stop: Stop = Object.assign(
    (reason: string) => {
      if (stop.reason !== undefined) return;
      stop.reason = reason;
      dismiss = endGroup(child);
    },
    { dismiss: () => dismiss() },
  );
  return stop;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  // Once it was waited for, its number may belong to somebody else.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended between the look and the signal.
  }
}

function collect(child: ChildProcess, maxBytes: number, stop: (reason: string) => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else stop(`it wrote more than ${maxBytes} bytes`);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

async function feed(child: ChildProcess, input: ToolOptions["input"]): Promise<void> {
  const { stdin } = child;
  if (stdin === null || input === undefined) return;
  stdin.on("error", () => undefined); // EPIPE: it ended without reading all of it; its exit code tells.
  if (typeof input === "string" || input instanceof Uint8Array) {
    stdin.end(input);
    return;
  }
  for await (const chunk of input) {
    if (stdin.destroyed) return;
    await new Promise<void>((resolve) => stdin.write(chunk, () => resolve()));
  }
  stdin.end();
}

type End = { readonly code: number | null; readonly signal: string | null };

function ended(child: ChildProcess, file: string): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      if (child.pid === undefined) reject(toolMissing(file, error));
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

function failureOf({ code, signal }: End, allow: readonly number[]): string | undefined {
  if (code === null) return `${signal ?? "something"} ended it`;
  return code === 0 || allow.includes(code) ? undefined : `it ended with ${code}`;
}

/** A tool may repeat what hostile programs said: no control character reaches a terminal. */
function printable(words: string): string {
  return words.replaceAll(/[^\P{Cc}\n\t]/gu, "?");
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}
