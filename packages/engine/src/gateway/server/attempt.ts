import type { Dispatcher } from "undici";
import type { RequestSignal } from "@cloister/core";
import {
  type AttemptEnd,
  type Lease,
  type LimitGate,
  type ModelRequest,
  type NextMove,
  RefusedError,
  type Upstream,
} from "../port.ts";
import { oncePerObject } from "../once-per-object.ts";
import { withCredential, withoutEncoding } from "./headers.ts";
import { type AnswerHead, type Outgoing, type Patience, send, type Sink } from "./send.ts";

/** What sending needs. */
export type Sender = {
  readonly limits: LimitGate;
  readonly pool: (origin: string) => Dispatcher;
  readonly patience: Patience;
};

/** An answer that has begun, and what it was had with. */
export type Attempted = { readonly head: AnswerHead; readonly lease: Lease; readonly attempts: number };

/** Who asks. */
export type Client = {
  /** Aborted when it goes away. */
  readonly signal: AbortSignal;
  /** Told of each attempt that was given up. */
  readonly onSignal: (signal: RequestSignal) => void;
  /** Told once of the answer: where its bytes go. */
  readonly onAnswer: (attempted: Attempted) => Sink;
};

/**
 * Sends a request until it is answered, as often as the limits see fit. Resolves when the answer is over.
 * @throws RefusedError where nobody answers, or nobody may be asked.
 */
export async function attemptRequest(sender: Sender, request: ModelRequest, client: Client): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const lease = await sender.limits.acquire(request, attempt, client.signal);
    try {
      const why = await tryOnce(sender, request, { lease, attempt }, client);
      if (why === undefined) return;
      client.onSignal(why);
    } finally {
      sender.limits.release(lease);
    }
  }
}

type Turn = { readonly lease: Lease; readonly attempt: number };

/** @returns why it is to be tried again; undefined where it was answered. */
async function tryOnce(
  { limits, pool, patience }: Sender,
  request: ModelRequest,
  { lease, attempt }: Turn,
  { signal, onAnswer }: Client,
): Promise<RequestSignal | undefined> {
  const verdict: { move?: NextMove } = {};
  const judge = (end: AttemptEnd): NextMove => (verdict.move = limits.judge(request, lease, attempt, end));
  const take = (head: AnswerHead): Sink | undefined => {
    const { type } = judge({ type: "answered", status: head.status, headers: head.flatHeaders });
    return type === "again" ? undefined : onAnswer({ head, lease, attempts: attempt });
  };
  try {
    const outgoing = toOutgoing(request, lease, await lease.credential.headers());
    await send(pool(outgoing.origin), outgoing, patience, { signal, take });
  } catch (error: unknown) {
    if (verdict.move !== undefined) throw error;
    const end = toFailure(error, signal);
    const move = judge(end);
    if (move.type !== "again") throw new RefusedError(move.refusal ?? describeFailure(end));
  }
  return verdict.move?.type === "again" ? verdict.move.signal : undefined;
}

function toFailure(error: unknown, { aborted }: AbortSignal): AttemptEnd {
  if (aborted) return { type: "abandoned" };
  return { type: "unreachable", error: error instanceof Error ? error : new Error(String(error)) };
}

function describeFailure(end: AttemptEnd): { reason: "upstream"; message: string } {
  const cause = end.type === "unreachable" ? `: ${end.error.message.slice(0, 200)}` : "";
  return { reason: "upstream", message: `The model provider gave no answer${cause}.` };
}

function toOutgoing(
  request: ModelRequest,
  { upstream, model }: Lease,
  credential: Readonly<Record<string, string>>,
): Outgoing {
  const outgoing = {
    origin: placeOf(upstream).origin,
    method: request.method,
    path: joinPath(upstream, request.path),
    headers: withCredential(request.headers, credential),
    body: request.body,
  };
  return askFor(outgoing, request, model);
}

/** As the provider's SDKs join them: OpenAI's base URL holds the version, in place of the gateway's own `/v1`. */
function joinPath(upstream: Upstream, path: string): string {
  const { prefix } = placeOf(upstream);
  return `${prefix}${upstream.provider === "openai" ? path.replace(/^\/v1(?=\/|$|\?)/, "") : path}`;
}

const placeOf = oncePerObject(({ baseUrl }: Upstream) => {
  const { origin, pathname } = new URL(baseUrl);
  return { origin, prefix: pathname.replace(/\/+$/, "") };
});

/** The request for another model: in its path with Gemini, else in its body. */
function askFor(outgoing: Outgoing, request: ModelRequest, model: string | undefined): Outgoing {
  if (model === undefined || model === request.facts.model) return outgoing;
  if (request.wire.name === "gemini") {
    const path = outgoing.path.replace(/\/models\/[^/:?]+/, () => `/models/${encodeURIComponent(model)}`);
    return { ...outgoing, path };
  }
  const body = Buffer.from(JSON.stringify({ ...request.json, model }));
  return { ...outgoing, headers: withoutEncoding(outgoing.headers), body };
}
