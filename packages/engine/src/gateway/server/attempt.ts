import type { Dispatcher } from "undici";
import type { RequestSignal } from "@cloister/core";
import {
  type AttemptEnd,
  type Lease,
  type LimitGate,
  type ModelRequest,
  RefusedError,
  type Upstream,
} from "../port.ts";
import { oncePerObject } from "../once-per-object.ts";
import { withCredential, withoutEncoding } from "./headers.ts";
import { type Outgoing, type Patience, send, type UpstreamAnswer } from "./send.ts";

/** What sending needs. */
export type Sender = {
  readonly limits: LimitGate;
  readonly pool: (origin: string) => Dispatcher;
  readonly patience: Patience;
};

/** An answer, and what it was had with. */
export type Attempted = { readonly answer: UpstreamAnswer; readonly lease: Lease; readonly attempts: number };

/**
 * Sends a request until it is answered, as often as the limits see fit. The caller releases the lease.
 * @param onSignal is told of each attempt that was given up.
 * @throws RefusedError where nobody answers, or nobody may be asked.
 */
export async function attemptRequest(
  { limits, pool, patience }: Sender,
  request: ModelRequest,
  { signal, onSignal }: { readonly signal: AbortSignal; readonly onSignal: (signal: RequestSignal) => void },
): Promise<Attempted> {
  for (let attempt = 1; ; attempt += 1) {
    const lease = await limits.acquire(request, attempt, signal);
    let isKept = false;
    try {
      const { end, answer } = await tryOnce({ pool, patience }, request, lease, signal);
      const move = limits.judge(request, lease, attempt, end);
      if (move.type === "again") {
        answer?.discard();
        onSignal(move.signal);
        continue;
      }
      if (answer === undefined) throw new RefusedError(move.refusal ?? describeFailure(end));
      isKept = true;
      return { answer, lease, attempts: attempt };
    } finally {
      if (!isKept) limits.release(lease);
    }
  }
}

function describeFailure(end: AttemptEnd): { reason: "upstream"; message: string } {
  const cause = end.type === "unreachable" ? `: ${end.error.message.slice(0, 200)}` : "";
  return { reason: "upstream", message: `The model provider gave no answer${cause}.` };
}

type Tried = { readonly end: AttemptEnd; readonly answer?: UpstreamAnswer };

async function tryOnce(
  { pool, patience }: Pick<Sender, "pool" | "patience">,
  request: ModelRequest,
  lease: Lease,
  signal: AbortSignal,
): Promise<Tried> {
  try {
    const { origin } = placeOf(lease.upstream);
    const outgoing = {
      origin,
      method: request.method,
      path: joinPath(lease.upstream, request.path),
      headers: withCredential(request.headers, await lease.credential.headers()),
      body: request.body,
    };
    const answer = await send(pool(origin), askFor(outgoing, request, lease.model), patience, signal);
    return { answer, end: { type: "answered", status: answer.status, headers: answer.flatHeaders } };
  } catch (error: unknown) {
    if (signal.aborted) return { end: { type: "abandoned" } };
    return { end: { type: "unreachable", error: error instanceof Error ? error : new Error(String(error)) } };
  }
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
