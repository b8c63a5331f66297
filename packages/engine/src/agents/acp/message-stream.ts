import type { AnyMessage, Stream } from "@agentclientprotocol/sdk/unstable";
import type { AgentEvent } from "@cloister/core";
import { toObject } from "../json-value.ts";
import { readNdjson } from "../ndjson.ts";
import type { AgentIo } from "../port.ts";

/** Requests of the agent that may wait for an answer at a time: an agent that asks without reading is not read on. */
const MAX_OPEN_REQUESTS = 64;

/** What a message stream tells of what it reads. */
export type StreamWatcher = {
  readonly onUnreadable: (event: Extract<AgentEvent, { type: "unreadable" }>) => void;
  /** Waited for before more is read. */
  readonly ready: () => Promise<void>;
};

/**
 * The agent's process as a stream of JSON-RPC messages. Stands in for the SDK's own, which ends the session at the first
 * line that is too long and prints what it does not expect on our standard error: here such lines are said and skipped.
 */
export function createMessageStream(io: AgentIo, watcher: StreamWatcher): Stream {
  const asked = new Set<unknown>(); // Ids of our requests that are not answered yet.
  const toAnswer = createGate(MAX_OPEN_REQUESTS);
  const messages = readMessages(io, watcher.onUnreadable);

  const readable = new ReadableStream<AnyMessage>(
    {
      async pull(controller) {
        await Promise.all([watcher.ready(), toAnswer.open()]);
        for (let next = await messages.next(); ; next = await messages.next()) {
          if (next.done === true) return controller.close();
          const message = next.value;
          const isRequest = typeof message["method"] === "string" && "id" in message;
          if (isRequest) toAnswer.enter();
          if (typeof message["method"] === "string" || asked.delete(message["id"])) {
            return controller.enqueue(message as unknown as AnyMessage);
          }
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
): AsyncGenerator<Readonly<Record<string, unknown>>, void, void> {
  for await (const item of readNdjson(io.output)) {
    const message = item.type === "value" ? toObject(item.value) : undefined;
    if (message !== undefined) yield message;
    else if (item.type === "unreadable") onUnreadable(item);
    else onUnreadable({ type: "unreadable", bytes: item.bytes, reason: "not_json" });
  }
}

/** Counts who is inside; open while they are fewer than `limit`. */
type Gate = { readonly enter: () => void; readonly leave: () => void; readonly open: () => Promise<void> };

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
    open: () => opened.promise,
  };
}
