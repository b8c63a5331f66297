import { addTokens, NO_TOKENS, type TokenCounts } from "../token-counts.ts";
import type { Fault } from "../script/fault.ts";
import type { WireName } from "./wires/wire.ts";

/** What became of an answer. */
export type Outcome =
  /** Sent to its end. */
  | "complete"
  /** Left unsent, or cut, by a fault; or cut short because the server closed. */
  | "cut"
  /** The client went away first. */
  | "client_gone";

/** One request to the model, and what it was answered. */
export type RequestRecord = {
  /** From 1, in order of arrival. */
  readonly number: number;
  /** When it came, in ms since the epoch. */
  readonly at: number;
  readonly wire: WireName;
  readonly path: string;
  readonly model: string;
  readonly stream: boolean;
  /** True for requests that are not the agent's work: titles, routers, counts. They do not move the script on. */
  readonly side: boolean;
  /** Which conversation it belongs to; none for side requests. */
  readonly conversation?: {
    readonly number: number;
    readonly attempt: number;
    /** The name of the scripted conversation, or the text it looks for. Left out where no script fits the prompt. */
    readonly name?: string;
  };
  /** Tool results so far. */
  readonly step: number;
  /** Names of the tools that were offered. */
  readonly tools: readonly string[];
  /** What the user said before the first answer: at most 32 KiB. */
  readonly prompt: string;
  /** The last tool result: at most 4 KiB. */
  readonly lastResult?: string;
  /** The HTTP status sent; 0 where none was. */
  readonly status: number;
  readonly fault?: Fault["type"];
  /** The answer's text and tool calls, in short. */
  readonly answer: string;
  readonly outcome: Outcome;
  /** Tokens that the answer said it used. Left out where the client did not get to see them in full. */
  readonly usage?: TokenCounts;
  readonly durationMs: number;
};

/** What the server said it used, altogether. Counts every request, also those whose records were dropped. */
export type UsageTotals = {
  readonly requests: number;
  /** Main and side requests together. */
  readonly total: TokenCounts;
  /** Of side requests alone. */
  readonly side: TokenCounts;
};

/** Records are dropped, oldest first, above this number. */
const MAX_RECORDS = 2000;

/** Keeps the latest records, and the sums of all. */
export class RequestLog {
  readonly records: RequestRecord[] = [];
  #totals: UsageTotals = { requests: 0, total: NO_TOKENS, side: NO_TOKENS };

  #numbers = 0;

  /** The number of the request that has just come. */
  takeNumber(): number {
    this.#numbers += 1;
    return this.#numbers;
  }

  get totals(): UsageTotals {
    return this.#totals;
  }

  add(record: RequestRecord): void {
    this.records.push(record);
    if (this.records.length > MAX_RECORDS) this.records.shift();
    const { requests, total, side } = this.#totals;
    const usage = record.usage ?? NO_TOKENS;
    this.#totals = {
      requests: requests + 1,
      total: addTokens(total, usage),
      side: record.side ? addTokens(side, usage) : side,
    };
  }
}
