/** Collects bytes of output, and forgets the middle of what is more than its limit. */
export type OutputBuffer = { readonly append: (chunk: Buffer) => void; readonly text: () => string };

/** A buffer that keeps the first and the last `limit / 2` bytes. */
export function createOutputBuffer(limit: number): OutputBuffer {
  const half = Math.floor(limit / 2);
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  let dropped = 0;
  return {
    append(chunk) {
      const room = half - head.length;
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)]);
      const rest = Buffer.concat([tail, chunk.subarray(Math.max(room, 0))]);
      dropped += Math.max(rest.length - half, 0);
      tail = Buffer.from(rest.subarray(Math.max(rest.length - half, 0)));
    },
    text() {
      const note = dropped > 0 ? `\n[… ${dropped} bytes left out …]\n` : "";
      return head.toString("utf8") + note + tail.toString("utf8");
    },
  };
}
