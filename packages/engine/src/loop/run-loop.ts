/**
 * The loop: ask the state what comes next, do it, until it says that the run has ended.
 *
 * L1. Whatever is done is in the journal before and after; between two steps the state alone knows everything.
 * L2. Only `session.stopping` interrupts a step; every step then returns soon, and the loop ends the run.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  assertNever,
  CloisterError,
  nextStep,
  runtimeMs,
  type EndReason,
  type ErrorCode,
  type RunEvent,
  type Step,
} from "@cloister/core";
import { watchInbox } from "../runs/inbox.ts";
import { countMarks, recordBaseline } from "./baseline.ts";
import { takeControls } from "./controls.ts";
import { finishIteration, iterate } from "./iterate.ts";
import type { StopReason } from "./port.ts";
import { prepareWorkspace, runSetup } from "./prepare.ts";
import { rollBack } from "./roll-back.ts";
import type { Session } from "./session.ts";

/** How often a paused or waiting run looks at its inbox, should the watch have missed something. */
const LOOK_MS = 2000;

/** Runs the loop to its end, which is recorded. Rejects for defects only. */
export async function runLoop(session: Session): Promise<void> {
  using _watch = watchInbox(session.parts.paths.inbox, () => takeControls(session));
  using _deadline = watchRuntime(session);
  for (;;) {
    takeControls(session);
    const step = session.stopped ? await endStopped(session) : nextStep(session.state, session.parts.now());
    if (step.type === "end") return end(session, step);
    await perform(session, step);
  }
}

async function perform(session: Session, step: Exclude<Step, { type: "end" }>): Promise<void> {
  switch (step.type) {
    case "prepare_workspace":
      return prepareWorkspace(session);
    case "set_up":
      return runSetup(session);
    case "record_baseline":
      return recordBaseline(session);
    case "recover":
      return void (await finishIteration(session));
    case "roll_back":
      return rollBack(session, step.task.id, step.to);
    case "pause":
      return sleep(session, Number.POSITIVE_INFINITY, () => !session.state.paused);
    case "wait":
      return sleep(session, step.until, () => session.state.paused);
    case "half_open":
      return session.record({ type: "breaker_half_opened" });
    case "iterate":
      return iterate(session, step.task, step.phase);
    default:
      return assertNever(step, "step");
  }
}

/** Waits until `until` (ms since the epoch), or `over`, or the run stops. */
async function sleep(session: Session, until: number, over: () => boolean): Promise<void> {
  const { signal } = session.stopping;
  while (!signal.aborted && !over() && session.parts.now() < until) {
    const rest = Math.min(LOOK_MS, until - session.parts.now());
    await delay(rest, undefined, { signal }).catch(() => undefined); // Aborted: the loop looks at the signal itself.
    takeControls(session);
  }
}

/** The run's time limit stops what is under way; the step after it sees that the time is up. */
function watchRuntime(session: Session): Disposable {
  const limit = session.state.charter.limits.maxRuntimeMs;
  if (limit === undefined) return { [Symbol.dispose]: () => undefined };
  const rest = limit - runtimeMs(session.state, session.parts.now());
  const timer = setTimeout(() => session.stopping.abort("time_limit"), Math.min(Math.max(0, rest), 2 ** 31 - 1));
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Closes what is open, then ends for the reason that the run was stopped for; unless everything was done by then. */
async function endStopped(session: Session): Promise<Step> {
  await finishIteration(session);
  const reason = session.stopping.signal.reason as StopReason | "time_limit";
  const done = session.state.tasks.every(({ status }) => status === "done");
  return { type: "end", reason: done ? "done" : reason };
}

async function end(session: Session, { reason, detail }: { reason: EndReason; detail?: string }): Promise<void> {
  const prepared = session.state.prepared.workspace;
  const event: RunEvent = {
    type: "run_ended",
    reason,
    ...(detail === undefined ? {} : { detail }),
    ...(prepared ? { marks: await countMarks(session, session.state.head) } : {}),
  };
  session.record(event);
}

/** Errors that end a run: it can be resumed once they are mended. Others are defects, or keep a run from beginning. */
const END_REASONS: Partial<Record<ErrorCode, EndReason>> = {
  setup_failed: "blocked",
  agent_unavailable: "agent_unavailable",
  machine_unavailable: "machine_failed",
  machine_unsupported: "machine_failed",
  machine_failed: "machine_failed",
  resources_short: "machine_failed",
};

/** Ends a run whose set-up or machine failed: a person is needed. Other errors are passed on. */
export function endUnprepared(session: Session, error: unknown): void {
  const reason = CloisterError.isInstance(error) ? END_REASONS[error.code] : undefined;
  if (!CloisterError.isInstance(error) || reason === undefined) throw error;
  session.record({ type: "run_ended", reason, detail: error.describe() });
}
