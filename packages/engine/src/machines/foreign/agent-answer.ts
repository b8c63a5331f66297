/**
 * What is asked of qemu-guest-agent, and what counts as an answer. The guest is hostile: an answer is one line of bounded length, has
 * the shape that the question expects or ends the talk, and nothing in it is used but to go on with the same talk.
 * QEMU: docs/interop/qemu-ga-ref
 */
import { CloisterError } from "@cloister/core";
import { z } from "zod";

/** An answer longer than this, in bytes, is none. */
export const MAX_ANSWER_BYTES: number = 64 * 1024;
/** How long one answer may take, in ms. */
export const ANSWER_LIMIT_MS = 20_000;
const WORDS = 300;

/** One command. */
export type AgentQuestion<Value> = {
  /** Such as `guest-exec`. */
  readonly command: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** What it must answer. */
  readonly answer: z.ZodType<Value>;
};

/** Asks qemu-guest-agent. @throws CloisterError `image_invalid` where it refuses, `machine_failed` where it answers nothing or nonsense */
export type AskAgent = <Value>(question: AgentQuestion<Value>) => Promise<Value>;

const answerSchema = z.object({ return: z.unknown() });
const refusalSchema = z.object({ error: z.object({ desc: z.string() }) });
const messageSchema = z.union([refusalSchema, answerSchema]);

/** What a line of the agent says, as the question wants it. @throws CloisterError as {@link AskAgent} */
export function readAnswer<Value>(line: string, { command, answer }: AgentQuestion<Value>): Value {
  const message = messageSchema.safeParse(parseJson(line));
  if (!message.success) throw agentFailed(command, "it said something that is not an answer");
  if ("error" in message.data) throw agentRefused(command, message.data.error.desc);
  const value = answer.safeParse(message.data.return);
  if (value.success) return value.data;
  throw agentFailed(command, "it answered something else than was asked");
}

/** The error of an agent that does not do what the protocol says. @param failure such as `it hung up` */
export function agentFailed(command: string, failure: string, cause?: unknown): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `Expected qemu-guest-agent in the machine to answer ${command}, but ${failure}.`,
    remedy: "Look at the machine's console; make the machine anew where what runs in it is not what you put there.",
    cause,
  });
}

/** The error of an agent that may not do what it is asked. @param words its own */
export function agentRefused(command: string, words: string): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Expected qemu-guest-agent of the image to allow ${command}, it refused: ${printable(words)}`,
    remedy:
      "Allow guest-exec, guest-exec-status, guest-file-open, guest-file-write and guest-file-close in its configuration (block-rpcs, allow-rpcs, or blacklist of /etc/qemu/qemu-ga.conf, and the options of its service), then import the disk again.",
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // No message has that shape: it is said below what came.
  }
}

/** The guest's words reach a terminal: short, on one line, and nothing that steers it. */
function printable(words: string): string {
  return words.slice(0, WORDS).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
}
