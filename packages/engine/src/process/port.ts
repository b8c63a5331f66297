/**
 * What a process is to the engine. Owns: start, stop, limits, and the promise that nothing outlives a stop (I4).
 * Its neighbours own the meaning of what a process says: `agents/` and `gates/`.
 *
 * Invariants:
 * P1. Every process starts as leader of a session and group of its own, and carries the run's marker in its environment.
 * P2. Standard input is closed once its content is written; where there is none it is empty from the start.
 * P3. `exit` settles when the process itself has ended, whoever else still holds its output open.
 * P4. When `exit` has settled, no descendant lives that can be found by descent, marker or output (`docs/process.md` says which can't).
 * P5. No byte of an output is lost, whenever its reader comes and however slow it is; what is held for it is bounded.
 */

/** What to start. */
export type ProcessSpec = {
  /** Program: absolute, or looked up on `env.PATH`. Ignored where `shell` is given. */
  readonly file?: string;
  readonly args?: readonly string[];
  /** A command line for `/bin/sh -c`, instead of `file` and `args`. */
  readonly shell?: string;
  readonly cwd: string;
  /** The whole environment; the marker is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. `open` leaves it to the caller (who must end it). */
  readonly stdin?: { readonly text: string } | "empty" | "open";
  /** Ties the process and its descendants to a run and iteration, so that escapees are found: what `markerFor` returns. The process gets one of its own below it. */
  readonly marker: string;
  /** Wall time after which the process is stopped. */
  readonly timeoutMs?: number;
  /** Time without a byte on stdout or stderr after which the process is stopped. Time in which it waits for its reader does not count. */
  readonly idleTimeoutMs?: number;
  /** Stops the process when aborted; where it is aborted already, the process is not started. */
  readonly signal?: AbortSignal;
};

/** Why a process ended. */
export type ExitCause = "exited" | "timeout" | "idle" | "aborted" | "finished" | "spawn_failed";

/** How a process ended. */
export type ProcessExit = {
  /** `finished`: it was stopped after {@link RunningProcess.finish}. */
  readonly cause: ExitCause;
  /** Null where a signal ended it, or it never started. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly durationMs: number;
  /** How many processes outlived the leader and had to be killed. */
  readonly survivors: number;
  /** The system's word where it could not be started: `ENOENT`, `EACCES`, … */
  readonly error?: string;
};

/** A process under way. */
export interface RunningProcess {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  /** Bytes of standard output and standard error. Must be consumed; ends at the latest shortly after the process has ended. */
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** Writes to standard input (`stdin: "open"`); resolves when taken. Never throws: what a dead process does not read is dropped. */
  write(text: string): Promise<void>;
  closeInput(): void;
  /** The process has said its last word: it gets `graceMs` to end by itself, then is stopped. */
  finish(graceMs: number): void;
  /** Asks it to end (TERM), and makes it end (KILL) after `graceMs`. Idempotent. */
  stop(cause: ExitCause, graceMs?: number): void;
  /** Settles once, never rejects. */
  readonly exit: Promise<ProcessExit>;
}

/** Starts a process. Never throws: what could not be started has ended with `spawn_failed`. */
export type StartProcess = (spec: ProcessSpec) => RunningProcess;
