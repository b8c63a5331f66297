/** What the gateway's events mean for a run. */
import { addUsage, NO_USAGE, type TokenUsage } from "../agent/agent-event.ts";
import { addMoney, fromUsd, type MicroUsd } from "../money.ts";
import type { RequestEvent } from "../spend/request-event.ts";
import type { RunState } from "./state.ts";

type EventOf<Type extends RequestEvent["type"]> = Extract<RequestEvent, { type: Type }>;

/** A request leaves. */
export function reserveRequest(state: RunState, event: EventOf<"request_reserved">): RunState {
  return { ...state, reserved: { ...state.reserved, [event.request]: event } };
}

/** A request is settled: it counts for its iteration, or where that is closed, for the run. */
export function settleRequest(state: RunState, event: EventOf<"request_settled">): RunState {
  const { [event.request]: _, ...reserved } = state.reserved;
  const settled = { ...state, reserved };
  const { open } = state;
  if (open?.iteration !== event.iteration) return { ...settled, ...add(state, event) };
  // What the agent said until now gives way to what was metered.
  const before = open.requests === undefined ? { usage: NO_USAGE, cost: fromUsd(0) } : open;
  return { ...settled, open: { ...open, ...add(before, event), requests: (open.requests ?? 0) + 1 } };
}

/** A request was refused: where a budget is spent, the iteration or the run is over. */
export function refuseRequest(state: RunState, event: EventOf<"request_refused">): RunState {
  if (event.reason !== "budget") return state;
  if (event.scope !== "iteration") return { ...state, refusedBudget: event.detail };
  return state.open?.iteration === event.iteration ? { ...state, open: { ...state.open, spentOut: true } } : state;
}

/** Something about a request was noticed. */
export function flagRequest(state: RunState, event: EventOf<"request_flagged">): RunState {
  if (event.kind !== "context_full" || state.open?.iteration !== event.iteration) return state;
  return { ...state, open: { ...state.open, contextFull: true } };
}

type Spent = { readonly usage?: TokenUsage; readonly cost?: MicroUsd };

function add(spent: Spent, { usage, cost }: EventOf<"request_settled">): { usage: TokenUsage; cost: MicroUsd } {
  return { usage: addUsage(spent.usage ?? NO_USAGE, usage), cost: addMoney(spent.cost ?? fromUsd(0), cost) };
}
