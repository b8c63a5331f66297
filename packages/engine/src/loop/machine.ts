/** Where the loop meets its machine. */
import { CloisterError, type MachineChoice, type RunEvent } from "@cloister/core";
import { agentProgram } from "../agents/registry.ts";
import type { EgressDecision } from "../machines/egress/port.ts";
import type { OpenRunMachine } from "../machines/run/open-run-machine.ts";
import { markerFor } from "../process/index.ts";
import type { Session } from "./session.ts";

/** Decisions beyond this many are not journaled one by one: a machine that asks without end must not fill the disk. */
const MOST_DECISIONS = 1000;

/** Does the machine have programs of its own, other than the host's? */
export function hasOwnPrograms(choice: MachineChoice | undefined): boolean {
  return choice !== undefined && choice.driver !== "sandbox";
}

/**
 * Runs `act` with the run's machine open, where it asks for one, and removes it afterwards.
 * @param env the caller's environment: the values of secrets are in it.
 * @throws CloisterError `machine_unavailable`, `machine_failed`, `resources_short`
 */
export async function inMachine(
  session: Session,
  env: Readonly<Record<string, string>>,
  act: () => Promise<void>,
): Promise<void> {
  const choice = session.state.charter.machine;
  if (choice === undefined) return act();
  await using machine = await openMachine(session, choice, env);
  session.machine = machine;
  await assertAgent(session);
  await act();
}

async function openMachine(
  session: Session,
  choice: MachineChoice,
  env: Readonly<Record<string, string>>,
): Promise<OpenRunMachine> {
  // Loaded here: a run on the host does not load the code of machines.
  const { openRunMachine } = await import("../machines/run/open-run-machine.ts");
  const gateway = await session.gateway;
  const { charter } = session.state;
  const startedAt = performance.now();
  const { parts } = session;
  const machine = await openRunMachine({
    choice,
    run: charter.run,
    marker: markerFor(charter.run),
    workspace: charter.workspace,
    branch: charter.branch,
    folder: parts.paths.folder,
    env,
    gitEnv: parts.env,
    carryPorts: gateway === undefined ? [] : [gateway.port],
    notify: parts.notify,
    onDecision: noteDecisions(session),
  });
  session.record({
    type: "machine_opened",
    machine: machine.id,
    driver: choice.driver,
    ...(choice.image === undefined ? {} : { image: choice.image }),
    acceleration: machine.acceleration,
    durationMs: Math.round(performance.now() - startedAt),
  });
  return machine;
}

/** @throws CloisterError `agent_unavailable` where the machine does not have the agent's program. */
async function assertAgent({ machine, parts, state }: Session): Promise<void> {
  const { charter } = state;
  const file = agentProgram(parts.agent, charter.agent.command, machine.env);
  if (await machine.hasProgram(file)) return;
  throw new CloisterError({
    code: "agent_unavailable",
    message: `The agent ${charter.agent.name} cannot be used: the machine has no program ${file}.`,
    remedy: "Choose an image that has it, such as agents: cloister image list.",
  });
}

/** Journals what was asked for, once an iteration. */
function noteDecisions(session: Session): (decision: EgressDecision) => void {
  const seen = new Set<string>();
  return ({ host, port, allowed, refusal, detail, secrets }) => {
    const iteration = session.state.open?.iteration ?? 0;
    const key = `${iteration} ${allowed} ${host}:${port}`;
    if (seen.has(key) || seen.size >= MOST_DECISIONS) return;
    seen.add(key);
    const why = detail ?? refusal?.replaceAll("_", " ");
    const event: RunEvent = {
      type: "egress_decided",
      iteration,
      host,
      port,
      allowed,
      ...(why === undefined ? {} : { why }),
      ...(secrets === undefined ? {} : { secrets }),
    };
    session.record(event);
  };
}
