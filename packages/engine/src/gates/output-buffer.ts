/** How much of a gate's output is kept: half from its head, half from its tail. */
export const MAX_OUTPUT_BYTES: number = 8 * 1024 * 1024;

/** Output of unknown length, kept in bounded memory. */
export interface OutputBuffer {
  /** Takes the next bytes, in the order in which they came. */
  push(chunk: Uint8Array): void;
  /** What was kept, with a note where something is missing. Malformed UTF-8 is replaced. */
  toText(): string;
}

/** A buffer that keeps the first and the last `limit / 2` bytes. */
export function createOutputBuffer(limit: number = MAX_OUTPUT_BYTES): OutputBuffer {
  const half = Math.floor(limit / 2);
  const head: Uint8Array[] = [];
  let tail: Uint8Array[] = [];
  let [headBytes, tailBytes, allBytes] = [0, 0, 0];

  const pushTail = (chunk: Uint8Array): void => {
    tail.push(chunk);
    tailBytes += chunk.byteLength;
    if (tailBytes > 2 * half) compact();
  };
  const compact = (): void => {
    const bytes = Buffer.concat(tail);
    tail = [Buffer.from(bytes.subarray(Math.max(0, bytes.byteLength - half)))];
    tailBytes = tail[0]?.byteLength ?? 0;
  };
  return {
    push(chunk) {
      allBytes += chunk.byteLength;
      const room = Math.max(0, half - headBytes);
      if (room > 0) {
        head.push(chunk.subarray(0, room));
        headBytes += Math.min(room, chunk.byteLength);
      }
      if (chunk.byteLength > room) pushTail(chunk.subarray(room));
    },
    toText() {
      if (tailBytes > half) compact();
      const missing = allBytes - headBytes - tailBytes;
      const note = missing === 0 ? "" : `\n[cloister: ${missing} bytes of output are left out here]\n`;
      const parts = missing === 0 ? [Buffer.concat([...head, ...tail])] : [Buffer.concat(head), Buffer.concat(tail)];
      return parts.map((part) => part.toString("utf8")).join(note);
    },
  };
}
