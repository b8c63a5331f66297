/** One request, from where it was taken in to its last byte. */
import type { ServerResponse } from "node:http";
import { NO_AMOUNT, NO_USAGE } from "@cloister/core";
import {
  type Inspection,
  type MeteredUsage,
  type ModelRequest,
  type Recorder,
  RefusedError,
  type SafetyInspector,
} from "../port.ts";
import { type Books, flagRequest, identifyRequest, settleRequest } from "../settle.ts";
import type { Reservation, SpendGate } from "../spend-gate.ts";
import { attemptRequest, type Sender } from "./attempt.ts";
import { withoutEncoding } from "./headers.ts";
import { Relay } from "./relay.ts";

/** Everything that a request passes through. */
export type Rooms = Sender &
  Books & {
    readonly safety: SafetyInspector;
    readonly spend: SpendGate;
    readonly recorder?: Recorder;
  };

const NOTHING: MeteredUsage = { usage: NO_USAGE, longCacheWrite: 0, completeness: "none", outputBytes: 0 };

/**
 * Serves a request.
 * @throws RefusedError where it is not to be sent on, or nobody answers.
 */
export async function serve(rooms: Rooms, received: ModelRequest, response: ServerResponse): Promise<void> {
  const gone = watchClient(response);
  const request = takeInspection(rooms, received, await rooms.safety.inspect(received));
  const reservation = await reserve(rooms, request, gone);
  flagRequest(rooms, request, rooms.context.sent(request));
  const relay = new Relay(rooms, request, { response, reservation });
  try {
    await attemptRequest(rooms, request, {
      signal: gone,
      onSignal: (signal) => flagRequest(rooms, request, [signal]),
      onAnswer: (attempted) => relay.begin(attempted),
    });
  } catch (error: unknown) {
    // Nobody answered: as far as anybody can tell, nothing was used.
    const end = { metered: NOTHING, status: 0, ended: false, credential: "", firstByteMs: 0, attempts: 0 };
    if (!relay.hasBegun) settleRequest(rooms, request, reservation, end);
    throw error;
  }
}

/** @returns aborted when the agent goes away. */
function watchClient(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.on("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** @returns the request as it may leave. @throws RefusedError where it may not. */
function takeInspection(rooms: Rooms, request: ModelRequest, { signals, body, refusal }: Inspection): ModelRequest {
  flagRequest(rooms, request, signals);
  if (refusal !== undefined) throw new RefusedError({ reason: "safety", message: refusal });
  return body === undefined ? request : { ...request, body, headers: withoutEncoding(request.headers) };
}

async function reserve(rooms: Rooms, request: ModelRequest, gone: AbortSignal): Promise<Reservation | undefined> {
  if (!request.facts.billable) return undefined;
  const bound = rooms.prices.bound(request);
  if (bound === undefined) throw new RefusedError({ reason: "unpriced", message: describeUnpriced(request) });
  const reservation = await rooms.spend.reserve(request, bound, gone);
  try {
    await rooms.ledger.promise({ type: "request_reserved", ...identifyRequest(request), reserved: bound });
  } catch (error: unknown) {
    reservation.settle(NO_AMOUNT);
    throw error;
  }
  return reservation;
}

function describeUnpriced({ facts }: ModelRequest): string {
  return `No price is known for model ${facts.model.slice(0, 100)}. Name one under gateway.prices, or set gateway.unpriced: dearest.`;
}
