/**
 * Folds events into the state of a run. Pure, total, throws nothing on a sequence that `decide.ts` and the loop can produce.
 * Decisions are made elsewhere and arrive here as events: this file only remembers.
 */
import { addUsage, NO_USAGE, totalTokens } from "../agent/agent-event.ts";
import type { TaskId } from "../ids.ts";
import { addMoney, fromUsd } from "../money.ts";
import type { Task } from "../plan/plan.ts";
import { addAmount } from "../spend/amount.ts";
import { type Amount, NO_AMOUNT } from "../spend/request-event.ts";
import { flagRequest, refuseRequest, reserveRequest, settleRequest } from "./follow-request.ts";
import type { RunCharter, RunEvent, RunEventType, StampedEvent } from "./event.ts";
import type { OpenIteration, RunState, StallState, TaskState } from "./state.ts";
import { followStall, NO_STALL } from "./stall.ts";

type EventOf<Type extends RunEventType> = Extract<RunEvent, { type: Type }>;
type Handlers = {
  readonly [Type in RunEventType]: (state: RunState, event: EventOf<Type>, time: number) => RunState;
};

/** The state after `event`. The first event of a run must be `run_created`. */
export function evolve(state: RunState | undefined, { event, time }: StampedEvent): RunState {
  if (event.type === "run_created") return createState(event.charter, time);
  if (state === undefined) throw new Error(`a run begins with run_created, not ${event.type}`);
  const handler = HANDLERS[event.type] as (state: RunState, event: RunEvent, time: number) => RunState;
  const next = handler(state, event, time);
  // Events come in bursts of the same millisecond, and most change nothing: a journal of them is folded in a third of the time.
  return next.lastEventAt === time ? next : { ...next, lastEventAt: time };
}

/** Folds a whole journal. Undefined where it is empty. */
export function replay(events: Iterable<StampedEvent>): RunState | undefined {
  let state: RunState | undefined;
  for (const event of events) state = evolve(state, event);
  return state;
}

function createState(charter: RunCharter, time: number): RunState {
  return {
    charter,
    prepared: { workspace: false, setup: charter.setup.length === 0, baseline: false },
    baseline: {},
    tasks: charter.plan.tasks.map(createTask),
    iterations: 0,
    failedIterations: 0,
    usage: NO_USAGE,
    cost: fromUsd(0),
    reserved: {},
    unpricedIterations: 0,
    startedAt: time,
    lastEventAt: time,
    awayMs: 0,
    breaker: { type: "closed", failures: 0, opens: 0 },
    paused: false,
    remarks: [],
    head: charter.baseCommit,
    lastGreen: charter.baseCommit,
    redHead: false,
  };
}

function createTask(task: Task): TaskState {
  return {
    task,
    status: task.done ? "done" : "pending",
    phase: task.phases[0] ?? "implement",
    iterations: 0,
    notes: {},
    stall: NO_STALL,
    redStreak: 0,
    inconclusiveClaims: 0,
    spent: NO_AMOUNT,
  };
}

function withTask(state: RunState, id: TaskId, change: (task: TaskState) => TaskState): RunState {
  return { ...state, tasks: state.tasks.map((task) => (task.task.id === id ? change(task) : task)) };
}

function withOpen(state: RunState, change: Partial<OpenIteration>): RunState {
  return state.open === undefined ? state : { ...state, open: { ...state.open, ...change } };
}

