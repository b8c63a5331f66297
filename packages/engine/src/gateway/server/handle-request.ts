/** What comes in over HTTP, until it is known to be a request that may be served; and every refusal's way out. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { CloisterError } from "@cloister/core";
import { type Identity, type ModelRequest, type Refusal, RefusedError, type WireAdapter } from "../port.ts";
import type { GatewayPolicy } from "../policy.ts";
import type { Grants, Guest } from "../grants.ts";
import { findWire } from "../wires/index.ts";
import { forwardedHeaders } from "./headers.ts";
import type { BodyReader } from "./body-reader.ts";
import { readBody } from "./read-body.ts";
import { type Rooms, serve } from "./serve.ts";
import { readToken } from "./token.ts";

/** What the front door needs beside the rooms behind it. */
export type Entrance = Rooms & {
  readonly grants: Grants;
  readonly bodies: BodyReader;
  readonly endpoints: GatewayPolicy["endpoints"];
  /** Makes ids that are unique in the ledger. */
  readonly createId: () => string;
};

/** Handles a request. Never rejects. */
export function handleRequest(entrance: Entrance, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const startedAt = performance.now();
  const { token, path } = readToken(incoming.headers, incoming.url ?? "/");
  const guest = entrance.grants.recognise(token);
  const arrival: Arrival = {
    id: entrance.createId(),
    startedAt,
    method: incoming.method ?? "GET",
    path,
    headers: forwardedHeaders(incoming.headers),
  };
  const work = take(entrance, { guest, arrival }, incoming, response);
  guest?.follow(work, () => response.destroy());
  return work;
}

/** A request of which no more is known than its head. */
type Arrival = Pick<ModelRequest, "id" | "startedAt" | "method" | "path" | "headers">;
/** It, and who sent it; undefined where nobody knows. */
type Caller = { readonly guest: Guest | undefined; readonly arrival: Arrival };

async function take(
  entrance: Entrance,
  { guest, arrival }: Caller,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // As they came: which provider's key header a client uses tells whose client it is.
  const wire = findWire(arrival.method, arrival.path, incoming.headers);
  try {
    if (guest === undefined) throw new RefusedError(UNKNOWN_TOKEN);
    const known = checkEndpoint(entrance, wire, arrival);
    const body = await readBody(incoming);
    const json = entrance.bodies.read(body, arrival.headers["content-encoding"]);
    const facts = known.readRequest(arrival.path, json);
    await serve(entrance, { ...arrival, identity: guest.identity, wire: known, facts, body, json }, response);
  } catch (error: unknown) {
    const refusal = toRefusal(error);
    if (guest !== undefined) report(entrance, { id: arrival.id, identity: guest.identity, wire, refusal });
    answerRefusal(wire, response, refusal);
  }
}

const UNKNOWN_TOKEN: Refusal = {
  reason: "token",
  message: "This token is not, or no longer, valid at Cloister's gateway.",
};

/** Known endpoints begin like these; what else there is at a provider, the policy decides. */
const KNOWN = /^\/(?:(?:v1\/)?(?:responses|chat\/completions|models)|v1\/messages|v1beta\/models)(?:[/:?]|$)/;

/** @throws RefusedError where the policy does not pass such requests on, or no provider is known for them. */
function checkEndpoint(
  { endpoints }: Entrance,
  wire: WireAdapter | undefined,
  { method, path }: Pick<Arrival, "method" | "path">,
): WireAdapter {
  if (wire !== undefined && (endpoints === "pass" || KNOWN.test(path))) return wire;
  const endpoint = `${method} ${path.split("?")[0]?.slice(0, 200) ?? ""}`;
  throw new RefusedError({ reason: "endpoint", message: `Cloister's gateway does not pass ${endpoint} on.` });
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof RefusedError) return error.refusal;
  if (CloisterError.isInstance(error)) return { reason: "credential", message: error.describe() };
  const message = error instanceof Error ? error.message : String(error);
  return { reason: "upstream", message: `Cloister's gateway failed: ${message.slice(0, 300)}` };
}

type Refused = {
  readonly id: string;
  readonly identity: Identity;
  readonly wire: WireAdapter | undefined;
  readonly refusal: Refusal;
};

function report({ ledger, observers }: Entrance, { id, identity, wire, refusal }: Refused): void {
  const { reason, message, scope } = refusal;
  const event = {
    type: "request_refused",
    request: id,
    iteration: identity.iteration,
    ...(wire === undefined ? {} : { wire: wire.name }),
    reason: reason === "token" || reason === "rate_limit" || reason === "overloaded" ? "upstream" : reason,
    ...(scope === undefined ? {} : { scope }),
    detail: message.slice(0, 500),
  } as const;
  ledger.note(event);
  for (const observer of observers) observer.refused?.(event);
}

/** Answers in the wire's own words; an answer that has begun can only be cut. */
function answerRefusal(wire: WireAdapter | undefined, response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) return void response.destroy();
  const answer = wire?.refuse(refusal) ?? {
    status: refusal.reason === "token" ? 401 : 404,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: { message: refusal.message } }),
  };
  response.writeHead(answer.status, { ...answer.headers, "content-length": String(Buffer.byteLength(answer.body)) });
  response.end(answer.body);
}
