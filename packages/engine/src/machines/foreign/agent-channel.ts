/** A talk with qemu-guest-agent over the stream of its port: one JSON object a line. */
import { randomInt } from "node:crypto";
import type { Duplex } from "node:stream";
import { z } from "zod";
import {
  agentFailed,
  type AgentQuestion,
  ANSWER_LIMIT_MS,
  type AskAgent,
  MAX_ANSWER_BYTES,
  readAnswer,
} from "./agent-answer.ts";

/** In no text: has the agent drop what it holds of a former question, and stands before its answer to the one that begins a talk. */
const DELIMITER = 0xff;
const NEWLINE = 0x0a;
const SYNC = "guest-sync-delimited";
const MAX_ID = 2 ** 47;

/** A talk that has begun. Disposing ends it and the stream. */
export type AgentTalk = Disposable & { readonly ask: AskAgent };

/**
 * Begins a talk: what a former one left behind is passed over, until the answer to a number that was never used before. A question that
 * is not answered in time ends the talk, since its answer would be taken for the next one's.
 * @param limitMs for each answer
 * @throws CloisterError `machine_failed` where the agent does not answer
 */
export async function beginAgentTalk(stream: Duplex, limitMs: number = ANSWER_LIMIT_MS): Promise<AgentTalk> {
  const lines = new AgentLines(stream);
  const talk: AgentTalk = {
    ask: async (question) => {
      stream.write(`${messageOf(question)}\n`);
      return readAnswer(await lines.next(question.command, limitMs), question);
    },
    [Symbol.dispose]: () => void stream.destroy(),
  };
  try {
    await synchronize(stream, lines, limitMs);
    return talk;
  } catch (error: unknown) {
    stream.destroy();
    throw error;
  }
}

async function synchronize(stream: Duplex, lines: AgentLines, limitMs: number): Promise<void> {
  const id = randomInt(1, MAX_ID);
  const question = { command: SYNC, arguments: { id }, answer: z.literal(id) };
  const deadline = performance.now() + limitMs;
  stream.write(Buffer.concat([Buffer.of(DELIMITER), Buffer.from(`${messageOf(question)}\n`)]));
  for (;;) {
    lines.skipToDelimiter();
    const line = await lines.next(SYNC, deadline - performance.now());
    if (isAnswer(line, id)) return;
  }
}

/** Another number is the answer to a talk that nobody is in any more. */
function isAnswer(line: string, id: number): boolean {
  try {
    readAnswer(line, { command: SYNC, answer: z.literal(id) });
    return true;
  } catch {
    return false; // Whatever else came: it is waited for the right one, as long as there is time.
  }
}

function messageOf({ command, arguments: given = {} }: AgentQuestion<unknown>): string {
  return JSON.stringify({ execute: command, arguments: given });
}

type Waiting = { readonly settle: (line: string) => void; readonly fail: (error: Error) => void };

/** The lines that come over a stream; never more than one of them is held, and that is bounded. */
class AgentLines {
  readonly #stream: Duplex;
  #held: Buffer = Buffer.alloc(0);
  #isSkipping = false;
  #waiting: Waiting | undefined;
  #end: Error | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", (bytes: Buffer) => this.#receive(bytes));
    stream.on("error", (error) => this.#fail(error));
    stream.once("end", () => this.#fail(new Error("it hung up")));
    stream.once("close", () => this.#fail(new Error("it hung up")));
    stream.pause();
  }

  /** Passes over everything up to the next delimiter. */
  skipToDelimiter(): void {
    this.#isSkipping = true;
  }

  /** The next line. @param what it is the answer to */
  async next(what: string, limitMs: number): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting = { settle: resolve, fail: reject };
    const late = (): void => this.#fail(new Error(`nothing came within ${Math.round(limitMs)} ms`));
    const timer = setTimeout(late, Math.max(1, limitMs));
    try {
      if (this.#end !== undefined) throw this.#end;
      this.#deliver();
      this.#stream.resume();
      return await promise;
    } catch (cause: unknown) {
      this.#stream.destroy();
      throw agentFailed(what, cause instanceof Error ? cause.message : String(cause), cause);
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
      this.#stream.pause();
    }
  }

  #receive(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#isSkipping) {
      const from = this.#held.indexOf(DELIMITER);
      this.#held = from < 0 ? Buffer.alloc(0) : this.#held.subarray(from + 1);
      this.#isSkipping = from < 0;
    }
    const at = this.#held.indexOf(NEWLINE);
    if (Math.max(at, at < 0 ? this.#held.length : 0) > MAX_ANSWER_BYTES)
      this.#fail(new Error("it sent too long a line"));
    if (at < 0 || this.#waiting === undefined) return;
    const line = this.#held.subarray(0, at).toString("utf8");
    this.#held = this.#held.subarray(at + 1);
    this.#waiting.settle(line);
    this.#waiting = undefined;
  }

  #fail(error: Error): void {
    this.#end ??= error;
    this.#waiting?.fail(this.#end);
    this.#waiting = undefined;
  }
}