const HANDLERS: Handlers = {
  run_created: (state) => state,
  run_resumed: resume,
  // What the set-up installed was in the machine before.
  machine_opened: (state) => ({
    ...state,
    prepared: { ...state.prepared, setup: state.charter.setup.length === 0 },
  }),
  egress_decided: (state) => state,
  workspace_prepared: (state, { head }) => ({
    ...state,
    head,
    lastGreen: head,
    prepared: { ...state.prepared, workspace: true },
  }),
  setup_started: (state) => state,
  setup_finished: (state) => ({ ...state, prepared: { ...state.prepared, setup: true } }),
  baseline_started: (state) => state,
  baseline_recorded: (state, { gates, marks }) => ({
    ...state,
    prepared: { ...state.prepared, baseline: true },
    baseline: Object.fromEntries(gates.map((gate) => [gate.gate, gate])),
    baselineMarks: marks,
  }),
  iteration_started: startIteration,
  agent_started: (state) => state,
  agent_reported: (state, { event }) =>
    event.type === "usage" && state.open?.requests === undefined
      ? withOpen(state, { usage: event.usage, ...(event.cost === undefined ? {} : { cost: event.cost }) })
      : state,
  request_reserved: reserveRequest,
  request_settled: settleRequest,
  request_refused: refuseRequest,
  request_flagged: flagRequest,
  budget_warned: (state) => state,
  agent_ended: endAgent,
  change_observed: (state, { change }) => withOpen(state, { change }),
  gate_started: (state) => state,
  gate_judged: (state, { judged }) => withOpen(state, { gates: [...(state.open?.gates ?? []), judged] }),
  finding_raised: (state, { finding, blocks }) =>
    withOpen(state, { findings: [...(state.open?.findings ?? []), { finding, blocks }] }),
  iteration_judged: (state, { verdict }) => withOpen(state, { verdict }),
  checkpoint_started: (state, { tree }) => withOpen(state, { committing: tree }),
  checkpoint_created: (state, { commit, green }) => ({
    ...withOpen(state, { checkpoint: { commit, green } }),
    head: commit,
    lastGreen: green ? commit : state.lastGreen,
    redHead: state.open?.gates.some(({ outcome }) => outcome === "failed") ?? false,
  }),
  iteration_ended: closeIteration,
  task_advanced: (state, { task, phase, note }) =>
    withTask(state, task, (current) => ({
      ...current,
      phase,
      notes: note === undefined ? current.notes : { ...current.notes, [current.phase]: note },
    })),
  task_completed: (state, { task, iteration }) =>
    withTask(state, task, (current) => ({ ...current, status: "done", provenBy: iteration })),
  task_blocked: (state, { task, why, detail }) =>
    withTask(state, task, (current) => ({ ...current, status: "blocked", blocked: { why, detail } })),
  retry_scheduled: (state, { failure, attempt, until }) => ({
    ...state,
    failing: { failure, attempts: attempt },
    waitUntil: { time: until, failure },
  }),
  breaker_opened: (state, { until, opens }) => ({ ...state, breaker: { type: "open", until, opens } }),
  breaker_half_opened: (state) => ({ ...state, breaker: { type: "half_open", opens: state.breaker.opens } }),
  breaker_closed: (state) => ({ ...state, breaker: { type: "closed", failures: 0, opens: 0 } }),
  rollback_started: (state, { task, to }) => ({ ...state, rollback: { task, to } }),
  rollback_finished: (state, { task, head }) => {
    const { rollback: _, ...rest } = state;
    return withTask({ ...rest, head, redHead: false, rolledBack: task }, task, (current) => ({
      ...current,
      redStreak: 0,
    }));
  },
  run_paused: (state) => ({ ...state, paused: true }),
  run_unpaused: (state) => ({ ...state, paused: false }),
  remark_added: (state, { text }) => ({ ...state, remarks: [...state.remarks, text] }),
  run_ended: (state, { reason, detail, marks }, at) => ({
    ...state,
    ended: { reason, at, ...(detail === undefined ? {} : { detail }) },
    ...(marks === undefined ? {} : { finalMarks: marks }),
  }),
};

