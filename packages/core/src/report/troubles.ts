import { describeDuration } from "../duration.ts";
import type { RunEvent, RunEventType } from "../run/event.ts";
import { describeCount } from "./count.ts";
import { describeVerdict } from "./describe-verdict.ts";
import { toEvidence } from "./fact.ts";
import type { Trouble } from "./model.ts";
import { toPlainLine } from "./plain-text.ts";
import type { RunRecord } from "./run-record.ts";

type Describe = {
  readonly [Type in RunEventType]?: (event: Extract<RunEvent, { type: Type }>, time: number) => string;
};

const TEXT_CHARS = 500;

/** What goes wrong, and what is done about it; an empty text is no trouble. */
const DESCRIBE: Describe = {
  agent_ended: ({ survivors }) =>
    survivors === 0 ? "" : `${describeCount(survivors, "process", "processes")} outlived the agent and had to be ended`,
  iteration_judged: ({ verdict }) => (verdict.type === "failed" ? `the agent failed: ${describeVerdict(verdict)}` : ""),
  retry_scheduled: ({ failure, attempt, until }, time) =>
    `attempt ${attempt} after ${failure.replaceAll("_", " ")}, in ${describeDuration(Math.max(0, until - time))}`,
  breaker_opened: ({ opens, until }, time) =>
    `the breaker opened (${describeCount(opens, "time")} so far) for ${describeDuration(Math.max(0, until - time))}`,
  breaker_half_opened: () => "the breaker let one iteration through",
  breaker_closed: () => "the breaker closed: the agent works again",
  rollback_started: ({ from, to, task }) =>
    `${task}: back from ${from.slice(0, 10)} to the last green state, ${to.slice(0, 10)}`,
  task_blocked: ({ task, why, detail }) => `${task} was given up (${why.replaceAll("_", " ")}): ${detail}`,
  run_resumed: () => "the run was resumed",
  run_paused: () => "a person paused the run",
};

/** Failures, retries, the breaker, rollbacks and interruptions, in order. */
export function toTroubles({ events, unreadable }: RunRecord): Trouble[] {
  const troubles = events.flatMap(({ event, time, position, iteration }): Trouble[] => {
    const describe = DESCRIBE[event.type] as ((event: RunEvent, time: number) => string) | undefined;
    const text = toPlainLine(describe?.(event, time) ?? "", TEXT_CHARS);
    if (text === "") return [];
    const evidence = toEvidence([position]);
    return [{ type: event.type, time, ...(iteration === undefined ? {} : { iteration }), text, evidence }];
  });
  return unreadable.length === 0 ? troubles : [...troubles, toUnreadable(unreadable, events.at(-1)?.time ?? 0)];
}

function toUnreadable(positions: readonly number[], time: number): Trouble {
  const text = `${describeCount(positions.length, "part")} of the agent's output could not be read`;
  return { type: "agent_reported", time, text, evidence: toEvidence(positions) };
}
