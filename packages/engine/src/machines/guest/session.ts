import type { Duplex } from "node:stream";
import { CloisterError } from "@cloister/core";
import { breach } from "./breach.ts";
import { encodeFields, type Field, Fields } from "./fields.ts";
import { encodeFrame, type Frame, FrameReader } from "./frames.ts";
import { GuestStream } from "./guest-stream.ts";
import { FRAME, KIND, MAX_PAYLOAD, MAX_REQUEST, MAX_STREAMS, TAG } from "./wire.ts";

/** Of a request in one frame: its kind and whether more follows come before it. */
const REQUEST_PIECE = MAX_PAYLOAD - 2;
/** A guest that has us answer but reads nothing is not served for ever. */
const MAX_UNSENT = 16_777_216;

/** A request to open. */
export type Request = {
  /** One of `KIND`. */
  readonly kind: number;
  readonly fields: readonly Field[];
  /** On which the guest sends data: 0, 1 or 2. */
  readonly channels: number;
};

/** A connection to a guest agent after its preamble: sends frames, and hands those that come to their streams. */
export class GuestSession {
  readonly closed: Promise<Error | undefined>;
  readonly #transport: Duplex;
  readonly #reader = new FrameReader();
  readonly #streams = new Map<number, GuestStream>();
  readonly #acceptors = new Map<number, (stream: GuestStream) => void>();
  readonly #closed = Promise.withResolvers<Error | undefined>();
  #nextId = 1;
  #end: CloisterError | undefined;
  #drained: Promise<void> | undefined;

  constructor(transport: Duplex) {
    this.#transport = transport;
    this.closed = this.#closed.promise;
  }

  /** Serves what comes, beginning with what came already. */
  start(first: Buffer): void {
    this.#transport.on("data", (bytes: Buffer) => this.#receive(bytes));
    // What the driver knows better, such as the limit that stopped the machine, is said in its own words.
    this.#transport.once("error", (error) => this.fail(CloisterError.isInstance(error) ? error : lost(error.message)));
    for (const event of ["end", "close"]) this.#transport.once(event, () => this.fail(lost("it hung up")));
    this.#receive(first);
    this.#transport.resume();
    if (this.#transport.destroyed || this.#transport.readableEnded) this.fail(lost("it hung up"));
  }

  /** Sends a request. @throws CloisterError `machine_failed` after the end of the session */
  open({ kind, fields, channels }: Request): GuestStream {
    if (this.#end !== undefined) throw this.#end;
    const bytes = encodeFields(fields);
    if (bytes.length > MAX_REQUEST - MAX_PAYLOAD)
      throw new CloisterError({ code: "machine_failed", message: "The request is too large: E2BIG." });
    const stream = this.#add(this.#freeId(), channels);
    for (let at = 0; at === 0 || at < bytes.length; at += REQUEST_PIECE) {
      const more = at + REQUEST_PIECE < bytes.length ? 1 : 0;
      this.#send(FRAME.OPEN, stream.id, Buffer.of(kind, more), bytes.subarray(at, at + REQUEST_PIECE));
    }
    return stream;
  }

  /** Has `accept` called for each connection that the guest's listener `stream` takes. */
  onAccepted(stream: GuestStream, accept: (accepted: GuestStream) => void): void {
    this.#acceptors.set(stream.id, accept);
  }

  /** Ends it, with an error for those who wait. Idempotent. @param reason for those who watch; undefined where it was meant to end */
  end(error: CloisterError, reason: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#transport.destroy();
    for (const stream of this.#streams.values()) stream.lose(error);
    this.#streams.clear();
    this.#acceptors.clear();
    this.#closed.resolve(reason);
  }

  /** Ends it for a reason that nobody meant. Idempotent. */
  fail(error: CloisterError): void {
    this.end(error, error);
  }

  #freeId(): number {
    do this.#nextId = (this.#nextId + 2) % 2 ** 32;
    while (this.#streams.has(this.#nextId));
    return this.#nextId;
  }

  #add(id: number, channels: number): GuestStream {
    const stream = new GuestStream(id, channels, {
      send: (type, stream, ...payload) => this.#send(type, stream, ...payload),
      drained: () => this.#whenDrained(),
      forget: (stream) => {
        this.#streams.delete(stream);
        this.#acceptors.delete(stream);
      },
    });
    this.#streams.set(id, stream);
    return stream;
  }

  #send(type: number, stream: number, ...payload: readonly Uint8Array[]): void {
    if (this.#end !== undefined) return;
    this.#transport.write(encodeFrame(type, stream, ...payload));
    if (this.#transport.writableLength > MAX_UNSENT) this.fail(breach("it reads nothing"));
  }

  async #whenDrained(): Promise<void> {
    while (this.#end === undefined && this.#transport.writableNeedDrain) {
      this.#drained ??= new Promise((resolve) => {
        this.#transport.once("drain", resolve);
        void this.closed.then(() => resolve());
      });
      await this.#drained;
      this.#drained = undefined;
    }
  }

  #receive(bytes: Buffer): void {
    try {
      for (const frame of this.#reader.push(bytes)) {
        if (this.#end !== undefined) return;
        this.#take(frame);
      }
    } catch (error: unknown) {
      this.fail(CloisterError.isInstance(error) ? error : breach(String(error)));
    }
  }

  #take(frame: Frame): void {
    const stream = this.#streams.get(frame.stream);
    if (frame.type === FRAME.BROKEN) this.fail(lost("it understood something else than was meant"));
    else if (frame.type === FRAME.OPEN) this.#accept(frame, stream);
    else if (stream === undefined) throw breach(`a frame of type ${frame.type} for no stream`);
    else stream.take(frame);
  }

  /** The guest has taken a connection for one of our listeners. */
  #accept({ stream: id, payload }: Frame, existing: GuestStream | undefined): void {
    if (existing !== undefined || id === 0 || id % 2 !== 0) throw breach("a stream that can't begin");
    if (payload[0] !== KIND.ACCEPTED || payload[1] !== 0) throw breach("a request to the host");
    if (this.#streams.size >= 2 * MAX_STREAMS) throw breach("boundless streams");
    const listener = new Fields(payload.subarray(2)).number(TAG.LISTENER) ?? 0;
    const accept = this.#acceptors.get(listener);
    if (accept === undefined) throw breach("a connection that nobody listens for");
    accept(this.#add(id, 1));
  }
}

function lost(reason: string): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `The connection to the machine's guest agent ended: ${reason}.`,
  });
}
