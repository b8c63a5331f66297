/**
 * A world without a world: runs the domain against scripted agents, a virtual clock and crashes. It does what the loop does, in the
 * same order, so that thousands of runs take a second.
 */
import { NO_USAGE } from "../../agent/agent-event.ts";
import type { FindingName } from "../../gate/finding.ts";
import type { GateOutcome } from "../../gate/result.ts";
import { fromUsd } from "../../money.ts";
import { closeIteration, gatesOf } from "../decide.ts";
import type { RunCharter, RunEvent, StampedEvent } from "../event.ts";
import { evolve, replay } from "../evolve.ts";
import { nextStep, type Step } from "../next-step.ts";
import type { IterationFailure } from "../policy.ts";
import { taskState, type RunState } from "../state.ts";
import { judgeIteration } from "../verdict.ts";
import { judgedGate } from "./samples.ts";

/** What an agent does in one iteration. */
export type Behaviour = {
  readonly failure?: IterationFailure;
  readonly claims: boolean;
  readonly changes: boolean;
  readonly gate: GateOutcome;
  readonly finding?: FindingName;
  readonly costUsd: number;
  readonly tokens: number;
  /** Cloister dies after this many of the iteration's events. */
  readonly crashAfter?: number;
};

/** A simulated run: what was journaled, and how often it crashed. */
export type SimulatedRun = {
  readonly events: readonly StampedEvent[];
  readonly state: RunState;
  readonly crashes: number;
};

const MOST_STEPS = 5000;

/** Runs `charter` with `behave(iteration)` until the run ends. Throws where it does not end. */
export function simulate(charter: RunCharter, behave: (iteration: number) => Behaviour): SimulatedRun {
  const world = new World(charter);
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const step = nextStep(world.state, world.now);
    if (step.type === "end") {
      world.record({ type: "run_ended", reason: step.reason });
      return { events: world.events, state: world.state, crashes: world.crashes };
    }
    world.perform(step, behave);
  }
  throw new Error("the run does not end");
}

class World {
  events: StampedEvent[] = [];
  now = 1_000_000;
  crashes = 0;
  state: RunState;
  #crashAt = Number.POSITIVE_INFINITY;

  constructor(charter: RunCharter) {
    const created: StampedEvent = { time: this.now, event: { type: "run_created", charter } };
    this.events.push(created);
    this.state = evolve(undefined, created);
  }

  record(...events: readonly RunEvent[]): void {
    this.now += 10;
    for (const event of events) {
      const stamped = { time: this.now, event };
      this.events.push(stamped);
      this.state = evolve(this.state, stamped);
    }
    this.#crashAt -= 1;
    if (this.#crashAt === 0) throw new Crash();
  }

  perform(step: Exclude<Step, { type: "end" }>, behave: (iteration: number) => Behaviour): void {
    try {
      this.#perform(step, behave);
    } catch (error: unknown) {
      if (!(error instanceof Crash)) throw error;
      this.#crashAt = Number.POSITIVE_INFINITY;
      this.crashes += 1;
      const replayed = replay(this.events);
      if (replayed !== undefined) this.state = replayed;
    }
  }

  #perform(step: Exclude<Step, { type: "end" }>, behave: (iteration: number) => Behaviour): void {
    if (step.type === "prepare_workspace") return this.record({ type: "workspace_prepared", head: "base" });
    if (step.type === "set_up") return this.record({ type: "setup_finished", durationMs: 0 });
    if (step.type === "record_baseline")
      return this.record({ type: "baseline_recorded", gates: [], marks: { todo: 0, fixme: 0 } });
    if (step.type === "wait") return void (this.now = step.until);
    if (step.type === "half_open") return this.record({ type: "breaker_half_opened" });
    if (step.type === "roll_back") return this.record({ type: "rollback_finished", task: step.task.id, head: step.to });
    if (step.type === "pause") return this.record({ type: "run_unpaused" });
    if (step.type === "recover") return this.#finish(behave);
    const iteration = this.state.iterations + 1;
    this.#crashAt = behave(iteration).crashAfter ?? Number.POSITIVE_INFINITY;
    const { task, phase } = step;
    this.record({
      type: "iteration_started",
      iteration,
      task: task.id,
      phase,
      prompt: { sha256: "", bytes: 0 },
      head: this.state.head,
    });
    this.#runAgent(behave(iteration));
    this.#finish(behave);
    this.#crashAt = Number.POSITIVE_INFINITY;
  }

  #runAgent({ failure, claims, costUsd, tokens }: Behaviour): void {
    const iteration = this.state.iterations;
    this.now += 1000;
    this.record({
      type: "agent_ended",
      iteration,
      outcome: failure === undefined ? { type: "finished" } : { type: "failed", failure, message: "simulated" },
      claimed: claims && failure === undefined,
      finalMessage: "",
      usage: { ...NO_USAGE, output: tokens },
      cost: fromUsd(costUsd),
      costFrom: "agent",
      durationMs: 1000,
      exitCode: 0,
      signal: null,
      survivors: 0,
      output: { sha256: "", bytes: 0 },
    });
  }

  /** The stages of an iteration that have not been recorded yet. */
  #finish(behave: (iteration: number) => Behaviour): void {
    const open = this.state.open;
    if (open === undefined) return;
    const behaviour = behave(open.iteration);
    if (open.change === undefined) this.#observe(behaviour);
    this.#check(behaviour);
    const task = taskState(this.state, open.task);
    const looked = this.state.open;
    if (looked !== undefined && looked.verdict === undefined) {
      const verdict = judgeIteration(looked, task, gatesOf(this.state, task.task));
      this.record({ type: "iteration_judged", iteration: open.iteration, verdict });
    }
    this.record(...closeIteration(this.state, this.now));
  }

  #check({ gate, finding }: Behaviour): void {
    const { open } = this.state;
    if (open === undefined) return;
    const { iteration } = open;
    const { task } = taskState(this.state, open.task);
    if (open.gates.length === 0 && open.agent?.outcome.type === "finished")
      for (const { name } of gatesOf(this.state, task))
        this.record({ type: "gate_judged", iteration, judged: judgedGate(name, gate) });
    if (finding !== undefined && open.findings.length === 0)
      this.record({
        type: "finding_raised",
        iteration,
        finding: { name: finding, message: "simulated" },
        blocks: true,
      });
  }

  #observe({ changes }: Behaviour): void {
    const { open } = this.state;
    if (open === undefined) return;
    const earlier = this.events.some(({ event }) => event.type === "change_observed" && !event.change.unchanged);
    this.record({
      type: "change_observed",
      iteration: open.iteration,
      change: {
        head: open.head,
        tree: changes ? `tree-${open.iteration}` : "tree",
        unchanged: !changes,
        taskUnchanged: !changes && !earlier,
        stat: { files: changes ? 1 : 0, insertions: 0, deletions: 0 },
        taskStat: { files: 0, insertions: 0, deletions: 0 },
        taskFiles: [],
      },
    });
  }
}

class Crash extends Error {}
