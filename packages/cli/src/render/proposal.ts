/** What a run would do, for `cloister run --dry-run`. */
import {
  describeDuration,
  describeMoney,
  type GateSpec,
  type RunLimits,
  type Task,
  toUsd,
  describeCount,
  describeEstimate,
  type PlanEstimate,
} from "@cloister/core";
import type { RunProposal } from "@cloister/engine";
import type { Paint } from "../terminal/terminal.ts";
import { cutToWidth, toSingleLine } from "./plain-text.ts";

/** A proposal with the agent that would work on it. */
export type ShownProposal = {
  readonly proposal: RunProposal;
  readonly agent: string;
  /** Why this agent, where it was chosen. */
  readonly agentReason: string | undefined;
};

/** Where a proposal is shown. */
export type ProposalView = { readonly paint: Paint; readonly columns: number };

/** The proposal as lines. */
export function renderProposal({ proposal, agent, agentReason }: ShownProposal, view: ProposalView): string[] {
  const { given, repository, gates, gatesFrom, setup, limits, estimate, reasons } = proposal;
  const title = (text: string): string => view.paint("bold", text);
  return [
    `${title("Plan")}        ${toSingleLine(given.plan.title)} (${given.planFile || "prompt"}, read as ${given.plan.format})`,
    `${title("Repository")}  ${repository.root} at ${repository.head.slice(0, 10)}`,
    `${title("Agent")}       ${agent}${agentReason === undefined ? "" : `: ${toSingleLine(agentReason)}`}`,
    "",
    title(describeCount(given.plan.tasks.length, "task")),
    ...given.plan.tasks.map((task) => `  ${cutToWidth(describeTask(task), view.columns - 2)}`),
    "",
    title(gates.length === 0 ? "No gates: the run can end only as unverified" : `Gates (${describeOrigin(gatesFrom)})`),
    ...gates.map(describeGate),
    ...(setup.length === 0 ? [] : ["", title("Set-up"), ...setup.map((command) => `  ${toSingleLine(command)}`)]),
    ...(reasons.length === 0 ? [] : ["", title("Why"), ...reasons.map((reason) => `  ${toSingleLine(reason)}`)]),
    "",
    `${title("Limits")}          ${describeLimits(limits)}`,
    `${title("Estimated cost")}  ${describeEstimate(estimate)}`,
  ];
}

/** The proposal as one value for programs. Money in US dollars, times in ms. */
export function toProposalJson({ proposal, agent }: ShownProposal): Readonly<Record<string, unknown>> {
  const { given, repository, gates, gatesFrom, setup, limits, estimate, reasons } = proposal;
  const { maxCost, ...others } = limits;
  return {
    type: "run_proposed",
    plan: { title: given.plan.title, format: given.plan.format, file: given.planFile, tasks: given.plan.tasks },
    repository,
    agent,
    gates,
    gatesFrom,
    setup,
    limits: { ...others, ...(maxCost === undefined ? {} : { maxCost: toUsd(maxCost) }) },
    estimate: toEstimateJson(estimate),
    reasons,
  };
}

function toEstimateJson(estimate: PlanEstimate): PlanEstimate | Readonly<Record<string, unknown>> {
  if (estimate.type === "no_history") return estimate;
  const { low, likely, high, ...others } = estimate;
  return { ...others, low: toUsd(low), likely: toUsd(likely), high: toUsd(high) };
}

/** The limits of a run in one line. */
function describeLimits(limits: RunLimits): string {
  const { maxIterations, maxCost, maxTokens, maxRuntimeMs, iterationTimeoutMs, idleTimeoutMs } = limits;
  const parts = [
    ...(maxIterations === undefined ? [] : [describeCount(maxIterations, "iteration")]),
    ...(maxCost === undefined ? [] : [describeMoney(maxCost)]),
    ...(maxTokens === undefined ? [] : [describeCount(maxTokens, "token")]),
    ...(maxRuntimeMs === undefined ? [] : [`${describeDuration(maxRuntimeMs)} in all`]),
    ...(iterationTimeoutMs === undefined ? [] : [`${describeDuration(iterationTimeoutMs)} an iteration`]),
    ...(idleTimeoutMs === undefined ? [] : [`${describeDuration(idleTimeoutMs)} without output`]),
  ];
  return parts.length === 0 ? "none" : parts.join(", ");
}

function describeTask({ id, title, dependsOn, done, phases }: Task): string {
  const details = [
    ...(done ? ["done already"] : []),
    ...(phases.length > 1 ? [phases.join(" → ")] : []),
    ...(dependsOn.length > 0 ? [`after ${dependsOn.join(", ")}`] : []),
  ];
  return toSingleLine(`${id}: ${title}${details.length === 0 ? "" : ` (${details.join("; ")})`}`);
}

function describeGate({ name, command, required, heldOutFiles }: GateSpec): string {
  const marks = [...(required === true ? ["required"] : []), ...(heldOutFiles === undefined ? [] : ["held out"])];
  return `  ${toSingleLine(name)}: ${toSingleLine(command)}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}`;
}

function describeOrigin(from: RunProposal["gatesFrom"]): string {
  return from === "flags" || from === "detected" ? from.replace("flags", "from flags") : `from the ${from}`;
}
