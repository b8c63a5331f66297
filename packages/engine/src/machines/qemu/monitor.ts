/**
 * A connection to QEMU's monitor (QMP): one JSON object a line. QEMU speaks to one client at a time, so holding a connection keeps
 * other processes from steering the same machine. What comes over it is bounded and checked.
 * QEMU: docs/interop/qmp-spec.txt
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { CloisterError } from "@cloister/core";
import { z } from "zod";

const MAX_LINE_BYTES = 1024 * 1024;
const MAX_EVENTS = 200;
const ANSWER_MS = 10_000;
const CONNECT_POLL_MS = 2;
const CONNECT_MS = 15_000;

/** Something that QEMU told. */
export type MonitorEvent = {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly timestamp: { readonly seconds: number; readonly microseconds: number };
};

const eventSchema: z.ZodType<MonitorEvent> = z.object({
  event: z.string().max(100),
  data: z.record(z.string(), z.unknown()).default({}),
  timestamp: z.object({ seconds: z.number(), microseconds: z.number() }),
});
const failureSchema = z.object({ error: z.object({ class: z.string(), desc: z.string() }) });
const answerSchema = z.object({ return: z.unknown() });
const messageSchema = z.union([eventSchema, failureSchema, answerSchema, z.object({ QMP: z.unknown() })]);

type Waiter = { readonly settle: (value: unknown) => void; readonly fail: (error: Error) => void };
type EventWaiter = {
  readonly wanted: (event: MonitorEvent) => boolean;
  readonly settle: (event: MonitorEvent) => void;
  readonly fail: (error: Error) => void;
};

/** When an event happened, in ms since the epoch, to a thousandth. */
export function timeOf({ timestamp }: MonitorEvent): number {
  return timestamp.seconds * 1000 + timestamp.microseconds / 1000;
}

/** One client of a machine's monitor. */
export class Monitor implements Disposable {
  readonly #socket: Socket;
  /** Commands in the order in which they were sent, which is that of their answers. The first is the greeting. */
  readonly #answers: Waiter[] = [];
  readonly #waiters = new Set<EventWaiter>();
  #events: MonitorEvent[] = [];
  #rest = "";
  #end: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#receive(text));
    socket.once("error", (error) => this.#close(error));
    socket.once("close", () => this.#close(new Error("its monitor has closed")));
  }

  /**
   * Connects, waits for its turn where somebody else is being served, and agrees on capabilities.
   * @param isAlive whether it is worth waiting for the socket. @throws CloisterError `machine_failed`
   */
  static async open(path: string, isAlive: () => boolean, limitMs: number = CONNECT_MS): Promise<Monitor> {
    const deadline = performance.now() + limitMs;
    const monitor = new Monitor(await connectSocket(path, isAlive, deadline));
    try {
      await monitor.#answer("the greeting", Math.max(1, deadline - performance.now()));
      await monitor.execute("qmp_capabilities");
      return monitor;
    } catch (error: unknown) {
      monitor[Symbol.dispose]();
      throw error;
    }
  }

  /** Sends a command. @returns what `schema` makes of the answer. @throws CloisterError `machine_failed` with QEMU's own words */
  async execute<Value = unknown>(
    command: string,
    options: { readonly arguments?: object; readonly schema?: z.ZodType<Value>; readonly limitMs?: number } = {},
  ): Promise<Value> {
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: options.arguments ?? {} })}\n`);
    const value = await this.#answer(command, options.limitMs ?? ANSWER_MS);
    if (options.schema === undefined) return value as Value;
    const parsed = options.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw monitorFailed(command, `it gave something else (${parsed.error.message})`);
  }

  /** The first event that is wanted, of those that nobody has had yet or that are to come. @throws CloisterError `machine_failed` when the time is over */
  async event(what: string, wanted: (event: MonitorEvent) => boolean, limitMs: number): Promise<MonitorEvent> {
    const index = this.#events.findIndex(wanted);
    const known = index === -1 ? undefined : this.#events.splice(index, 1)[0];
    if (known !== undefined) return known;
    const { promise, resolve, reject } = Promise.withResolvers<MonitorEvent>();
    const waiter = { wanted, settle: resolve, fail: reject };
    this.#waiters.add(waiter);
    if (this.#end !== undefined) this.#close(this.#end);
    return within(promise, what, limitMs).finally(() => this.#waiters.delete(waiter));
  }

  /** Those of the events that nobody has had yet that are wanted, the oldest first. */
  take(wanted: (event: MonitorEvent) => boolean): MonitorEvent[] {
    const taken = this.#events.filter(wanted);
    this.#events = this.#events.filter((event) => !taken.includes(event));
    return taken;
  }

  /** Drops the events that nobody has had. */
  forget(): void {
    this.#events = [];
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
    this.#close(new Error("it was closed here"));
  }

  #answer(what: string, limitMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#answers.push({ settle: resolve, fail: reject });
    if (this.#end !== undefined) this.#close(this.#end);
    // An answer that comes too late would be taken for the next one's.
    return within(promise, what, limitMs, () => this.#socket.destroy());
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > MAX_LINE_BYTES) this.#socket.destroy(new Error("its monitor sent too long a line"));
    for (const line of lines) if (line.trim() !== "") this.#dispatch(line);
  }

  #dispatch(line: string): void {
    const message = parseMessage(line);
    if (message === undefined) this.#socket.destroy(new Error("its monitor sent something that is not QMP"));
    else if ("event" in message) this.#note(message);
    else if ("error" in message) this.#answers.shift()?.fail(new Error(message.error.desc.slice(0, 1000)));
    else this.#answers.shift()?.settle("return" in message ? message.return : undefined);
  }

  #note(event: MonitorEvent): void {
    const waiter = [...this.#waiters].find(({ wanted }) => wanted(event));
    if (waiter !== undefined) waiter.settle(event);
    else if (this.#events.push(event) > MAX_EVENTS) this.#events.shift();
  }

  #close(error: Error): void {
    this.#end ??= error;
    for (const waiter of [...this.#answers.splice(0), ...this.#waiters]) waiter.fail(this.#end);
    this.#waiters.clear();
  }
}

function parseMessage(line: string): z.infer<typeof messageSchema> | undefined {
  try {
    return messageSchema.parse(JSON.parse(line));
  } catch {
    return undefined; // Whatever it is, it ends the connection.
  }
}

async function within<Value>(
  promise: Promise<Value>,
  what: string,
  limitMs: number,
  onLate?: () => void,
): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`nothing came within ${Math.round(limitMs)} ms`));
    onLate?.();
  }, limitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } catch (cause: unknown) {
    throw monitorFailed(what, (cause as Error).message, cause);
  } finally {
    clearTimeout(timer);
  }
}

/** Connects to a Unix socket that may not be there yet. @throws CloisterError `machine_failed` */
export async function connectSocket(path: string, isAlive: () => boolean, deadline: number): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, "connect");
      return socket;
    } catch (cause: unknown) {
      socket.destroy();
      if (!isAlive()) throw monitorFailed("a connection", "its process has ended", cause);
      if (performance.now() > deadline) throw monitorFailed("a connection", (cause as Error).message, cause);
      await delay(CONNECT_POLL_MS);
    }
  }
}

function monitorFailed(what: string, failure: string, cause?: unknown): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `Expected QEMU to answer ${what}, but ${failure}.`,
    cause,
  });
}
