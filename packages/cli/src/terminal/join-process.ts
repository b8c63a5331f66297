/** Joins a program in a machine to this process's own input and output, byte for byte. */
import { constants } from "node:os";
import type { GuestProcess, GuestSignal } from "@cloister/engine/machines";
import type { Terminal } from "./terminal.ts";

const FORWARDED: readonly GuestSignal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
/** What shells say of a program that a signal ended (POSIX, Shell Command Language 2.8.2). */
const SIGNAL_BASE = 128;
const NOT_FOUND = 127;

/**
 * Carries input, output, signals and the terminal's size until the program has ended.
 * @returns its exit status, 128 and the signal's number, or 127 where it could not be started.
 */
export async function joinProcess(running: GuestProcess, terminal: Terminal): Promise<number> {
  using stack = new DisposableStack();
  joinInput(running, stack);
  stack.use(terminal.onResize(() => running.resize({ columns: terminal.columns, rows: terminal.rows })));
  for (const signal of FORWARDED) {
    const forward = (): void => running.signal(signal);
    process.on(signal, forward);
    stack.defer(() => process.off(signal, forward));
  }
  const [end] = await Promise.all([
    running.exit,
    carry(running.stdout, process.stdout),
    carry(running.stderr, process.stderr),
  ]);
  if (end.error !== undefined) terminal.note(`cloister: ${end.error}`);
  if (end.cause === "not_started") return NOT_FOUND;
  return end.code ?? SIGNAL_BASE + (constants.signals[end.signal as NodeJS.Signals] ?? constants.signals.SIGKILL);
}

function joinInput(running: GuestProcess, stack: DisposableStack): void {
  const { stdin } = process;
  const isTerminal = stdin.isTTY;
  if (isTerminal) {
    stdin.setRawMode(true);
    stack.defer(() => stdin.setRawMode(false));
  }
  const onData = (chunk: Buffer): void => {
    stdin.pause();
    void running.write(chunk).then(() => stdin.resume());
  };
  const onEnd = (): void => running.closeInput();
  stdin.on("data", onData).once("end", onEnd).once("error", onEnd);
  stack.defer(() => {
    stdin.off("data", onData).off("end", onEnd).off("error", onEnd);
    // Destroyed, not paused: what is read from a pipe or file would keep this process from ending.
    stdin.destroy();
  });
}

async function carry(source: AsyncIterable<Uint8Array>, target: NodeJS.WriteStream): Promise<void> {
  for await (const chunk of source) {
    if (!target.writable) continue; // Nobody reads any more: the program must not be held up by that.
    await new Promise((resolve) => target.write(chunk, resolve));
  }
}
