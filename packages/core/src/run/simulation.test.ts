import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FINDING_NAMES } from "../gate/finding.ts";
import { EXIT_CODES } from "./end-reason.ts";
import type { RunEvent } from "./event.ts";
import { replay } from "./evolve.ts";
import { DEFAULT_LOOP_POLICY, type IterationFailure } from "./policy.ts";
import { sampleCharter, sampleTask } from "./testing/samples.ts";
import { simulate, type Behaviour, type SimulatedRun } from "./testing/simulate.ts";

const FAILURES = Object.keys(DEFAULT_LOOP_POLICY.retry) as IterationFailure[];
const RUNS = 3000;

const behaviours: fc.Arbitrary<Behaviour> = fc.record(
  {
    failure: fc.constantFrom(...FAILURES),
    claims: fc.boolean(),
    changes: fc.boolean(),
    gate: fc.constantFrom("passed", "failed", "inconclusive", "pre_existing"),
    finding: fc.constantFrom(...FINDING_NAMES),
    costUsd: fc.integer({ min: 0, max: 100 }).map((cents) => cents / 100),
    tokens: fc.nat({ max: 10_000 }),
    crashAfter: fc.integer({ min: 1, max: 8 }),
  },
  { requiredKeys: ["claims", "changes", "gate", "costUsd", "tokens"] },
);

const worlds = fc.record({
  script: fc.array(behaviours, { minLength: 1, maxLength: 40 }),
  tasks: fc.integer({ min: 1, max: 4 }),
  gates: fc.integer({ min: 0, max: 2 }),
  maxIterations: fc.integer({ min: 1, max: 60 }),
  maxCostUsd: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
});

function run(world: SimulatedWorld): SimulatedRun {
  const tasks = Array.from({ length: world.tasks }, (_, index) =>
    sampleTask(`t${index}`, index > 0 ? { dependsOn: [sampleTask(`t${index - 1}`).id] } : {}),
  );
  const gates = Array.from({ length: world.gates }, (_, index) => ({ name: `g${index}`, command: "true" }));
  const limits = {
    maxIterations: world.maxIterations,
    ...(world.maxCostUsd === undefined ? {} : { maxCost: (world.maxCostUsd * 1e6) as never }),
  };
  return simulate(
    sampleCharter({ tasks, gates, limits }),
    (iteration) => world.script[(iteration - 1) % world.script.length] as Behaviour,
  );
}

type SimulatedWorld = {
  script: Behaviour[];
  tasks: number;
  gates: number;
  maxIterations: number;
  maxCostUsd: number | undefined;
};

function eventsOf(simulated: SimulatedRun): RunEvent[] {
  return simulated.events.map(({ event }) => event);
}

test("thousands of simulated runs end, within their limits, for a typed reason", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const { state } = run(world);
      assert.ok(state.ended !== undefined && state.ended.reason in EXIT_CODES);
      assert.ok(state.iterations <= world.maxIterations);
      const done = state.tasks.every(({ status }) => status === "done");
      assert.equal(state.ended.reason === "done", done);
    }),
    { numRuns: RUNS },
  );
});

test("no simulated run completes a task without a claim, a change, passing gates and a clean look", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      for (const event of eventsOf(run(world))) {
        if (event.type !== "task_completed") continue;
        const behaviour = world.script[(event.iteration - 1) % world.script.length] as Behaviour;
        assert.ok(behaviour.claims && behaviour.failure === undefined && behaviour.finding === undefined);
        assert.ok(world.gates > 0 && behaviour.gate === "passed");
      }
    }),
    { numRuns: RUNS },
  );
});

test("crashes of simulated runs lose no iteration, no token and no cent", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const simulated = run(world);
      const ended = eventsOf(simulated).filter((event) => event.type === "agent_ended");
      const cost = ended.reduce((total, event) => total + event.cost, 0);
      const tokens = ended.reduce((total, event) => total + event.usage.output, 0);
      assert.equal(simulated.state.cost, cost);
      assert.equal(simulated.state.usage.output, tokens);
      const started = eventsOf(simulated).filter(({ type }) => type === "iteration_started").length;
      assert.equal(simulated.state.iterations, started);
    }),
    { numRuns: RUNS },
  );
});

test("replaying a journal gives the state that was folded as it was written", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const simulated = run(world);
      assert.deepEqual(replay(simulated.events), simulated.state);
    }),
    { numRuns: 300 },
  );
});
