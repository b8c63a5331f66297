/** What is asked of every contender. */

/** The kinds of load. */
export type LoadKind = "paced" | "short" | "large";

/** A load, as one process makes it. */
export type LoadPlan = {
  readonly kind: LoadKind;
  /** Where requests go, without a slash at the end. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests under way at once. */
  readonly connections: number;
  /** Sent before those that count, as V8 compiles the load's own program, too. */
  readonly warmUp: number;
  readonly requests: number;
  /** Tells its texts from those of other loads. */
  readonly number: number;
};

/** What a load found out, without its warm-up. */
export type LoadResult = {
  /** ms from each request to the first byte of its answer. */
  readonly firstBytes: readonly number[];
  /** ms from where each chunk was written to where it was read. Of paced answers only. */
  readonly chunks: readonly number[];
  /** From the first request to the last answer. */
  readonly seconds: number;
};

/** A request with this word in it is answered chunk by chunk. */
export const PACED = "step-by-step";
export const PACED_CHUNKS = 60;
export const PACE_MS = 5;
