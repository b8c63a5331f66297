import type { IncomingMessage, ServerResponse } from "node:http";
import { forwardedHeaders } from "../server/headers.ts";
import { listen } from "../server/listen.ts";
import { readBody } from "../server/read-body.ts";
import { decodeContent, isPlain } from "./decode-content.ts";
import { MAX_EXCHANGE_BYTES } from "./exchange.ts";
import { indexCassettes } from "./index-cassettes.ts";
import { createExchangeMatcher, type ExchangeMatcher } from "./match-exchange.ts";
import { type Pace, playExchange } from "./play-exchange.ts";
import { readExchangeAt } from "./read-cassette.ts";
import type { Redact } from "./redact-exchange.ts";
import { type RequestKey, toRequestKey } from "./request-key.ts";

/** How to replay. */
export type ReplayOptions = {
  /** Paths of cassettes, in the order of their iterations. */
  readonly cassettes: readonly string[];
  /** 0, or left out: any free port. */
  readonly port?: number;
  /** Default `instant`. */
  readonly pace?: Pace;
  /** The one that the recorder had: what it replaced is replaced in requests, too, before they are compared. */
  readonly redact?: Redact;
};

/** Cassettes that are played as the model, on loopback. */
export interface ReplayServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. Clients of OpenAI's wires add `/v1`. */
  readonly url: string;
  /** Requests that fitted nothing, the latest 1000, each as one line for people. A live list. */
  readonly misses: readonly string[];
  /** Requests that were answered by their order, because no recorded conversation was the same. */
  readonly inexact: number;
  /** Ends every answer under way, and stops listening. Idempotent. */
  close(): Promise<void>;
}

const MAX_MISSES = 1000;

/**
 * Plays cassettes as the model, so that a run is reproduced offline.
 * @throws CloisterError `usage_invalid` where a cassette can't be used; `gateway_failed` where the port can't be had.
 */
export async function startReplayServer(options: ReplayOptions): Promise<ReplayServer> {
  const { cassettes, port = 0, pace = "instant", redact = (text: string): string => text } = options;
  const closing = new AbortController();
  const tally = { misses: [] as string[], inexact: 0 };
  const matcher = createExchangeMatcher(await indexCassettes(cassettes));
  const replay: Replay = { cassettes, matcher, pace, redact, tally, signal: closing.signal };
  const listening = await listen(port, (incoming, response) => {
    // An answer that has begun can only be cut; the client may also be gone, or the server closing.
    handle(replay, incoming, response).catch(() => response.destroy());
  });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing.abort();
    return (closed ??= listening.close());
  };
  return {
    url: `http://127.0.0.1:${listening.port}`,
    misses: tally.misses,
    get inexact() {
      return tally.inexact;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Replay = {
  readonly cassettes: readonly string[];
  readonly matcher: ExchangeMatcher;
  readonly pace: Pace;
  readonly redact: Redact;
  readonly tally: { readonly misses: string[]; inexact: number };
  readonly signal: AbortSignal;
};

async function handle(replay: Replay, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const key = await readKey(incoming, replay.redact);
  const found = replay.matcher.take(key);
  const path = found && replay.cassettes[found.exchange.cassette];
  if (found === undefined || path === undefined) return answerMiss(replay, key, response);
  if (!found.isExact) replay.tally.inexact += 1;
  const exchange = await readExchangeAt(path, found.exchange.offset);
  if (exchange === undefined) return answerMiss(replay, key, response);
  await playExchange(exchange, response, { pace: replay.pace, signal: AbortSignal.any([replay.signal, gone.signal]) });
}

async function readKey(incoming: IncomingMessage, redact: Redact): Promise<RequestKey> {
  const received = await readBody(incoming);
  const encoding = incoming.headers["content-encoding"];
  const isReadable = encoding === undefined || isPlain(encoding);
  const body = isReadable ? received : await decodeContent(received, encoding, MAX_EXCHANGE_BYTES);
  const { method = "GET", url: path = "/" } = incoming;
  const text = Buffer.from(redact((body ?? received).toString("utf8")), "utf8");
  return toRequestKey({ method, path, headers: forwardedHeaders(incoming.headers), body: text });
}

/** Says what was expected, in the shape of the wire's own errors. */
function answerMiss({ matcher, tally }: Replay, { wire, label }: RequestKey, response: ServerResponse): void {
  const next = matcher.next();
  const expected = next === undefined ? "all recorded exchanges are used" : `next would be ${next.key.label}`;
  const message = `No recorded exchange fits ${label}; ${expected}.`;
  tally.misses.push(message);
  if (tally.misses.length > MAX_MISSES) tally.misses.shift();
  const answer = wire?.refuse({ reason: "endpoint", message }) ?? {
    status: 404,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: { message } }),
  };
  response.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(answer.body) });
  response.end(answer.body);
}
