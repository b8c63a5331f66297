import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NO_USAGE } from "../agent/agent-event.ts";
import { fromUsd } from "../money.ts";
import type { RequestEvent } from "../spend/request-event.ts";
import type { RunEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { describeOverspend } from "./next-step.ts";
import type { RunState } from "./state.ts";
import { sampleCharter } from "./testing/samples.ts";

const CREATED: RunEvent = { type: "run_created", charter: sampleCharter({ limits: { maxCost: fromUsd(1) } }) };
const STARTED = {
  type: "iteration_started",
  iteration: 1,
  task: "one",
  phase: "implement",
  prompt: { sha256: "0".repeat(64), bytes: 0 },
  head: "base",
} as RunEvent;

function reserved(request: string): RequestEvent {
  const amount = { cost: fromUsd(0.5), tokens: 1000 };
  return { type: "request_reserved", request, iteration: 1, wire: "anthropic", model: "m", reserved: amount };
}

function settled(request: string, usd: number): RequestEvent {
  return {
    type: "request_settled",
    request,
    iteration: 1,
    wire: "anthropic",
    model: "m",
    credential: "anthropic-1",
    usage: { ...NO_USAGE, input: 100, output: 10 },
    cost: fromUsd(usd),
    priceFrom: "list",
    completeness: "whole",
    status: 200,
    firstByteMs: 1,
    durationMs: 2,
    attempts: 1,
  };
}

function said(usd: number): RunEvent {
  const event = { type: "usage", usage: { ...NO_USAGE, output: 7 }, cost: fromUsd(usd) } as const;
  return { type: "agent_reported", iteration: 1, event };
}

function refused(scope: "iteration" | "run"): RequestEvent {
  return { type: "request_refused", request: "r", iteration: 1, reason: "budget", scope, detail: "It is spent." };
}

const ENDED: RunEvent = { type: "iteration_ended", iteration: 1, durationMs: 1 };

function play(...events: readonly RunEvent[]): RunState {
  const state = [CREATED, STARTED, ...events].reduce<RunState | undefined>(
    (before, event) => evolve(before, { time: 1, event }),
    undefined,
  );
  assert.ok(state !== undefined);
  return state;
}

describe("requests at the gateway, as a run counts them", () => {
  it("sums what is settled into the open iteration", () => {
    const { open } = play(reserved("a"), settled("a", 0.01), reserved("b"), settled("b", 0.02));
    assert.deepEqual([open?.cost, open?.usage?.input, open?.requests], [30_000, 200, 2]);
  });

  it("lets what the agent says give way to what was metered, whichever comes first", () => {
    assert.equal(play(said(9), settled("a", 0.01)).open?.cost, 10_000);
    assert.equal(play(settled("a", 0.01), said(9)).open?.cost, 10_000);
  });

  it("keeps what was promised until it is settled", () => {
    assert.deepEqual(Object.keys(play(reserved("a"), reserved("b"), settled("a", 0.01)).reserved), ["b"]);
  });

  it("counts for the run and the task once the iteration is closed, and late settlements for the run", () => {
    const closed = play(settled("a", 0.01), ENDED);
    assert.deepEqual([closed.cost, closed.tasks[0]?.spent], [10_000, { cost: 10_000, tokens: 110 }]);
    assert.equal(play(settled("a", 0.01), ENDED, settled("b", 0.02)).cost, 30_000);
  });

  it("is over budget as soon as the settled requests reach the limit", () => {
    assert.equal(describeOverspend(play(settled("a", 0.99))), undefined);
    assert.match(describeOverspend(play(settled("a", 1))) ?? "", /limit of \$1\.00/);
  });

  it("ends the run where a budget of the run is refused, until it is resumed", () => {
    assert.equal(describeOverspend(play(refused("run"))), "It is spent.");
    assert.equal(describeOverspend(play(refused("run"), { type: "run_resumed", limits: {} })), undefined);
  });

  it("ends the iteration alone where the iteration's own budget is refused", () => {
    const { open, ...state } = play(refused("iteration"));
    assert.deepEqual([open?.spentOut, state.refusedBudget], [true, undefined]);
  });

  it("remembers that a context was full, for the next prompt", () => {
    const flagged = { type: "request_flagged", request: "r", iteration: 1, action: "reported", detail: "d" } as const;
    const last = (kind: "context_full" | "secret"): boolean | undefined =>
      play({ ...flagged, kind }, ENDED).tasks[0]?.last?.contextFull;
    assert.deepEqual([last("context_full"), last("secret")], [true, false]);
  });

  it("takes no refusal for another reason for a spent budget", () => {
    const state = play({ ...refused("run"), reason: "safety" } as RequestEvent);
    assert.equal(describeOverspend(state), undefined);
  });
});
