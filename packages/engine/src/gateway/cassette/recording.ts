import type { ModelRequest, RecordingHandle } from "../port.ts";
import { CHUNK_OVERHEAD_BYTES, MAX_EXCHANGE_BYTES, type RecordedChunk, type RecordedExchange } from "./exchange.ts";
import type { PendingBudget } from "./pending-budget.ts";

/** What a recording tells the recorder that began it. */
export type RecordingOwner = {
  readonly budget: PendingBudget;
  /** It is over. `held`: bytes to give back to the budget, once it is written. */
  done(exchange: RecordedExchange, held: number): void;
  /** There was no room for it. */
  dropped(): void;
};

/** A handle that can also be ended by the recorder. */
export type Recording = RecordingHandle & { readonly isOpen: boolean };

/**
 * Takes an answer while it passes: chunks are kept by reference, nothing is copied. Bytes above {@link MAX_EXCHANGE_BYTES} are left
 * out; where the budget has no room, all of it is.
 */
export function createRecording(request: ModelRequest, owner: RecordingOwner): Recording {
  const time = Date.now() - Math.round(performance.now() - request.startedAt);
  const requestBody = request.body.subarray(0, MAX_EXCHANGE_BYTES);
  let status = 0;
  let responseHeaders: Readonly<Record<string, string>> = {};
  let chunks: RecordedChunk[] = [];
  let held = requestBody.length;
  let isCut = requestBody.length < request.body.length;
  let isOpen = owner.budget.take(held);
  if (!isOpen) owner.dropped();

  const drop = (): void => {
    isOpen = false;
    chunks = [];
    owner.budget.give(held);
    owner.dropped();
  };

  const keep = (bytes: Uint8Array): void => {
    const size = bytes.length + CHUNK_OVERHEAD_BYTES;
    isCut ||= held + size > MAX_EXCHANGE_BYTES;
    if (isCut) return;
    if (!owner.budget.take(size)) return drop();
    held += size;
    chunks.push({ at: sinceArrival(request), bytes });
  };

  const toExchange = (ended: boolean): RecordedExchange => ({
    id: request.id,
    time,
    method: request.method,
    path: request.path,
    wire: request.wire.name,
    model: request.facts.model,
    requestHeaders: request.headers,
    requestBody,
    status,
    responseHeaders,
    chunks,
    ended,
    cut: isCut,
  });

  return {
    get isOpen() {
      return isOpen;
    },
    head(code, headers) {
      status = code;
      responseHeaders = headers;
    },
    chunk(bytes) {
      if (isOpen && bytes.length > 0) keep(bytes);
    },
    end(ended) {
      if (!isOpen) return;
      isOpen = false;
      owner.done(toExchange(ended), held);
    },
  };
}

function sinceArrival({ startedAt }: ModelRequest): number {
  return Math.max(0, Math.round(performance.now() - startedAt));
}
