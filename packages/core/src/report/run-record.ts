/**
 * Gathers from a journal what a report needs besides the run's state: which event said what. `evolve.ts` owns what the events
 * mean; this file owns where they stand.
 */
import { addUsage, NO_USAGE, type TokenUsage } from "../agent/agent-event.ts";
import type { Finding } from "../gate/finding.ts";
import type { JudgedGate } from "../gate/result.ts";
import type { TaskId } from "../ids.ts";
import { addMoney, fromUsd, type MicroUsd } from "../money.ts";
import type { Phase } from "../plan/plan.ts";
import type { IterationVerdict, ObservedChange, RunEvent } from "../run/event.ts";
import { evolve } from "../run/evolve.ts";
import type { RunState } from "../run/state.ts";
import type { CitedEvent, CostSource, PositionedEvent } from "./model.ts";

/** Something with the position of the event that said it. */
export type Placed<Value> = { readonly value: Value; readonly position: number };

export type IterationRecord = {
  readonly iteration: number;
  readonly task: TaskId;
  readonly phase: Phase;
  readonly startedAt: number;
  readonly started: number;
  /** Usage and cost as last said, and where. `costFrom` is undefined where no agent was started: it cost nothing. */
  usage: TokenUsage;
  cost: MicroUsd;
  costFrom?: CostSource;
  usageAt?: number;
  agent?: Placed<{ readonly claimed: boolean; readonly finalMessage: string }>;
  change?: Placed<ObservedChange>;
  readonly gates: Placed<JudgedGate>[];
  readonly findings: Placed<{ readonly finding: Finding; readonly blocks: boolean }>[];
  verdict?: Placed<IterationVerdict>;
  checkpoint?: Placed<{ readonly commit: string; readonly green: boolean }>;
  duration?: Placed<number>;
};

export type RunRecord = {
  readonly state: RunState;
  /** Everything but what agents said on the way. */
  readonly events: readonly (PositionedEvent & { readonly iteration?: number })[];
  readonly iterations: readonly IterationRecord[];
  /** Position of the last event. */
  readonly last: number;
  /** How many events there are. */
  readonly count: number;
  /** Output of agents that could not be read, by position. */
  readonly unreadable: readonly number[];
};

/** Reads a journal once. Throws where it does not begin with `run_created`. */
export function recordRun(journal: Iterable<PositionedEvent>): RunRecord {
  let state: RunState | undefined;
  let last = 0;
  let count = 0;
  const events: (PositionedEvent & { iteration?: number })[] = [];
  const iterations: IterationRecord[] = [];
  const unreadable: number[] = [];
  for (const entry of journal) {
    state = evolve(state, entry);
    last = entry.position;
    count++;
    const open = followIteration(iterations, entry);
    const { event } = entry;
    if (event.type === "agent_reported") {
      if (event.event.type === "unreadable") unreadable.push(entry.position);
    } else events.push(open === undefined ? entry : { ...entry, iteration: open.iteration });
  }
  if (state === undefined) throw new Error("a report needs the events of a run, and there are none");
  return { state, events, iterations, last, count, unreadable };
}

/** Positions of all events of one type, in order. */
export function positionsOf(record: RunRecord, ...types: readonly RunEvent["type"][]): number[] {
  return record.events.filter(({ event }) => types.includes(event.type)).map(({ position }) => position);
}

/** An event as the evidence section lists it. */
export function toCitedEvent({
  position,
  time,
  event,
  iteration,
}: PositionedEvent & { readonly iteration?: number }): CitedEvent {
  return { position, time, type: event.type, ...(iteration === undefined ? {} : { iteration }) };
}

/** Adds an event to the iteration that it names, and returns that iteration. */
function followIteration(iterations: IterationRecord[], entry: PositionedEvent): IterationRecord | undefined {
  const { event, position } = entry;
  if (event.type === "iteration_started") {
    const { iteration, task, phase } = event;
    const opened: IterationRecord = {
      iteration,
      task,
      phase,
      startedAt: entry.time,
      started: position,
      usage: NO_USAGE,
      cost: fromUsd(0),
      gates: [],
      findings: [],
    };
    iterations.push(opened);
    return opened;
  }
  if (!("iteration" in event)) return undefined;
  const open = iterations.at(-1);
  if (open?.iteration !== event.iteration) return iterations.find(({ iteration }) => iteration === event.iteration);
  followAgent(open, event, position);
  followEvidence(open, event, position);
  return open;
}

function followAgent(open: IterationRecord, event: RunEvent, position: number): void {
  if (event.type === "agent_started") open.costFrom = "unknown";
  if (event.type === "request_settled") followRequest(open, event, position);
  if (event.type === "agent_reported" && event.event.type === "usage" && open.costFrom !== "gateway") {
    open.usage = event.event.usage;
    open.usageAt = position;
    open.cost = event.event.cost ?? open.cost;
    open.costFrom = event.event.cost === undefined ? "unknown" : "agent";
  }
  if (event.type !== "agent_ended") return;
  const { claimed, finalMessage } = event;
  open.usage = event.usage;
  open.cost = event.cost;
  open.costFrom = event.costFrom;
  open.usageAt = position;
  open.agent = { value: { claimed, finalMessage }, position };
}

/** What was metered takes the place of what the agent said. */
function followRequest(
  open: IterationRecord,
  { usage, cost }: Extract<RunEvent, { type: "request_settled" }>,
  position: number,
): void {
  const isMetered = open.costFrom === "gateway";
  open.usage = addUsage(isMetered ? open.usage : NO_USAGE, usage);
  open.cost = addMoney(isMetered ? open.cost : fromUsd(0), cost);
  open.costFrom = "gateway";
  open.usageAt = position;
}

function followEvidence(open: IterationRecord, event: RunEvent, position: number): void {
  if (event.type === "change_observed") open.change = { value: event.change, position };
  if (event.type === "gate_judged") open.gates.push({ value: event.judged, position });
  if (event.type === "finding_raised")
    open.findings.push({ value: { finding: event.finding, blocks: event.blocks }, position });
  if (event.type === "iteration_judged") open.verdict = { value: event.verdict, position };
  if (event.type === "checkpoint_created")
    open.checkpoint = { value: { commit: event.commit, green: event.green }, position };
  if (event.type === "iteration_ended") open.duration = { value: event.durationMs, position };
}
