import { NO_USAGE } from "@cloister/core";
import { type JsonObject, toObject } from "../../agents/json-value.ts";
import type { MeteredUsage, UsageReader } from "../port.ts";
import type { AnswerCounts, AnswerFormat, Reading } from "./answer-format.ts";
import type { DocumentFramer, DocumentSink } from "./document-framer.ts";
import { EventStreamFramer } from "./event-stream-framer.ts";
import { JsonBodyFramer } from "./json-body-framer.ts";
import { endsAsObject, hasObject, sizeOfValues, toJsonKey } from "./json-bytes.ts";
import { toModelName } from "./request-facts.ts";

/** What OpenAI's streams end with instead of a document. */
const DONE = "[DONE]";

/** The keys of a format, ready to be searched for. */
type Keys = {
  readonly usage: string;
  readonly model: string;
  readonly eventText: readonly string[];
  readonly bodyText: readonly string[];
};

/**
 * Makes the usage readers of a wire.
 * @returns what {@link WireAdapter.createUsageReader} must be; media types other than `text/event-stream` are read as JSON.
 */
export function usageReaders(format: AnswerFormat): (contentType: string) => UsageReader {
  const keys: Keys = {
    usage: toJsonKey(format.usageKey),
    model: toJsonKey(format.modelKey),
    eventText: format.eventTextKeys.map(toJsonKey),
    bodyText: format.bodyTextKeys.map(toJsonKey),
  };
  return (contentType) => {
    const isStream = contentType.trimStart().toLowerCase().startsWith("text/event-stream");
    return new AnswerReader(format, keys, isStream);
  };
}

/** Adds up what the documents of one answer tell. */
class AnswerReader implements UsageReader, DocumentSink {
  readonly #format: AnswerFormat;
  readonly #keys: Keys;
  readonly #isStream: boolean;
  readonly #framer: DocumentFramer;
  #counts: Partial<AnswerCounts> | undefined;
  #model: string | undefined;
  #final = false;
  #damaged = false;
  #outputBytes = 0;

  constructor(format: AnswerFormat, keys: Keys, isStream: boolean) {
    this.#format = format;
    this.#keys = keys;
    this.#isStream = isStream;
    this.#framer = isStream ? new EventStreamFramer(this) : new JsonBodyFramer(this);
  }

  push(chunk: Uint8Array): void {
    this.#framer.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }

  finish(ended: boolean): MeteredUsage {
    this.#framer.end();
    const { longCacheWrite, ...usage }: AnswerCounts = { ...NO_USAGE, longCacheWrite: 0, ...this.#counts };
    return {
      // Hostile counts only: a part is never more than its whole.
      usage: { ...usage, reasoning: Math.min(usage.reasoning, usage.output) },
      longCacheWrite: Math.min(longCacheWrite, usage.cacheWrite),
      ...(this.#model === undefined ? {} : { model: this.#model }),
      completeness: this.#completeness(ended),
      outputBytes: this.#outputBytes,
    };
  }

  document(json: string): void {
    if (json === DONE) {
      this.#final = this.#counts !== undefined;
    } else if (endsAsObject(json)) {
      for (const key of this.#isStream ? this.#keys.eventText : this.#keys.bodyText) {
        this.#outputBytes += sizeOfValues(json, key);
      }
      if (!this.#isStream || this.#mayTell(json)) this.#read(json);
    } else {
      this.damage();
    }
  }

  damage(): void {
    this.#damaged = true;
  }

  #completeness(ended: boolean): MeteredUsage["completeness"] {
    if (this.#counts !== undefined) return this.#final ? "whole" : "partial";
    return ended && !this.#damaged ? "none" : "partial";
  }

  /** Most events are pieces of text, and tell nothing: searching them is far cheaper than parsing them. */
  #mayTell(event: string): boolean {
    return hasObject(event, this.#keys.usage) || (this.#model === undefined && event.includes(this.#keys.model));
  }

  #read(json: string): void {
    const document = parseObject(json);
    if (document === undefined) this.damage();
    else this.#take(this.#format.read(document));
  }

  #take({ counts, model, final }: Reading): void {
    if (counts !== undefined) {
      this.#counts = { ...this.#counts, ...counts };
      this.#final = final === true;
    }
    this.#model ??= model === undefined ? undefined : toModelName(model);
  }
}

const NOT_ASCII = /[\x80-\xff]/;

function parseObject(json: string): JsonObject | undefined {
  try {
    const text = NOT_ASCII.test(json) ? Buffer.from(json, "latin1").toString("utf8") : json;
    return toObject(JSON.parse(text));
  } catch {
    return undefined; // No JSON: the caller counts it as damage.
  }
}
