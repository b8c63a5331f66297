import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import type { GuestTransport } from "../guest/port.ts";
import { endGroup, keepWords, toolFailed, toolMissing } from "./run-tool.ts";

/** How long a process gets to end by itself once its input has ended. */
const CLOSE_MS = 2000;
/** How long its last output may take after its end, where somebody else still holds it open and the reader is not behind. */
const LAST_OUTPUT_MS = 500;

/** How a process that carries a guest agent's bytes is started. */
export type TransportOptions = {
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Asked at once where the process fails: a reason that is known better than by what it said. */
  readonly whyEnded?: () => Error | undefined;
};

/**
 * A guest agent at the other end of a process's standard input and output: of a sandbox, `podman exec`, `ssh`. Where the process
 * fails, the stream ends with CloisterError `machine_failed` that holds what it said on standard error, or `machine_unavailable`.
 * Closing ends its input, which ends the agent; what has not ended within 2 s is killed.
 */
export function processTransport(file: string, args: readonly string[], options: TransportOptions): GuestTransport {
  const { env, cwd = "/", whyEnded } = options;
  const child = spawn(file, [...args], { cwd, env: { ...env }, detached: true, stdio: "pipe" });
  const stream = new ProcessStream(child, file, whyEnded);
  let closing: Promise<void> | undefined;
  return { stream, close: () => (closing ??= close(child, stream)) };
}

async function close(child: ChildProcess, stream: Duplex): Promise<void> {
  const over = hasEnded(child) ? Promise.resolve() : once(child, "exit").catch(() => undefined); // It never started.
  stream.destroy();
  let dismiss = (): void => undefined;
  const timer = setTimeout(() => (dismiss = endGroup(child)), CLOSE_MS);
  await over;
  clearTimeout(timer);
  dismiss();
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

class ProcessStream extends Duplex {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, file: string, whyEnded: TransportOptions["whyEnded"]) {
    super();
    this.#child = child;
    const words = keepWords(child);
    child.stdin?.on("error", () => undefined); // EPIPE: it has ended; its exit code tells.
    child.stdout?.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout?.pause();
    });
    child.once("error", (error) => {
      if (child.pid === undefined) this.destroy(toolMissing(file, error));
    });
    child.once("exit", (code, signal) => {
      const why = code === 0 ? undefined : whyEnded?.();
      afterLastOutput(child, () => {
        if (code === 0) this.push(null);
        else this.destroy(why ?? toolFailed(file, `it ended with ${code ?? signal}`, words()));
      });
    });
  }

  override _read(): void {
    this.#child.stdout?.resume();
  }

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    const { stdin } = this.#child;
    // What a dead process does not read is dropped: its end follows on the other side.
    if (stdin?.writable === true) stdin.write(chunk, () => taken());
    else taken();
  }

  override _final(done: () => void): void {
    this.#child.stdin?.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.stdin?.destroy();
    this.#child.stdout?.destroy();
    done(error);
  }
}

/** Acts once, when all that it wrote has been passed on. A reader that is behind is waited for. */
function afterLastOutput({ stdout }: ChildProcess, act: () => void): void {
  if (stdout === null || stdout.readableEnded || stdout.destroyed) {
    act();
    return;
  }
  const finish = (): void => {
    clearInterval(timer);
    stdout.off("close", finish);
    act();
  };
  const timer = setInterval(() => {
    if (!stdout.isPaused()) finish();
  }, LAST_OUTPUT_MS);
  stdout.once("close", finish);
}
