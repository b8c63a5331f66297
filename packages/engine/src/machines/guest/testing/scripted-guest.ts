import { duplexPair } from "node:stream";
import { connectGuest } from "../connect-guest.ts";
import { encodeFields } from "../fields.ts";
import { encodeFrame } from "../frames.ts";
import type { GuestConnection } from "../port.ts";
import { FRAME, GUEST_MAGIC, HOST_MAGIC, NONCE_SIZE, TAG } from "../wire.ts";

/** What a guest in order says first. */
export const HELLO: Buffer = encodeFrame(FRAME.HELLO, 0, encodeFields([[TAG.VERSION, 1]]));

/** A guest that says what a test has it say. */
export type ScriptedGuest = {
  readonly guest: GuestConnection;
  readonly say: (bytes: Uint8Array) => void;
  readonly hangUp: () => void;
};

/** Connects to a guest that answers the preamble as it should, and then says nothing by itself. */
export async function connectScripted(hello: Uint8Array = HELLO): Promise<ScriptedGuest> {
  const [host, machine] = duplexPair();
  machine.once("data", (bytes: Buffer) => {
    const nonce = bytes.subarray(HOST_MAGIC.length, HOST_MAGIC.length + NONCE_SIZE);
    machine.write(Buffer.concat([GUEST_MAGIC, nonce, hello]));
    machine.resume();
  });
  const guest = await connectGuest({ stream: host, close: async () => void machine.destroy() }, { timeLimitMs: 1000 });
  return { guest, say: (bytes) => void (machine.destroyed || machine.write(bytes)), hangUp: () => void machine.end() };
}
