import { setImmediate as nextTurn } from "node:timers/promises";
import type { AnyMessage, Stream } from "@agentclientprotocol/sdk/unstable";
import type { AgentEvent } from "@cloister/core";
import { type JsonObject, objectAt, toObject } from "../json-value.ts";
import { readNdjson } from "../ndjson.ts";
import type { AgentIo } from "../port.ts";

/** Requests of the agent that may wait for an answer at a time: an agent that asks without reading is not read on. */
const MAX_OPEN_REQUESTS = 64;

/** What a message stream tells of what it reads. */
export type StreamWatcher = {
  /** The `update` of a `session/update`. */
  readonly onUpdate: (update: JsonObject) => void;
  readonly onUnreadable: (event: Extract<AgentEvent, { type: "unreadable" }>) => void;
  /** Waited for before more is read. */
  readonly ready: () => Promise<void>;
};

/**
 * The agent's process as a stream of JSON-RPC messages for the SDK. Stands in for the SDK's own reader, which ends the session
 * at the first line that is too long, prints on our standard error what it does not expect (a kind of update from a newer
 * protocol, say), and hands an update over later than the end of the turn that follows it. Here lines that cannot be read are
 * said and skipped, and updates go to `watcher` in their place among the messages.
 */
export function createMessageStream(io: AgentIo, watcher: StreamWatcher): Stream {
  const asked = new Set<unknown>(); // Ids of our requests that are not answered yet.
  const toAnswer = createGate(MAX_OPEN_REQUESTS);
  const messages = readMessages(io, watcher.onUnreadable);

  const isForSdk = (message: JsonObject): boolean => {
    if (typeof message["method"] !== "string") return asked.delete(message["id"]);
    if (message["method"] === "session/update") watcher.onUpdate(objectAt(message, "params", "update"));
    return "id" in message;
  };
  const readable = new ReadableStream<AnyMessage>(
    {
      async pull(controller) {
        await nextTurn(); // Who waits for the last message gets it before the next is looked at.
        for (;;) {
          await Promise.all([watcher.ready(), toAnswer.opened()]);
          const { done, value } = await messages.next();
          if (done === true) return controller.close();
          if (!isForSdk(value)) continue;
          if ("method" in value) toAnswer.enter();
          return controller.enqueue(value as unknown as AnyMessage);
        }
      },
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<AnyMessage>({
    async write(message) {
      if (!("method" in message)) toAnswer.leave();
      else if ("id" in message) asked.add(message.id);
      await io.write(`${JSON.stringify(message)}\n`);
    },
  });
  return { readable, writable };
}

async function* readMessages(
  io: AgentIo,
  onUnreadable: StreamWatcher["onUnreadable"],
): AsyncGenerator<JsonObject, void, void> {
  for await (const item of readNdjson(io.output)) {
    const message = item.type === "value" ? toObject(item.value) : undefined;
    if (message !== undefined) yield message;
    else if (item.type === "unreadable") onUnreadable(item);
    else onUnreadable({ type: "unreadable", bytes: item.bytes, reason: "not_json" });
  }
}

/** Counts who is inside; open while they are fewer than `limit`. */
type Gate = { readonly enter: () => void; readonly leave: () => void; readonly opened: () => Promise<void> };

function createGate(limit: number): Gate {
  let inside = 0;
  let opened = Promise.withResolvers<void>();
  opened.resolve();
  return {
    enter() {
      inside++;
      if (inside === limit) opened = Promise.withResolvers();
    },
    leave() {
      inside--;
      if (inside < limit) opened.resolve();
    },
    opened: () => opened.promise,
  };
}
