import { PassThrough, type Readable } from "node:stream";
import { notePassedBytes } from "./free-memory.ts";

/** Bytes held for a consumer that is slow, or has not come yet; what is beyond them waits in the process. */
const BUFFER_BYTES = 64 * 1024;
/** How long output may be silent after the process has ended before it counts as complete, where a process that was not found holds it open. */
const QUIET_MS = 250;
/** More than the kernel can hold in a pipe or socket: what comes beyond it was written after the process had ended. */
const MAX_LATE_BYTES = 4 * 1024 * 1024;

/** One output of a process on its way to who reads it. */
export type Output = {
  /** Every byte, in order, from the first, whenever the reading begins. Ends, and never throws. Who stops reading early drops the rest. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** True while the reader is what the process waits for. */
  isBacklogged(): boolean;
  /** The process has ended: the output ends once all that it wrote was read. */
  complete(): void;
};

/**
 * Carries what `source` says, in bounded memory.
 * @param onBytes called when bytes come, whether or not anybody reads.
 */
export function createOutput(source: Readable, onBytes: () => void): Output {
  // A stream in between is read from the start, so nothing is lost before the consumer comes, and holds back the source where it is slow.
  const passage = new PassThrough({ highWaterMark: BUFFER_BYTES });
  source.on("error", () => undefined); // EIO, ECONNRESET: the output ends there, which `close` tells.
  source.on("data", (chunk: Uint8Array) => {
    onBytes();
    notePassedBytes(chunk.byteLength);
  });
  source.pipe(passage);
  source.once("close", () => passage.end());
  // Who stops reading must not block the process: the rest flows, and is dropped.
  passage.once("close", () => source.resume());
  const isBacklogged = (): boolean => passage.writableNeedDrain || source.readableLength > 0;
  return { bytes: passage, isBacklogged, complete: () => endWhenQuiet(source, isBacklogged) };
}

function endWhenQuiet(source: Readable, isBacklogged: () => boolean): void {
  if (source.destroyed || source.readableEnded) return;
  let late = 0;
  const timer = setTimeout(() => (isBacklogged() ? timer.refresh() : source.destroy()), QUIET_MS).unref();
  source.on("data", (chunk: Uint8Array) => {
    late += chunk.byteLength;
    if (late > MAX_LATE_BYTES) source.destroy();
    else timer.refresh();
  });
  source.once("close", () => clearTimeout(timer));
}
