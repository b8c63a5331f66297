import type { AgentEvent } from "@cloister/core";

/** How much of an agent's plain text is kept: its end, since it is there that a task is claimed. */
const KEPT_BYTES = 64 * 1024;

/**
 * The `converse` of agents that print text alone: their final message is all of it, or of a long one the last 64 KiB.
 * `finished` says no more than that the output has ended; whether it went well, the exit status tells.
 * @param clean takes out what is not text of the agent.
 */
export async function* converseInText(
  output: AsyncIterable<Uint8Array>,
  clean: (text: string) => string = (text) => text,
): AsyncGenerator<AgentEvent, void, void> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of output) {
    parts.push(chunk);
    bytes += chunk.byteLength;
    if (bytes < 2 * KEPT_BYTES && parts.length < 1000) continue;
    parts = [Buffer.concat(parts).subarray(-KEPT_BYTES)];
    bytes = parts[0]?.byteLength ?? 0;
  }
  const text = clean(Buffer.concat(parts).subarray(-KEPT_BYTES).toString("utf8")).trim();
  if (text !== "") yield { type: "message", text };
  yield { type: "finished", ok: true };
}
