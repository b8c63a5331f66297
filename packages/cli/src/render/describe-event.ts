/** Events as lines for people: the same words in `run` without a terminal, in `logs`, and above the live view. */
import {
  type AgentEvent,
  type AgentOutcome,
  assertNever,
  describeDuration,
  describeEndReason,
  describeMoney,
  describeDiff,
  type IterationVerdict,
  type JudgedGate,
  type Rejection,
  type RunEvent,
  type RunEventType,
  totalTokens,
  describeCount,
} from "@cloister/core";
import { toSingleLine } from "./plain-text.ts";
import { describeClock, describeTokens } from "./quantities.ts";

/** How a line is meant: sets its colour. */
export type Tone = "plain" | "good" | "bad" | "warning" | "quiet";

/** One harmless line on an event. */
export type EventLine = { readonly tone: Tone; readonly text: string };

type EventOf<Type extends RunEventType> = Extract<RunEvent, { type: Type }>;
type Describers = { readonly [Type in RunEventType]: (event: EventOf<Type>) => EventLine | undefined };

const MAX_TEXT = 400;

/** The event as one line without control characters; undefined where it says nothing that a person waits for. */
export function describeEvent(event: RunEvent): EventLine | undefined {
  const describe = DESCRIBERS[event.type] as (event: RunEvent) => EventLine | undefined;
  const line = describe(event);
  return line === undefined ? undefined : { tone: line.tone, text: toSingleLine(line.text) };
}

const DESCRIBERS: Describers = {
  run_created: ({ charter }) =>
    plain(
      `run ${charter.run}: ${describeCount(charter.plan.tasks.length, "task")}, agent ${charter.agent.name}, ${describeGates(charter.gates)}`,
    ),
  run_resumed: () => plain("run resumed"),
  machine_opened: ({ driver, image, acceleration, durationMs }) =>
    plain(
      `machine: ${driver}${image === undefined ? "" : `:${image}`}${acceleration === "native" ? "" : ` (${acceleration})`}, ready in ${describeDuration(durationMs)}`,
    ),
  egress_decided: ({ iteration, host, port, allowed, why, secrets }) =>
    allowed
      ? quiet(`#${iteration} reached ${host}:${port}${secrets === undefined ? "" : ` with ${secrets.join(", ")}`}`)
      : warning(`#${iteration} was kept from ${host}:${port}: ${why ?? "not allowed"}`),
  workspace_prepared: ({ head }) => quiet(`workspace ready at ${head.slice(0, 10)}`),
  setup_started: ({ commands }) => quiet(`set-up: ${commands.join("; ")}`),
  setup_finished: ({ durationMs }) => quiet(`set-up finished in ${describeDuration(durationMs)}`),
  baseline_started: ({ commit }) => quiet(`gates run on the base commit ${commit.slice(0, 10)}`),
  baseline_recorded: ({ gates }) =>
    plain(`baseline: ${gates.map(({ gate, verdict }) => `${gate} ${verdict}`).join(", ") || "no gates"}`),
  iteration_started: ({ iteration, task, phase }) => plain(`#${iteration} ${phase} task ${task}`),
  agent_started: ({ iteration, pid }) => quiet(`#${iteration} agent started (process ${pid})`),
  agent_reported: ({ iteration, event }) => describeAgentEvent(iteration, event),
  request_reserved: () => undefined,
  request_settled: () => undefined,
  request_refused: ({ iteration, detail }) => warning(`#${iteration} gateway refused a request: ${detail}`),
  request_flagged: ({ iteration, detail, action }) => warning(`#${iteration} gateway ${action}: ${detail}`),
  budget_warned: ({ detail }) => warning(detail),
  agent_ended: (event) => describeAgentEnd(event),
  change_observed: ({ iteration, change }) =>
    quiet(`#${iteration} ${change.unchanged ? "changed nothing" : `changed ${describeDiff(change.stat)}`}`),
  gate_started: ({ iteration, gate }) => quiet(`#${iteration} gate ${gate} started`),
  gate_judged: ({ iteration, judged }) => describeGate(iteration, judged),
  finding_raised: ({ iteration, finding, blocks }) => ({
    tone: blocks ? "bad" : "warning",
    text: `#${iteration} finding ${finding.name}: ${finding.message}${blocks ? "" : " (does not block)"}`,
  }),
  iteration_judged: ({ iteration, verdict }) => describeVerdict(iteration, verdict),
  checkpoint_started: () => undefined,
  checkpoint_created: ({ iteration, commit, green }) =>
    quiet(`#${iteration} checkpoint ${commit.slice(0, 10)}${green ? " (green)" : ""}`),
  iteration_ended: ({ iteration, durationMs }) => quiet(`#${iteration} ended after ${describeDuration(durationMs)}`),
  task_advanced: ({ task, phase }) => plain(`task ${task} goes on to ${phase}`),
  task_completed: ({ task, iteration }) => good(`task ${task} is done, proven by iteration ${iteration}`),
  task_blocked: ({ task, why, detail }) => bad(`task ${task} is blocked (${why.replaceAll("_", " ")}): ${detail}`),
  retry_scheduled: ({ failure, attempt, until }) =>
    warning(`${failure.replaceAll("_", " ")}: attempt ${attempt + 1} at ${describeClock(until)}`),
  breaker_opened: ({ until }) => warning(`the agent keeps failing: held until ${describeClock(until)}`),
  breaker_half_opened: () => plain("trying the agent again"),
  breaker_closed: () => plain("the agent works again"),
  rollback_started: ({ task, to }) =>
    warning(`task ${task}: going back to the last green checkpoint ${to.slice(0, 10)}`),
  rollback_finished: ({ head }) => quiet(`back at ${head.slice(0, 10)}`),
  run_paused: () => plain("paused; `cloister resume` goes on"),
  run_unpaused: () => plain("goes on"),
  remark_added: ({ text }) => plain(`remark for the next prompt: ${text.slice(0, MAX_TEXT)}`),
  run_ended: ({ reason, detail }) => ({
    tone: reason === "done" ? "good" : "bad",
    text: `${describeEndReason(reason)}${detail === undefined ? "" : ` (${detail})`}`,
  }),
};

