/** Reading a stream bit by bit, so that what is not taken stays in it for whoever reads on. */
import type { Readable } from "node:stream";

/** @returns exactly `count` bytes; undefined where the stream ends before. */
export function readBytes(stream: Readable, count: number): Promise<Buffer | undefined> {
  if (count === 0) return Promise.resolve(Buffer.alloc(0));
  return collect(stream, (bytes) =>
    bytes.length < count ? undefined : { found: bytes.subarray(0, count), taken: count },
  );
}

/** @returns the bytes before the next zero, which is taken too; undefined where there is none within `limit` bytes. */
export function readUntilZero(stream: Readable, limit: number): Promise<Buffer | undefined> {
  return collect<Buffer | undefined>(stream, (bytes) => {
    const zero = bytes.subarray(0, limit + 1).indexOf(0);
    if (zero !== -1) return { found: bytes.subarray(0, zero), taken: zero + 1 };
    return bytes.length > limit ? { found: undefined, taken: 0 } : undefined;
  });
}

/**
 * Looks at what comes, without taking it.
 * @param judge is given all bytes so far, and asked again with more as long as it has no opinion.
 * @returns undefined where the stream ends before there is one.
 */
export function peekBytes<T>(stream: Readable, judge: (bytes: Buffer) => T | undefined): Promise<T | undefined> {
  return collect(stream, (bytes) => {
    const found = judge(bytes);
    return found === undefined ? undefined : { found, taken: 0 };
  });
}

/** Reads all that is there, and once `judge` has found what it looks for, gives back what it did not take. */
async function collect<T>(
  stream: Readable,
  judge: (bytes: Buffer) => { readonly found: T; readonly taken: number } | undefined,
): Promise<T | undefined> {
  const chunks: Buffer[] = [];
  for (;;) {
    // All of it: a stream that holds something, if too little, would be called readable again at once, for ever.
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) {
      chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const judgement = judge(bytes);
      if (judgement !== undefined) {
        // Before anything else: a stream whose end was seen takes nothing back.
        if (judgement.taken < bytes.length) stream.unshift(bytes.subarray(judgement.taken));
        return judgement.found;
      }
    }
    if (!(await waitForBytes(stream))) return undefined;
  }
}

/** @returns false where there won't be any more. */
export function waitForBytes(stream: Readable, signal?: AbortSignal): Promise<boolean> {
  if (stream.destroyed || stream.readableEnded) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (): void => {
      for (const event of EVENTS) stream.off(event, settle);
      signal?.removeEventListener("abort", settle);
      resolve(!stream.destroyed && !stream.readableEnded);
    };
    for (const event of EVENTS) stream.on(event, settle);
    signal?.addEventListener("abort", settle);
  });
}

const EVENTS = ["readable", "end", "error", "close"] as const;
