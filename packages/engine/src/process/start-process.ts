import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { ExitCause, ProcessExit, ProcessSpec, RunningProcess } from "./port.ts";
import { MARKER_VARIABLE } from "./proc-table.ts";
import { signalGroup, sweep } from "./sweep.ts";

/** How long a process gets between TERM and KILL. */
export const STOP_GRACE_MS = 2000;
/** How long output may go on after the process has ended, where a descendant holds it open. */
const DRAIN_MS = 250;

/** Starts a process as {@link ProcessSpec} says; see `port.ts` for what is promised. */
export function startProcess(spec: ProcessSpec): RunningProcess {
  const startedAt = performance.now();
  const child = spawnChild(spec);
  const ended = Promise.withResolvers<ProcessExit>();
  const timers = new Set<NodeJS.Timeout>();
  let cause: ExitCause = "exited";
  let stopping = false;

  const after = (delay: number, act: () => void): NodeJS.Timeout => {
    const timer = setTimeout(act, delay);
    timers.add(timer);
    return timer;
  };
  const stop = (why: ExitCause, graceMs: number = STOP_GRACE_MS): void => {
    if (stopping) return;
    stopping = true;
    cause = why;
    signalGroup(child.pid, "SIGTERM");
    after(graceMs, () => signalGroup(child.pid, "SIGKILL"));
  };

  if (spec.timeoutMs !== undefined) after(spec.timeoutMs, () => stop("timeout"));
  const touch = watchIdle(spec.idleTimeoutMs, after, () => stop("idle"));
  child.stdout?.on("data", touch);
  child.stderr?.on("data", touch);
  const onAbort = (): void => stop("aborted");
  if (spec.signal?.aborted === true) onAbort();
  spec.signal?.addEventListener("abort", onAbort, { once: true });

  const settle = async (code: number | null, signal: string | null, error?: string): Promise<void> => {
    for (const timer of timers) clearTimeout(timer);
    spec.signal?.removeEventListener("abort", onAbort);
    const survivors = child.pid === undefined ? 0 : await sweep(child.pid, spec.marker);
    drain(child);
    const durationMs = performance.now() - startedAt;
    ended.resolve({ cause, code, signal, durationMs, survivors, ...(error === undefined ? {} : { error }) });
  };
  child.once("exit", (code, signal) => void settle(code, signal));
  child.once("error", (error: NodeJS.ErrnoException) => {
    if (child.pid !== undefined) return; // It runs: the error is about a signal or a pipe, and `exit` will follow.
    cause = "spawn_failed";
    void settle(null, null, error.code ?? error.message);
  });
  feedInput(child, spec);

  return {
    pid: child.pid,
    stdout: child.stdout ?? nothing(),
    stderr: child.stderr ?? nothing(),
    write: (text) => writeInput(child, text),
    closeInput: () => void child.stdin?.end(),
    finish: (graceMs) => void after(graceMs, () => stop("finished")),
    stop,
    exit: ended.promise,
  };
}

function spawnChild(spec: ProcessSpec): ChildProcess {
  const env = { ...spec.env, [MARKER_VARIABLE]: spec.marker };
  const [file, args] = spec.shell === undefined ? [spec.file ?? "", spec.args ?? []] : ["/bin/sh", ["-c", spec.shell]];
  const stdin = spec.stdin === undefined || spec.stdin === "empty" ? "ignore" : "pipe";
  return spawn(file, [...args], { cwd: spec.cwd, env, detached: true, stdio: [stdin, "pipe", "pipe"] });
}

function feedInput(child: ChildProcess, spec: ProcessSpec): void {
  child.stdin?.on("error", () => undefined); // EPIPE: it ended, or closed its input, without reading all of it.
  if (typeof spec.stdin === "object") child.stdin?.end(spec.stdin.text);
}

function writeInput(child: ChildProcess, text: string): Promise<void> {
  const stdin = child.stdin;
  if (stdin === null || !stdin.writable) return Promise.resolve();
  return new Promise((resolve) => stdin.write(text, () => resolve()));
}

/** Returns what to call at each sign of life. */
function watchIdle(
  limitMs: number | undefined,
  after: (delay: number, act: () => void) => NodeJS.Timeout,
  act: () => void,
): () => void {
  if (limitMs === undefined) return () => undefined;
  const timer = after(limitMs, act);
  return () => void timer.refresh();
}

/** Ends the output streams soon, even where somebody still holds the other end. */
function drain(child: ChildProcess): void {
  const streams = [child.stdout, child.stderr].filter((stream): stream is Readable => stream !== null);
  for (const stream of streams) {
    if (stream.readableEnded || stream.destroyed) continue;
    const timer = setTimeout(() => stream.push(null), DRAIN_MS);
    stream.once("end", () => clearTimeout(timer));
    stream.once("close", () => clearTimeout(timer));
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A process that never started says nothing.
}
