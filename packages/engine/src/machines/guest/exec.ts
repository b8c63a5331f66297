import { CloisterError } from "@cloister/core";
import { breach } from "./breach.ts";
import type { Field, Fields } from "./fields.ts";
import type { GuestStream } from "./guest-stream.ts";
import { Inlet } from "./inlet.ts";
import type { ExecEnd, ExecSpec, GuestProcess, GuestSignal, TerminalSize } from "./port.ts";
import type { GuestSession } from "./session.ts";
import { FRAME, KIND, TAG } from "./wire.ts";

const CAUSES = ["exited", "time_limit", "killed", "lost", "not_started"] as const;
const SIGNAL_NUMBERS: Readonly<Record<GuestSignal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
};
const LONGEST_TIME_LIMIT_MS = 2 ** 31 - 1 - 60_000;
/** How long after its time limit a guest may take to end a program: killing all of a machine under load takes a while. */
const OVERDUE_MS = 60_000;

/** Starts a program; see {@link GuestProcess} for what is promised. */
export function execInGuest(session: GuestSession, spec: ExecSpec): GuestProcess {
  if (spec.argv.length === 0 || hasNul(spec)) return notStarted("EINVAL");
  try {
    const running = new RunningProgram(session.open({ kind: KIND.EXEC, fields: execFields(spec), channels: 2 }));
    if (spec.timeLimitMs !== undefined) endOverdue(session, running.exit, clampTime(spec.timeLimitMs));
    return running;
  } catch (error: unknown) {
    return notStarted(error instanceof Error ? error.message : String(error));
  }
}

/** A guest that does not enforce a time limit is not waited for. */
function endOverdue(session: GuestSession, exit: Promise<ExecEnd>, timeLimitMs: number): void {
  const timer = setTimeout(
    () => session.fail(breach("a time limit that it did not enforce")),
    timeLimitMs + OVERDUE_MS,
  );
  timer.unref();
  void exit.then(() => clearTimeout(timer));
}

function hasNul({ argv, env, cwd = "", user = "" }: ExecSpec): boolean {
  return [...argv, ...Object.entries(env).flat(), cwd, user].some((text) => text.includes("\0"));
}

function execFields(spec: ExecSpec): Field[] {
  const fields: Field[] = spec.argv.map((argument) => [TAG.ARGUMENT, argument]);
  for (const [name, value] of Object.entries(spec.env)) fields.push([TAG.VARIABLE, `${name}=${value}`]);
  if (spec.cwd !== undefined) fields.push([TAG.FOLDER, spec.cwd]);
  if (spec.user !== undefined) fields.push([TAG.USER, spec.user]);
  if (spec.stdin === "open") fields.push([TAG.OPEN_INPUT, 1]);
  if (spec.terminal !== undefined)
    fields.push([TAG.COLUMNS, clampSize(spec.terminal.columns)], [TAG.ROWS, clampSize(spec.terminal.rows)]);
  if (spec.timeLimitMs !== undefined) fields.push([TAG.TIME_LIMIT, clampTime(spec.timeLimitMs)]);
  return fields;
}

/** A terminal's size is a u16. */
function clampSize(size: number): number {
  return Math.min(65_535, Math.max(1, Math.trunc(size) || 1));
}

/** 0 would mean none. */
function clampTime(ms: number): number {
  return Math.min(LONGEST_TIME_LIMIT_MS, Math.max(1, Math.ceil(ms) || 1));
}

class RunningProgram implements GuestProcess {
  readonly pid: Promise<number | undefined>;
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exit: Promise<ExecEnd>;
  readonly #stream: GuestStream;
  #writing: Promise<void> = Promise.resolve();

  constructor(stream: GuestStream) {
    const [stdout, stderr] = stream.inlets;
    this.#stream = stream;
    this.stdout = stdout ?? saysNothing();
    this.stderr = stderr ?? saysNothing();
    this.pid = stream.ready.then(
      (fields) => fields.number(TAG.PID),
      () => undefined,
    );
    this.exit = stream.result.then(toEnd, (error: unknown) => lostEnd(error));
  }

  write(bytes: Uint8Array): Promise<void> {
    // One after the other, in the order in which they were asked for.
    this.#writing = this.#writing.then(() => this.#stream.write(bytes));
    return this.#writing;
  }

  closeInput(): void {
    void this.#writing.then(() => this.#stream.endInput());
  }

  resize({ columns, rows }: TerminalSize): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt16LE(clampSize(columns), 0);
    payload.writeUInt16LE(clampSize(rows), 2);
    this.#stream.control(FRAME.RESIZE, payload);
  }

  signal(name: GuestSignal): void {
    this.#stream.control(FRAME.SIGNAL, Buffer.of(SIGNAL_NUMBERS[name]));
  }

  kill(): void {
    this.#stream.control(FRAME.KILL);
  }
}

/** What the guest said of the end. Hostile: what is not as it should be is left out. */
function toEnd(fields: Fields): ExecEnd {
  const signal = fields.text(TAG.SIGNAL) ?? "";
  const code = fields.number(TAG.CODE);
  const error = fields.text(TAG.ERROR);
  return {
    cause: CAUSES[fields.number(TAG.CAUSE) ?? -1] ?? "lost",
    code: code !== undefined && code <= 255 ? code : null,
    signal: /^SIG[A-Z0-9]{1,12}$/.test(signal) ? signal : null,
    survivors: fields.number(TAG.SURVIVORS) ?? 0,
    ...(error !== undefined && { error }),
  };
}

function lostEnd(error: unknown): ExecEnd {
  const reason = CloisterError.isInstance(error) ? error.message : String(error);
  return { cause: "lost", code: null, signal: null, survivors: 0, error: reason };
}

function notStarted(reason: string): GuestProcess {
  const nothing = (): void => undefined;
  return {
    pid: Promise.resolve(undefined),
    stdout: saysNothing(),
    stderr: saysNothing(),
    write: () => Promise.resolve(),
    closeInput: nothing,
    resize: nothing,
    signal: nothing,
    kill: nothing,
    exit: Promise.resolve({ cause: "not_started", code: null, signal: null, survivors: 0, error: reason }),
  };
}

function saysNothing(): Inlet {
  const inlet = new Inlet(() => undefined);
  inlet.finish();
  return inlet;
}
