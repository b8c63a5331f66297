import type { IncomingMessage } from "node:http";
import { RefusedError } from "../port.ts";

/** Longer requests are refused: the largest that a provider takes is 32 MiB. */
export const MAX_BODY_BYTES: number = 64 * 1024 * 1024;

/**
 * Reads a request's whole body: what it costs, whether it may leave, and to send it twice, all need it.
 * @throws RefusedError where it is too long.
 */
export function readBody(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on("data", (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= MAX_BODY_BYTES) return;
      chunks.length = 0;
      incoming.removeAllListeners("data");
      incoming.resume();
      const message = `Expected a request of at most ${MAX_BODY_BYTES / 1024 / 1024} MiB.`;
      reject(new RefusedError({ reason: "body", message }));
    });
    incoming.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)));
    incoming.on("error", reject);
  });
}