/** Why a claim was not accepted, in a few words. */
function describeRejectionBriefly(rejection: Rejection): string {
  switch (rejection.type) {
    case "no_change":
      return "nothing was changed";
    case "gate_failed":
      return `gate ${rejection.gate} failed`;
    case "gate_inconclusive":
      return `gate ${rejection.gate} gave no verdict`;
    case "nothing_proves":
      return "no gate proves it";
    case "no_gates":
      return "there is no gate";
    case "finding":
      return rejection.finding.name.replaceAll("_", " ");
    case "changes_requested":
      return "the review asks for changes";
    default:
      return assertNever(rejection, "describeRejectionBriefly");
  }
}

/** What the agent does right now, in a few words; undefined where the event does not say. */
export function describeAction(event: AgentEvent): string | undefined {
  if (event.type === "message") return `says: ${event.text.slice(0, MAX_TEXT)}`;
  if (event.type === "thought") return "thinks";
  if (event.type === "tool_called") return `${event.tool} ${event.summary.slice(0, MAX_TEXT)}`;
  if (event.type === "retrying") return `retries after ${event.failure.replaceAll("_", " ")}`;
  return undefined;
}

function describeAgentEvent(iteration: number, event: AgentEvent): EventLine | undefined {
  if (event.type === "thought") return undefined;
  if (event.type === "failed")
    return warning(`#${iteration} agent: ${event.failure}: ${event.message.slice(0, MAX_TEXT)}`);
  if (event.type === "retrying") return warning(`#${iteration} agent retries: ${event.message.slice(0, MAX_TEXT)}`);
  if (event.type === "unreadable") return quiet(`#${iteration} agent output not understood: ${event.reason}`);
  const action = describeAction(event);
  return action === undefined ? undefined : quiet(`#${iteration} agent ${action}`);
}

function describeAgentEnd(event: EventOf<"agent_ended">): EventLine {
  const { iteration, outcome, claimed, usage, cost, costFrom, durationMs, survivors } = event;
  const parts = [
    `#${iteration} agent ${describeOutcome(outcome, claimed)} after ${describeDuration(durationMs)}`,
    `${describeTokens(totalTokens(usage))} tokens`,
    costFrom === "unknown" ? "cost unknown" : describeMoney(cost),
    ...(survivors > 0 ? [`${describeCount(survivors, "left-over process", "left-over processes")} ended`] : []),
  ];
  return { tone: outcome.type === "failed" ? "warning" : "plain", text: parts.join(", ") };
}

function describeOutcome(outcome: AgentOutcome, claimed: boolean): string {
  if (outcome.type === "failed") return `failed (${outcome.failure}: ${outcome.message.slice(0, MAX_TEXT)})`;
  if (outcome.type === "stopped") return "was stopped";
  return claimed ? "ended, claiming the task" : "ended without a claim";
}

function describeGate(
  iteration: number,
  { gate, outcome, inconclusive, newFailures, counts, durationMs }: JudgedGate,
): EventLine {
  const tests = counts === undefined ? "" : `, ${counts.passed} passed, ${counts.failed} failed`;
  const because = inconclusive === undefined ? "" : ` (${inconclusive.replaceAll("_", " ")})`;
  const news =
    newFailures.length === 0 ? "" : `: ${newFailures.slice(0, 3).join(", ")}${newFailures.length > 3 ? ", …" : ""}`;
  const text = `#${iteration} gate ${gate} ${outcome.replaceAll("_", " ")}${because}${tests} in ${describeDuration(durationMs)}${news}`;
  return { tone: GATE_TONES[outcome], text };
}

const GATE_TONES: Readonly<Record<JudgedGate["outcome"], Tone>> = {
  passed: "good",
  failed: "bad",
  inconclusive: "warning",
  pre_existing: "warning",
};

function describeVerdict(iteration: number, verdict: IterationVerdict): EventLine {
  switch (verdict.type) {
    case "accepted":
      return good(`#${iteration} accepted`);
    case "rejected":
      return bad(`#${iteration} sent back: ${verdict.because.map(describeRejectionBriefly).join(", ")}`);
    case "unclaimed":
      return plain(`#${iteration} goes on: the task was not claimed as done`);
    case "failed":
      return warning(`#${iteration} failed: ${verdict.failure.replaceAll("_", " ")}`);
    case "interrupted":
      return warning(`#${iteration} was interrupted`);
    default:
      return assertNever(verdict, "describeVerdict");
  }
}

function describeGates(gates: readonly { readonly name: string }[]): string {
  return gates.length === 0 ? "no gates" : `gates ${gates.map(({ name }) => name).join(", ")}`;
}

function plain(text: string): EventLine {
  return { tone: "plain", text };
}
function good(text: string): EventLine {
  return { tone: "good", text };
}
function bad(text: string): EventLine {
  return { tone: "bad", text };
}
function warning(text: string): EventLine {
  return { tone: "warning", text };
}
function quiet(text: string): EventLine {
  return { tone: "quiet", text };
}