/** A person looked and said "go on": what was given up is tried again, and old failures are forgiven. */
function resume(state: RunState, { limits }: EventOf<"run_resumed">, time: number): RunState {
  const { ended: _ended, waitUntil: _waitUntil, failing: _failing, refusedBudget: _refused, ...rest } = state;
  return {
    ...rest,
    charter: { ...state.charter, limits: { ...state.charter.limits, ...limits } },
    tasks: state.tasks.map(unblock),
    awayMs: state.awayMs + Math.max(0, time - state.lastEventAt),
    breaker: { type: "closed", failures: 0, opens: 0 },
    paused: false,
  };
}

function unblock(task: TaskState): TaskState {
  if (task.status !== "blocked") return task;
  const { blocked: _, ...rest } = task;
  return { ...rest, status: "active", stall: NO_STALL, inconclusiveClaims: 0, redStreak: 0 };
}

function startIteration(state: RunState, event: EventOf<"iteration_started">, time: number): RunState {
  const { waitUntil: _waitUntil, rolledBack: _rolledBack, ...rest } = state;
  const started: RunState = {
    ...rest,
    iterations: state.iterations + 1,
    remarks: [],
    open: {
      iteration: event.iteration,
      task: event.task,
      phase: event.phase,
      head: event.head,
      startedAt: time,
      gates: [],
      findings: [],
    },
  };
  return withTask(started, event.task, (task) => ({
    ...task,
    status: "active",
    iterations: task.iterations + 1,
    baseCommit: task.baseCommit ?? event.head,
  }));
}

function endAgent(state: RunState, event: EventOf<"agent_ended">): RunState {
  const { outcome, claimed, finalMessage, usage, cost } = event;
  const counted = { ...state, unpricedIterations: state.unpricedIterations + (event.costFrom === "unknown" ? 1 : 0) };
  return withOpen(counted, { usage, cost, agent: { outcome, claimed, finalMessage } });
}

function closeIteration(state: RunState): RunState {
  const { open, ...rest } = state;
  if (open === undefined) return state;
  const verdict = open.verdict ?? { type: "interrupted" };
  const failed = verdict.type === "failed";
  const closed: RunState = {
    ...rest,
    usage: addUsage(state.usage, open.usage ?? NO_USAGE),
    cost: addMoney(state.cost, open.cost ?? fromUsd(0)),
    failedIterations: state.failedIterations + (failed ? 1 : 0),
    breaker: followBreaker(state, failed),
  };
  const { failing: _, ...recovered } = closed;
  const next = failed || verdict.type === "interrupted" ? closed : recovered;
  return withTask(next, open.task, (task) => followTask(task, { ...open, verdict }));
}

function followBreaker(state: RunState, failed: boolean): RunState["breaker"] {
  const { breaker } = state;
  if (breaker.type !== "closed") return breaker;
  return { ...breaker, failures: failed ? breaker.failures + 1 : 0 };
}

function followTask(
  task: TaskState,
  open: OpenIteration & { verdict: NonNullable<OpenIteration["verdict"]> },
): TaskState {
  const { verdict, gates, iteration } = open;
  const inconclusive = verdict.type === "rejected" && verdict.because.some(({ type }) => type === "gate_inconclusive");
  const stall: StallState = followStall(task.stall, open);
  return {
    ...task,
    stall,
    redStreak: redStreak(task, open),
    inconclusiveClaims: inconclusive ? task.inconclusiveClaims + 1 : 0,
    spent: addAmount(task.spent, spentIn(open)),
    last: {
      iteration,
      verdict,
      gates,
      findings: open.findings.map(({ finding }) => finding),
      finalMessage: open.agent?.finalMessage ?? "",
      contextFull: open.contextFull ?? false,
    },
  };
}

function spentIn({ cost = fromUsd(0), usage = NO_USAGE }: OpenIteration): Amount {
  return { cost, tokens: totalTokens(usage) };
}

function redStreak(task: TaskState, open: OpenIteration): number {
  if (open.gates.length === 0) return task.redStreak;
  return open.gates.some(({ outcome }) => outcome === "failed") ? task.redStreak + 1 : 0;
}
