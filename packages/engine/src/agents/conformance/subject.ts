import { readdirSync, readFileSync } from "node:fs";
import { parse } from "node:path";
import type { AgentEvent } from "@cloister/core";
import type { AgentAdapter } from "../port.ts";
import type { ExpectedRecording } from "./expected-recording.ts";
import { toRequest } from "./request.ts";

/** What the suite needs to know of an adapter. */
export type Conformance = {
  /** Folder of the recordings of the real program's standard output: `NAME.ndjson`, or `NAME.txt` where it prints text alone. */
  readonly fixtures: URL;
  /** What is expected of each recording, by name. `completes` must be among them. */
  readonly recordings: Readonly<Record<string, ExpectedRecording>>;
  /** The model that was asked for in the recordings. */
  readonly model?: string;
};

/** An adapter under test, with its recordings. */
export type Subject = {
  readonly recordings: Readonly<Record<string, ExpectedRecording>>;
  /** True where the agent prints events, false where it prints text alone. */
  readonly isStructured: boolean;
  /** Bytes of a recording. */
  readonly read: (name: string) => Buffer;
  /** What the adapter makes of an output that comes in these pieces. */
  readonly hear: (chunks: Iterable<Uint8Array>) => Promise<AgentEvent[]>;
  /** Names of all recordings that are there. */
  readonly names: readonly string[];
};

/** Makes ready what is to be tested. */
export function createSubject(adapter: AgentAdapter, { fixtures, recordings, model }: Conformance): Subject {
  const isStructured = adapter.capabilities.finalMessage === "structured";
  const request = toRequest(model === undefined ? {} : { model });
  return {
    recordings,
    isStructured,
    read: (name) => readFileSync(new URL(`${name}.${isStructured ? "ndjson" : "txt"}`, fixtures)),
    names: readdirSync(fixtures).map((file) => parse(file).name),
    hear: async (chunks) => {
      const output = stream(chunks);
      const io = { request, output, write: () => Promise.resolve(), closeInput: () => undefined };
      const events: AgentEvent[] = [];
      for await (const event of adapter.converse(io)) events.push(event);
      return events;
    },
  };
}

async function* stream(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** All that could be taken for the assistant's own words. */
export function textsOf(events: readonly AgentEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === "message") return [event.text];
    return event.type === "finished" && event.text !== undefined ? [event.text] : [];
  });
}

/** Events without the instants that are reckoned from the clock. */
export function withoutTime(events: readonly AgentEvent[]): unknown[] {
  return events.map((event) => (event.type === "failed" ? { ...event, resetAt: event.resetAt !== undefined } : event));
}
