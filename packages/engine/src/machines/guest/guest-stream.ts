import type { CloisterError } from "@cloister/core";
import { breach } from "./breach.ts";
import { Fields } from "./fields.ts";
import type { Frame } from "./frames.ts";
import { Inlet } from "./inlet.ts";
import { FRAME, INITIAL_CREDIT, MAX_PAYLOAD } from "./wire.ts";

/** A frame of data is one byte shorter than others: the channel. */
const LARGEST_PIECE = MAX_PAYLOAD - 1;
const MAX_CREDIT = 2 ** 31;

/** What a stream needs of its session. */
export type StreamSession = {
  readonly send: (type: number, stream: number, ...payload: readonly Uint8Array[]) => void;
  /** Resolves when the transport takes more. */
  readonly drained: () => Promise<void>;
  readonly forget: (stream: number) => void;
};

/** One request and what belongs to it: the host's half. */
export class GuestStream {
  readonly id: number;
  /** Settles when what was asked for is there; rejects where it never will be. */
  readonly ready: Promise<Fields>;
  /** Settles when it is over; rejects where the session ended first. */
  readonly result: Promise<Fields>;
  readonly inlets: readonly Inlet[];
  readonly #session: StreamSession;
  readonly #ready = Promise.withResolvers<Fields>();
  readonly #result = Promise.withResolvers<Fields>();
  #isReady = false;
  #isOver = false;
  #credit = INITIAL_CREDIT;
  #inputEnded = false;
  #closing = false;
  #wake: () => void = () => undefined;

  /** @param channels on which the guest may send */
  constructor(id: number, channels: number, session: StreamSession) {
    this.id = id;
    this.#session = session;
    this.inlets = Array.from(
      { length: channels },
      (_, channel) => new Inlet((bytes) => this.#giveCredit(channel, bytes)),
    );
    this.ready = this.#ready.promise;
    this.result = this.#result.promise;
    // Not everybody waits for both.
    for (const promise of [this.ready, this.result]) promise.catch(() => undefined);
  }

  /** False once nothing that is written would be read. */
  get isOpen(): boolean {
    return !this.#isOver && !this.#closing && !this.#inputEnded;
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  /** Sends a frame of this stream, unless it is over. */
  control(type: number, payload: Uint8Array = Buffer.alloc(0)): void {
    if (!this.#isOver) this.#session.send(type, this.id, payload);
  }

  /** Resolves when all is handed over; drops what can't be any more. One caller at a time. */
  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.byteLength > 0 && (await this.#writable())) {
      const piece = rest.subarray(0, Math.min(this.#credit, LARGEST_PIECE));
      this.#credit -= piece.byteLength;
      this.#session.send(FRAME.DATA, this.id, Buffer.of(0), piece);
      rest = rest.subarray(piece.byteLength);
    }
  }

  /** Nothing more will be written. Idempotent. */
  endInput(): void {
    if (!this.isOpen) return;
    this.#inputEnded = true;
    this.#session.send(FRAME.END, this.id, Buffer.of(0));
  }

  /** Has the guest end it at once. Idempotent. */
  close(): void {
    if (!this.#closing && !this.#isOver) this.#session.send(FRAME.CLOSE, this.id);
    this.#closing = true;
    for (const inlet of this.inlets) inlet.discard();
    this.#wake();
  }

  /** Takes a frame. @throws CloisterError `machine_failed` where the guest may not send it */
  take(frame: Frame): void {
    switch (frame.type) {
      case FRAME.READY:
        this.#takeReady(new Fields(frame.payload));
        return;
      case FRAME.RESULT:
        this.#takeResult(new Fields(frame.payload));
        return;
      case FRAME.CLOSED:
        this.#takeClosed();
        return;
      default:
        this.#takeChannel(frame);
    }
  }

  /** The session has ended. */
  lose(error: CloisterError): void {
    this.#finish();
    this.#ready.reject(error);
    this.#result.reject(error);
  }

  #takeReady(fields: Fields): void {
    if (this.#isReady || this.#isOver) throw breach("ready twice");
    this.#isReady = true;
    this.#ready.resolve(fields);
  }

  #takeResult(fields: Fields): void {
    if (this.#isOver) throw breach("two results");
    this.#isOver = true;
    this.#result.resolve(fields);
    this.#ready.resolve(fields);
    this.#wake();
  }

  #takeClosed(): void {
    if (!this.#isOver) throw breach("closed without a result");
    this.#finish();
    this.#session.forget(this.id);
  }

  #takeChannel({ type, payload }: Frame): void {
    const channel = payload[0];
    if (channel === undefined) throw breach(`a frame of type ${type} without a channel`);
    if (type === FRAME.CREDIT) {
      this.#takeCredit(payload);
      return;
    }
    const inlet = this.inlets[channel];
    if (inlet === undefined || (type !== FRAME.DATA && type !== FRAME.END))
      throw breach(`a frame of type ${type} where none may be`);
    if (type === FRAME.DATA) inlet.push(payload.subarray(1));
    else inlet.end();
  }

  #takeCredit(payload: Buffer): void {
    if (payload.length !== 5 || payload[0] !== 0) throw breach("malformed credit");
    this.#credit += payload.readUInt32LE(1);
    if (this.#credit > MAX_CREDIT) throw breach("boundless credit");
    this.#wake();
  }

  #finish(): void {
    this.#isOver = true;
    for (const inlet of this.inlets) inlet.finish();
    this.#wake();
  }

  #giveCredit(channel: number, bytes: number): void {
    const payload = Buffer.alloc(5);
    payload.writeUInt8(channel, 0);
    payload.writeUInt32LE(bytes, 1);
    this.#session.send(FRAME.CREDIT, this.id, payload);
  }

  /** Waits for credit and room. False: there is nobody to write to. */
  async #writable(): Promise<boolean> {
    while (this.isOpen && this.#credit === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    await this.#session.drained();
    return this.isOpen && this.#credit > 0;
  }
}
