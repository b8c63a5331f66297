/** Joins a machine's serial console to this process's own input and output, byte for byte. */
import type { MachineConsole } from "@cloister/vm";

/** A console that is joined, until it is disposed of. */
export interface JoinedConsole extends Disposable {
  /** Resolves when what was printed has left, or found nobody to read it: a guest that prints without end is to wait for that. */
  untilWritten(): Promise<void>;
}

const CONTROL_A = 0x01;
const QUIT_KEYS = new Set(["x".charCodeAt(0), "X".charCodeAt(0)]);

/**
 * Carries input and output. From a terminal every key goes to the guest, but Ctrl-A X (ends) and Ctrl-A Ctrl-A (Ctrl-A itself);
 * what comes from elsewhere waits until the guest listens, as many drop what they are sent before.
 * @param onQuit the user wants to end the machine
 */
export function joinConsole(console: MachineConsole, onQuit: () => void): JoinedConsole {
  const stack = new DisposableStack();
  const untilWritten = joinOutput(console, stack);
  if (process.stdin.isTTY) joinKeyboard(console, onQuit, stack);
  else void console.untilListening().then(() => carryInput(console, stack));
  return { untilWritten, [Symbol.dispose]: () => stack.dispose() };
}

function joinOutput(console: MachineConsole, stack: DisposableStack): () => Promise<void> {
  const { stdout } = process;
  stack.defer(
    console.onData((bytes) => {
      if (stdout.writable) stdout.write(bytes);
    }),
  );
  return async () => {
    if (!stdout.writable || !stdout.writableNeedDrain) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    stdout.once("drain", resolve).once("close", resolve);
    await promise;
    stdout.off("drain", resolve).off("close", resolve);
  };
}

function joinKeyboard(console: MachineConsole, onQuit: () => void, stack: DisposableStack): void {
  const { stdin } = process;
  stdin.setRawMode(true);
  stack.defer(() => stdin.setRawMode(false));
  let isEscaped = false;
  carry(stack, async (chunk) => {
    const typed: number[] = [];
    for (const byte of chunk) {
      if (!isEscaped && byte === CONTROL_A) isEscaped = true;
      else if (isEscaped && QUIT_KEYS.has(byte)) return onQuit();
      else {
        typed.push(byte);
        isEscaped = false;
      }
    }
    await console.write(Uint8Array.from(typed));
  });
}

function carryInput(console: MachineConsole, stack: DisposableStack): void {
  if (!stack.disposed) carry(stack, (chunk) => console.write(chunk));
}

/** Reads no further than the guest does. */
function carry(stack: DisposableStack, write: (chunk: Uint8Array) => Promise<void>): void {
  const { stdin } = process;
  const onData = (chunk: Buffer): void => {
    stdin.pause();
    void write(chunk).then(() => stdin.resume());
  };
  stdin.on("data", onData);
  // Input that fails is input that ended: the machine goes on.
  stdin.on("error", ignore);
  stack.defer(() => {
    stdin.off("data", onData);
    // Destroyed, not paused: what is read from a pipe or file would keep this process from ending.
    stdin.destroy();
  });
}

function ignore(): void {
  // Nothing is to be done about it.
}
