import type { AgentEvent } from "@cloister/core";
import { type JsonObject, toObject } from "./json-value.ts";
import { readNdjson } from "./ndjson.ts";

/** Turns what one process says into events; made anew for each process, since it remembers. */
export interface Translator {
  /** Contract: throws nothing, whatever the object holds; an unknown kind of event gives none. */
  translate(line: JsonObject): readonly AgentEvent[];
  /** What is to be said once the output has ended. Contract: throws nothing. */
  end?(): readonly AgentEvent[];
}

/**
 * The `converse` of every agent that prints newline-delimited JSON: reads line by line, translates each.
 * Goes on after `finished`, until the output ends: it is the engine that stops a process which has said its last word.
 */
export async function* converseInNdjson(
  output: AsyncIterable<Uint8Array>,
  translator: Translator,
): AsyncGenerator<AgentEvent, void, void> {
  for await (const item of readNdjson(output)) {
    if (item.type === "unreadable") {
      yield item;
      continue;
    }
    const line = toObject(item.value);
    if (line === undefined) yield { type: "unreadable", bytes: item.bytes, reason: "not_json" };
    else yield* translator.translate(line);
  }
  yield* translator.end?.() ?? [];
}
