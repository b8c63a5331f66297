import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { allowedResponseHeaders } from "./allowed-headers.ts";
import type { RecordedExchange } from "./exchange.ts";

/** `instant`: as fast as the client reads. `recorded`: each chunk as long after the request as it came when recorded. */
export type Pace = "instant" | "recorded";

/**
 * Answers with a recorded exchange: same status, same bytes, cut where it was cut. Rejects where `signal` is aborted.
 * @param signal aborted when the client is gone, or the server closes.
 */
export async function playExchange(
  exchange: RecordedExchange,
  response: ServerResponse,
  { pace, signal }: { readonly pace: Pace; readonly signal: AbortSignal },
): Promise<void> {
  const arrivedAt = performance.now();
  if (exchange.status === 0) return void response.destroy();
  response.writeHead(
    exchange.status,
    allowedResponseHeaders(exchange.responseHeaders, (value) => value),
  );
  for (const { at, bytes } of exchange.chunks) {
    const wait = pace === "recorded" ? at - (performance.now() - arrivedAt) : 0;
    if (wait > 0) await delay(wait, undefined, { signal });
    signal.throwIfAborted();
    if (!response.write(bytes)) await once(response, "drain", { signal });
  }
  if (exchange.ended && !exchange.cut) return void response.end();
  // What was written must have left, or the client would see a connection that never answered.
  await new Promise((resolve) => response.write("", resolve));
  response.destroy();
}
