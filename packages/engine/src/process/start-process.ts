import type { ChildProcess } from "node:child_process";
import { Family } from "./family.ts";
import { createOutput, type Output } from "./output.ts";
import type { ExitCause, ProcessExit, ProcessSpec, RunningProcess } from "./port.ts";
import { uniqueMarker } from "./marker.ts";
import { processTable } from "./process-table.ts";
import { spawnChild } from "./spawn-child.ts";
import { signalGroup, sweep } from "./sweep.ts";
import { Timers } from "./timers.ts";

/** How long a process gets between TERM and KILL. */
export const STOP_GRACE_MS = 2000;
/** The first look at the descendants; the following come at twice the time, up to the table's own pace. */
const FIRST_LOOK_MS = 100;

/** Starts a process as {@link ProcessSpec} says; see `port.ts` for what is promised. */
export function startProcess(spec: ProcessSpec): RunningProcess {
  if (spec.signal?.aborted === true) return notStarted({ cause: "aborted" });
  const marker = uniqueMarker(spec.marker);
  const startedAt = performance.now();
  const child = spawnChild(spec, marker);
  return "error" in child
    ? notStarted({ cause: "spawn_failed", error: child.error })
    : new StartedProcess(child, marker, { ...spec, startedAt });
}

function notStarted(end: Pick<ProcessExit, "cause" | "error">): RunningProcess {
  const exit: ProcessExit = { ...end, code: null, signal: null, durationMs: 0, survivors: 0 };
  const nothing = (): void => undefined;
  return {
    pid: undefined,
    stdout: saysNothing(),
    stderr: saysNothing(),
    write: () => Promise.resolve(),
    closeInput: nothing,
    finish: nothing,
    stop: nothing,
    exit: Promise.resolve(exit),
  };
}

/** `startedAt`: when the start began, on the monotonic clock. */
type StartedSpec = ProcessSpec & { readonly startedAt: number };

class StartedProcess implements RunningProcess {
  readonly pid: number | undefined;
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exit: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  readonly #outputs: readonly Output[];
  readonly #family: Family | undefined;
  readonly #timers = new Timers();
  #phase: "running" | "stopping" | "ended" = "running";
  #cause: ExitCause = "exited";

  constructor(child: ChildProcess, marker: string, spec: StartedSpec) {
    this.#child = child;
    this.pid = child.pid;
    this.#family = child.pid === undefined ? undefined : new Family(child.pid, marker);
    const touch = this.#watchSilence(spec.idleTimeoutMs);
    const [stdout, stderr] = [child.stdout, child.stderr].map((source) => source && createOutput(source, touch));
    this.#outputs = [stdout, stderr].filter((output) => output !== null && output !== undefined);
    this.stdout = stdout?.bytes ?? saysNothing();
    this.stderr = stderr?.bytes ?? saysNothing();
    if (spec.timeoutMs !== undefined) this.#timers.after(spec.timeoutMs, () => this.stop("timeout"));
    this.#lookAgain(FIRST_LOOK_MS);
    this.exit = this.#settled(spec);
  }

  write(text: string): Promise<void> {
    const stdin = this.#child.stdin;
    if (stdin?.writable !== true) return Promise.resolve();
    return new Promise((resolve) => stdin.write(text, () => resolve()));
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  finish(graceMs: number): void {
    this.#timers.after(graceMs, () => this.stop("finished"));
  }

  stop(cause: ExitCause, graceMs: number = STOP_GRACE_MS): void {
    // Once it has ended, its number may belong to somebody else: nothing must be sent to it.
    if (this.#phase !== "running") return;
    this.#phase = "stopping";
    this.#cause = cause;
    this.#signalAll("SIGTERM");
    this.#timers.after(graceMs, () => this.#signalAll("SIGKILL"));
  }

  #signalAll(signal: NodeJS.Signals): void {
    this.#family?.remember(); // Now, while who dies first still shows whose child the others are.
    signalGroup(this.pid, signal);
  }

  /** Returns what to call at each sign of life. */
  #watchSilence(limitMs: number | undefined): () => void {
    if (limitMs === undefined) return () => undefined;
    return this.#timers.afterSilence(limitMs, () => {
      // A process that waits for its reader is not idle.
      if (this.#outputs.some((output) => output.isBacklogged())) return "again";
      this.stop("idle");
      return "done";
    });
  }

  #lookAgain(delayMs: number): void {
    this.#timers.after(delayMs, () => {
      this.#family?.remember();
      this.#lookAgain(Math.min(delayMs * 2, processTable.lookEveryMs));
    });
  }

  async #settled({ signal: abort, startedAt }: StartedSpec): Promise<ProcessExit> {
    const onAbort = (): void => this.stop("aborted");
    abort?.addEventListener("abort", onAbort, { once: true });
    const end = await ended(this.#child);
    abort?.removeEventListener("abort", onAbort);
    this.#phase = "ended";
    this.#timers.close();
    const durationMs = performance.now() - startedAt;
    const cause = end.error === undefined ? this.#cause : "spawn_failed";
    this.#family?.leaderEnded();
    const family = this.#family;
    const survivors = family === undefined ? 0 : await sweep(() => family.find());
    for (const output of this.#outputs) output.complete();
    return { ...end, cause, durationMs, survivors };
  }
}

/** Waits until the process itself has ended, or could not be started. */
function ended(child: ChildProcess): Promise<Pick<ProcessExit, "code" | "signal" | "error">> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return; // It runs: the error is about a signal or a pipe, and `exit` will follow.
      resolve({ code: null, signal: null, error: error.code ?? error.message });
    });
  });
}

async function* saysNothing(): AsyncGenerator<Uint8Array> {
  // A process that never started says nothing.
}
