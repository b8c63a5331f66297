import { NO_USAGE } from "@cloister/core";
import { type JsonObject, toObject } from "../../agents/json-value.ts";
import type { MeteredUsage, UsageReader } from "../port.ts";
import type { AnswerCounts, AnswerFormat, Reading } from "./answer-format.ts";
import type { DocumentFramer, DocumentSink } from "./document-framer.ts";
import { EventStreamFramer } from "./event-stream-framer.ts";
import { JsonBodyFramer } from "./json-body-framer.ts";
import { endsAsObject, findEnd, OPEN_BRACE, toKeyPattern } from "./json-bytes.ts";
import { toModelName } from "./request-facts.ts";

/** What OpenAI's streams end with instead of a document. */
const DONE = "[DONE]";

/** What finds the keys of a format, all in one go: in an event of a stream, and in a body. */
type Keys = { readonly event: RegExp; readonly body: RegExp };

/**
 * Makes the usage readers of a wire.
 * @returns what {@link WireAdapter.createUsageReader} must be; media types other than `text/event-stream` are read as JSON.
 */
export function usageReaders(format: AnswerFormat): (contentType: string) => UsageReader {
  const { usageKey, modelKey, eventTextKeys, bodyTextKeys } = format;
  const keys: Keys = {
    event: toKeyPattern([usageKey, modelKey, ...eventTextKeys]),
    body: toKeyPattern([usageKey, modelKey, ...bodyTextKeys]),
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
      const mayTell = this.#weigh(json);
      if (mayTell || !this.#isStream) this.#read(json);
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

  /**
   * Adds up the bytes of text. @returns whether there may be more to learn: most events are pieces of text, and searching them is far
   * cheaper than parsing them.
   */
  #weigh(json: string): boolean {
    const { usageKey, modelKey } = this.#format;
    const keys = this.#isStream ? this.#keys.event : this.#keys.body;
    let mayTell = false;
    keys.lastIndex = 0;
    for (let key = keys.exec(json)?.[1]; key !== undefined; key = keys.exec(json)?.[1]) {
      const start = keys.lastIndex;
      if (key === usageKey) mayTell ||= json.charCodeAt(start) === OPEN_BRACE;
      else if (key === modelKey) mayTell ||= this.#model === undefined;
      else {
        // Quotes and brackets do not count. What is in a value is not looked at again: it would count twice.
        const end = findEnd(json, start);
        this.#outputBytes += Math.max(0, end - start - 2);
        keys.lastIndex = end;
      }
    }
    return mayTell;
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
