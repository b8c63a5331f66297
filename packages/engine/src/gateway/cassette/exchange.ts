/** What a cassette holds: requests to a model, each with its answer. The format on disk is in `docs/cassette-format.md`. */
import type { Wire } from "@cloister/core";

/** What this version writes. */
export const WRITTEN_VERSION = 1;
/** What this version reads. A new version is read by a release before any release writes it. */
export const READABLE_VERSIONS: readonly number[] = [1];

/** Bytes of one exchange that are kept, the request's and the answer's together. */
export const MAX_EXCHANGE_BYTES: number = 64 * 1024 * 1024;
/** Counted for each chunk beside its bytes, so that an answer in tiny chunks is bounded, too. */
export const CHUNK_OVERHEAD_BYTES = 64;
/** The longest record that is read: text grows to at most twice its size as JSON, base64 by a third. */
export const MAX_RECORD_BYTES: number = 192 * 1024 * 1024;

/** A piece of an answer. */
export type RecordedChunk = {
  /** ms since the request's arrival. */
  readonly at: number;
  readonly bytes: Uint8Array;
};

/** A request and its answer, as recorded: without credentials, and with secrets redacted. */
export type RecordedExchange = {
  /** The request's id in the ledger. */
  readonly id: string;
  /** When it came in, in ms since 1970. */
  readonly time: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly wire: Wire;
  /** As asked for; empty where the request names none. */
  readonly model: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: Uint8Array;
  /** 0 where no answer came. */
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly chunks: readonly RecordedChunk[];
  /** The answer came to its proper end. */
  readonly ended: boolean;
  /** A part is missing: it was above {@link MAX_EXCHANGE_BYTES}, or in an encoding that could not be searched for secrets. */
  readonly cut: boolean;
};
