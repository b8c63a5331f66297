import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { once } from "node:events";
import type { TransportFault } from "../script/fault.ts";
import type { ScriptedDelay } from "../script/script.ts";
import type { Outcome } from "./request-record.ts";

const STREAM_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-cache" };
const JSON_HEADERS = { "content-type": "application/json" };
const NO_DELAY: ScriptedDelay = { firstByteMs: 0, betweenChunksMs: 0 };

/** A successful answer on its way: chunks of a stream, or one body. */
export type Delivery = {
  readonly response: ServerResponse;
  readonly stream: boolean;
  /** Without streaming, the whole body is the one chunk. */
  readonly chunks: readonly string[];
  readonly delay?: ScriptedDelay;
  readonly fault?: TransportFault;
  /** Aborted when the server closes. */
  readonly signal: AbortSignal;
};

/** Sends an error, or any other short JSON answer. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...JSON_HEADERS, ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** Sends an answer as its delays and fault say. Contract: settles once the client has it, is gone, or the server closes. */
export async function deliver(delivery: Delivery): Promise<Outcome> {
  const { response, signal } = delivery;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const stop = AbortSignal.any([signal, gone.signal]);
  try {
    return await send(delivery, stop);
  } catch (error: unknown) {
    if (!stop.aborted) throw error;
    return signal.aborted ? "cut" : "client_gone";
  }
}

async function send(delivery: Delivery, stop: AbortSignal): Promise<Outcome> {
  const { response, stream, delay: { firstByteMs, betweenChunksMs } = NO_DELAY, fault } = delivery;
  if (fault?.type === "hang") await once(stop, "abort").then(() => stop.throwIfAborted());
  if (firstByteMs > 0) await delay(firstByteMs, undefined, { signal: stop });
  response.writeHead(200, stream ? STREAM_HEADERS : JSON_HEADERS);
  for (const [index, chunk] of damage(delivery).entries()) {
    if (index > 0 && betweenChunksMs > 0) await delay(betweenChunksMs, undefined, { signal: stop });
    stop.throwIfAborted();
    if (!response.write(chunk)) await once(response, "drain", { signal: stop });
  }
  return finish(response, fault);
}

/** The chunks that are sent: all of them, or what a fault leaves of them. */
function damage({ chunks, stream, fault }: Delivery): readonly string[] {
  const [first = ""] = chunks;
  const half = first.slice(0, first.length / 2);
  if (fault?.type === "truncate") return stream ? chunks.slice(0, fault.afterChunks) : [half];
  if (fault?.type === "malformed") return stream ? [first, 'data: {"type": "content_bl\n\n'] : [half];
  return chunks;
}

async function finish(response: ServerResponse, fault: TransportFault | undefined): Promise<Outcome> {
  if (fault?.type === "truncate") {
    // What was written must have left, or the client would see a connection that never answered.
    await new Promise((resolve) => response.write("", resolve));
    response.destroy();
    return "cut";
  }
  response.end();
  await Promise.race([once(response, "finish"), once(response, "close")]);
  if (fault !== undefined) return "cut";
  return response.writableFinished ? "complete" : "client_gone";
}
