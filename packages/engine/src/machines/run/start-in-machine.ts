/** Processes in a machine as the engine knows processes: limits, grace and causes are the host's, the process is the guest's. */
import { Timers } from "../../process/timers.ts";
import type { ExitCause, ProcessExit, ProcessSpec, RunningProcess, StartProcess } from "../../process/port.ts";
import type { ExecSpec, GuestConnection, GuestProcess } from "../guest/port.ts";

/** How long a process gets between TERM and KILL. */
const STOP_GRACE_MS = 2000;

/** Starts processes through a guest agent, as `user` of the machine (undefined: the agent's own). */
export function createGuestStarter(guest: GuestConnection, user: string | undefined): StartProcess {
  return (spec) => new ProcessInMachine(guest.exec(toExecSpec(spec, user)), spec);
}

function toExecSpec(spec: ProcessSpec, user: string | undefined): ExecSpec {
  const argv = spec.shell === undefined ? [spec.file ?? "", ...(spec.args ?? [])] : ["/bin/sh", "-c", spec.shell];
  const wantsInput = spec.stdin !== undefined && spec.stdin !== "empty";
  return {
    argv,
    cwd: spec.cwd,
    env: spec.env,
    stdin: wantsInput ? "open" : "empty",
    ...(user === undefined ? {} : { user }),
  };
}

class ProcessInMachine implements RunningProcess {
  /** Its number is the machine's: on the host it would mean another process. */
  readonly pid = undefined;
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exit: Promise<ProcessExit>;
  readonly #process: GuestProcess;
  readonly #timers = new Timers();
  #cause: ExitCause = "exited";
  #isStopping = false;
  #busyReaders = 0;

  constructor(running: GuestProcess, spec: ProcessSpec) {
    this.#process = running;
    const touch = this.#watchSilence(spec.idleTimeoutMs);
    this.stdout = this.#watched(running.stdout, touch);
    this.stderr = this.#watched(running.stderr, touch);
    if (spec.timeoutMs !== undefined) this.#timers.after(spec.timeoutMs, () => this.stop("timeout"));
    if (typeof spec.stdin === "object") void this.write(spec.stdin.text).then(() => this.closeInput());
    this.exit = this.#settled(spec.signal);
  }

  write(text: string): Promise<void> {
    return this.#process.write(Buffer.from(text));
  }

  closeInput(): void {
    this.#process.closeInput();
  }

  finish(graceMs: number): void {
    this.#timers.after(graceMs, () => this.stop("finished"));
  }

  stop(cause: ExitCause, graceMs: number = STOP_GRACE_MS): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#cause = cause;
    this.#process.signal("SIGTERM");
    this.#timers.after(graceMs, () => this.#process.kill());
  }

  #watchSilence(limitMs: number | undefined): () => void {
    if (limitMs === undefined) return () => undefined;
    return this.#timers.afterSilence(limitMs, () => {
      if (this.#busyReaders > 0) return "again"; // A process that waits for its reader is not idle.
      this.stop("idle");
      return "done";
    });
  }

  async *#watched(source: AsyncIterable<Uint8Array>, touch: () => void): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      touch();
      this.#busyReaders += 1;
      try {
        yield chunk;
      } finally {
        this.#busyReaders -= 1;
      }
      touch();
    }
  }

  async #settled(abort: AbortSignal | undefined): Promise<ProcessExit> {
    const startedAt = performance.now();
    const onAbort = (): void => this.stop("aborted");
    if (abort?.aborted === true) onAbort();
    abort?.addEventListener("abort", onAbort, { once: true });
    const end = await this.#process.exit;
    abort?.removeEventListener("abort", onAbort);
    this.#timers.close();
    return {
      cause: end.cause === "not_started" ? "spawn_failed" : this.#cause,
      code: end.code,
      signal: end.signal ?? (end.cause === "lost" ? "SIGKILL" : null),
      durationMs: performance.now() - startedAt,
      survivors: end.survivors,
      ...(end.cause === "not_started" ? { error: end.error ?? "unknown" } : {}),
    };
  }
}
