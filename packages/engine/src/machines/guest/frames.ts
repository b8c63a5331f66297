import { breach } from "./breach.ts";
import { HEADER_SIZE, MAX_PAYLOAD } from "./wire.ts";

/** One frame. The payload is good until the next bytes are pushed: what is kept of it must be copied. */
export type Frame = { readonly type: number; readonly stream: number; readonly payload: Buffer };

/** A frame's bytes. @param payload 64 KiB at most */
export function encodeFrame(type: number, stream: number, ...payload: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(
    payload.reduce((sum, part) => sum + part.byteLength, 0),
    0,
  );
  header.writeUInt8(type, 4);
  header.writeUInt32LE(stream, 5);
  return Buffer.concat([header, ...payload]);
}

/** Cuts a stream of bytes into frames. Holds one frame that has not come whole, at most. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws CloisterError `machine_failed` at a frame that is too long */
  *push(bytes: Buffer): Generator<Frame> {
    let data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let size = frameSize(data); data.length >= size; size = frameSize(data)) {
      yield { type: data.readUInt8(4), stream: data.readUInt32LE(5), payload: data.subarray(HEADER_SIZE, size) };
      data = data.subarray(size);
    }
    this.#rest = Buffer.from(data);
  }
}

/** Of the frame at the beginning of `data`, in bytes; infinite where its header has not come whole. */
function frameSize(data: Buffer): number {
  if (data.length < HEADER_SIZE) return Infinity;
  const length = data.readUInt32LE(0);
  if (length > MAX_PAYLOAD) throw breach(`a frame of ${length} bytes`);
  return HEADER_SIZE + length;
}
