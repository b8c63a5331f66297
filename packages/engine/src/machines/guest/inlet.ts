import { breach } from "./breach.ts";
import { INITIAL_CREDIT } from "./wire.ts";

/** Blocks of this size hold what comes in small pieces: a thousand pieces of a byte must not hold a thousand chunks of the transport. */
const BLOCK_SIZE = 16_384;
/** Credit is given back when this much of it has been used: often enough that the guest never waits for it. */
const CREDIT_STEP = INITIAL_CREDIT / 4;

/** Bytes that come from the guest on one channel: never more in memory than the credit that the guest was given. */
export class Inlet {
  readonly #giveCredit: (bytes: number) => void;
  readonly #blocks: { readonly bytes: Buffer; used: number }[] = [];
  #allowed = INITIAL_CREDIT;
  #owed = 0;
  #ended = false;
  #discarding = false;
  #wake: () => void = () => undefined;

  constructor(giveCredit: (bytes: number) => void) {
    this.#giveCredit = giveCredit;
  }

  /** @throws CloisterError `machine_failed` where the guest may not send this */
  push(bytes: Buffer): void {
    if (this.#ended) throw breach("data after its end");
    if (bytes.length === 0 || bytes.length > this.#allowed) throw breach("data beyond its credit");
    this.#allowed -= bytes.length;
    if (this.#discarding) this.#taken(bytes.length);
    else this.#store(bytes);
    this.#wake();
  }

  /** The guest sends no more. @throws CloisterError `machine_failed` at the second time */
  end(): void {
    if (this.#ended) throw breach("two ends of one channel");
    this.finish();
  }

  /** No more will come, whoever ended it. What has come can still be taken. Idempotent. */
  finish(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Drops what is there and what comes. */
  discard(): void {
    this.#discarding = true;
    for (const block of this.#blocks.splice(0)) this.#taken(block.used);
    this.#wake();
  }

  /** Waits for the next bytes; undefined at the end. One caller at a time. */
  async take(): Promise<Buffer | undefined> {
    while (this.#blocks.length === 0 && !this.#ended && !this.#discarding)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    this.#taken(block.used);
    return block.bytes.subarray(0, block.used);
  }

  /** As an iterable; what is left when its consumer stops is dropped. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (let bytes = await this.take(); bytes !== undefined; bytes = await this.take()) yield bytes;
    } finally {
      this.discard();
    }
  }

  #store(bytes: Buffer): void {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.bytes.length - last.used >= bytes.length) {
      last.used += bytes.copy(last.bytes, last.used);
      return;
    }
    const block = Buffer.allocUnsafeSlow(Math.max(BLOCK_SIZE, bytes.length));
    this.#blocks.push({ bytes: block, used: bytes.copy(block) });
  }

  #taken(count: number): void {
    this.#owed += count;
    if (this.#ended || this.#owed < CREDIT_STEP) return;
    const credit = this.#owed;
    this.#owed = 0;
    this.#allowed += credit;
    this.#giveCredit(credit);
  }
}
