/** What the live view knows of a run: its state, what goes on right now and the agent's last action. A fold over events, like the state. */
import { evolve, type RunEvent, type RunEventType, type RunState, type StampedEvent } from "@cloister/core";
import { describeAction } from "./describe-event.ts";
import { toSingleLine } from "./plain-text.ts";

/** The live view's model. */
export type Progress = {
  readonly state: RunState | undefined;
  /** What Cloister does now. Harmless, one line. */
  readonly activity: string;
  /** What the agent did last in this iteration. Harmless, one line; empty before there is anything. */
  readonly action: string;
};

/** Before the first event. */
export const NO_PROGRESS: Progress = { state: undefined, activity: "preparing", action: "" };

type EventOf<Type extends RunEventType> = Extract<RunEvent, { type: Type }>;
type Activities = { readonly [Type in RunEventType]?: (event: EventOf<Type>) => string };

const ACTIVITIES: Activities = {
  workspace_prepared: () => "workspace ready",
  setup_started: ({ commands }) => `set-up: ${commands.join("; ")}`,
  baseline_started: () => "running the gates on the base commit",
  iteration_started: () => "starting the agent",
  agent_started: () => "agent at work",
  agent_ended: () => "looking at the change",
  gate_started: ({ gate }) => `running gate ${gate}`,
  iteration_judged: () => "recording the verdict",
  checkpoint_started: () => "committing a checkpoint",
  rollback_started: () => "going back to the last green checkpoint",
  run_ended: () => "ended",
};

/** The model after `stamped`. */
export function followProgress(progress: Progress, stamped: StampedEvent): Progress {
  const { event } = stamped;
  const describe = ACTIVITIES[event.type] as ((event: RunEvent) => string) | undefined;
  return {
    state: evolve(progress.state, stamped),
    activity: describe === undefined ? progress.activity : toSingleLine(describe(event)),
    action: nextAction(progress.action, event),
  };
}

/** The model with a line on what happens outside the events, before the first of them. */
export function withActivity(progress: Progress, activity: string): Progress {
  return { ...progress, activity: toSingleLine(activity) };
}

function nextAction(action: string, event: RunEvent): string {
  if (event.type === "iteration_started") return "";
  if (event.type !== "agent_reported") return action;
  const described = describeAction(event.event);
  return described === undefined ? action : toSingleLine(described);
}
