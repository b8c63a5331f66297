import type { Duplex } from "node:stream";
import { CloisterError } from "@cloister/core";
import { breach } from "./breach.ts";
import { Fields } from "./fields.ts";
import { FrameReader } from "./frames.ts";
import type { GuestHello } from "./port.ts";
import { Preamble } from "./preamble.ts";
import { FRAME, HEADER_SIZE, PROTOCOL_VERSION, TAG } from "./wire.ts";

/** The preamble is sent again after this time, then after twice as long, and so on. */
const FIRST_RETRY_MS = 150;

/** What a session begins with. */
export type Greeting = {
  readonly hello: GuestHello;
  /** What came after it. */
  readonly rest: Buffer;
};

/**
 * Finds the guest agent at the other end of a stream.
 * @throws CloisterError `machine_failed` where it does not answer within `timeLimitMs`, hangs up, or speaks another version
 */
export async function greet(transport: Duplex, timeLimitMs: number): Promise<Greeting> {
  const preamble = new Preamble();
  const answer = Promise.withResolvers<Greeting>();
  let bytesAfter: Buffer | undefined;
  const onData = (bytes: Buffer): void => {
    try {
      bytesAfter = bytesAfter === undefined ? preamble.push(bytes) : Buffer.concat([bytesAfter, bytes]);
      const greeting = bytesAfter && readHello(bytesAfter);
      if (greeting === undefined) return;
      transport.off("data", onData).pause();
      answer.resolve(greeting);
    } catch (error: unknown) {
      answer.reject(error);
    }
  };
  const onError = (error: Error): void => answer.reject(silent(error.message));
  const onEnd = (): void => answer.reject(silent("it hung up"));
  const timeLimit = setTimeout(() => answer.reject(silent(`nothing came within ${timeLimitMs} ms`)), timeLimitMs);
  const retries = retry(transport, preamble);
  transport.on("data", onData).on("error", onError).on("end", onEnd).on("close", onEnd);
  transport.write(preamble.first());
  try {
    return await answer.promise;
  } finally {
    clearTimeout(timeLimit);
    retries.stop();
    transport.off("data", onData).off("error", onError).off("end", onEnd).off("close", onEnd);
  }
}

/** Sends the preamble again, where the transport takes it, until it is stopped. */
function retry(transport: Duplex, preamble: Preamble): { readonly stop: () => void } {
  let timer: NodeJS.Timeout;
  const after = (delayMs: number): void => {
    timer = setTimeout(() => {
      if (transport.writable && !transport.writableNeedDrain) transport.write(preamble.again());
      after(delayMs * 2);
    }, delayMs);
  };
  after(FIRST_RETRY_MS);
  return { stop: () => clearTimeout(timer) };
}

/** The first frame, once it has come whole. */
function readHello(bytes: Buffer): Greeting | undefined {
  const [frame] = new FrameReader().push(bytes);
  if (frame === undefined) return undefined;
  if (frame.type !== FRAME.HELLO || frame.stream !== 0) throw breach("it did not say hello");
  return { hello: toHello(new Fields(frame.payload)), rest: bytes.subarray(HEADER_SIZE + frame.payload.length) };
}

function toHello(fields: Fields): GuestHello {
  const version = fields.number(TAG.VERSION) ?? 0;
  if (version !== PROTOCOL_VERSION)
    throw new CloisterError({
      code: "machine_failed",
      message: `Expected the machine's guest agent to speak version ${PROTOCOL_VERSION} of the protocol; it speaks ${version}.`,
      remedy: "Create the machine, or build its image, anew.",
    });
  const text = (tag: number): string => fields.text(tag) ?? "unknown";
  return { version, system: text(TAG.SYSTEM), release: text(TAG.RELEASE), architecture: text(TAG.ARCHITECTURE) };
}

function silent(reason: string): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `Expected the machine's guest agent to answer: ${reason}.`,
    remedy: "Look at the machine's console, or start it anew.",
  });
}
