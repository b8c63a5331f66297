import { randomBytes } from "node:crypto";
import { GUEST_MAGIC, HEADER_SIZE, HOST_MAGIC, MAX_PAYLOAD, NONCE_SIZE } from "./wire.ts";

/** More than a frame, and no frame itself: brings an agent that a snapshot caught inside a frame back to where it looks for a preamble. */
const PADDING: Buffer = Buffer.alloc(HEADER_SIZE + MAX_PAYLOAD + HEADER_SIZE, 0xff);

/** The beginning of a session, from the host's side: finds the guest's answer among whatever an earlier session has left. */
export class Preamble {
  #expected: Buffer = Buffer.alloc(0);
  #seen: Buffer = Buffer.alloc(0);

  /** What to send. Only the answer to the last one counts. */
  first(): Buffer {
    const nonce = randomBytes(NONCE_SIZE);
    this.#expected = Buffer.concat([GUEST_MAGIC, nonce]);
    return Buffer.concat([HOST_MAGIC, nonce]);
  }

  /** What to send where there was no answer for a while. */
  again(): Buffer {
    return Buffer.concat([PADDING, this.first()]);
  }

  /** Takes what came. @returns what follows the answer, once it is there */
  push(bytes: Buffer): Buffer | undefined {
    this.#seen = Buffer.concat([this.#seen, bytes]);
    const at = this.#seen.indexOf(this.#expected);
    if (at >= 0) return this.#seen.subarray(at + this.#expected.length);
    // Keeps what may be the answer's beginning.
    this.#seen = Buffer.from(this.#seen.subarray(Math.max(0, this.#seen.length - this.#expected.length)));
    return undefined;
  }
}
