/** Starts and resumes runs. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { CloisterError, describeEstimate, evolve, replay, type StampedEvent } from "@cloister/core";
import { resolveAgent, type ResolvedAgent } from "../agents/registry.ts";
import { chooseGateway, describeChoice } from "../gateway/choose.ts";
import { removeHeldOut } from "../gates/index.ts";
import { openJournal } from "../journal/index.ts";
import { killRun, markerFor } from "../process/index.ts";
import { takeLock } from "../runs/lock.ts";
import { findUnfinishedRun, stampedEvents } from "../runs/read-run.ts";
import { createRunId, findRunStore, openRunStore, runPaths, selectRun } from "../runs/run-store.ts";
import { findRepository } from "../vcs/index.ts";
import { anchorPaths } from "./anchor-paths.ts";
import { toMachineChoice } from "../config/index.ts";
import { describeBlindSpots } from "./blind-spots.ts";
import {
  createCharter,
  describeLeftOut,
  findLeftAlone,
  leftAloneFile,
  proposeRun,
  type RunProposal,
} from "./charter.ts";
import { drive } from "./drive.ts";
import { hasOwnPrograms } from "./machine.ts";
import { openPlanFile } from "./plan-file.ts";
import type { ResumeRequest, RunRequest, RunSummary } from "./port.ts";

/**
 * Runs a plan to its end. The loop's own ends are values; thrown is what stops a run from coming about.
 * @throws CloisterError `plan_invalid`, `repository_invalid`, `agent_unavailable`, `git_failed`
 */
export async function startRun(request: RunRequest): Promise<RunSummary> {
  const { proposal, resolved } = await settle(request);
  const { root } = proposal.repository;
  const id = createRunId(new Date(), Math.random);
  const { model, inPlace } = request.config;
  const charter = createCharter(request, proposal, {
    id,
    agent: {
      name: resolved.adapter.name,
      ...(resolved.command === undefined ? {} : { command: resolved.command }),
      ...(model === undefined ? {} : { model }),
    },
  });
  const leftAlone = inPlace ? await findLeftAlone(request, root, proposal.given.planFile) : [];
  const paths = runPaths(openRunStore(root), id);
  mkdirSync(paths.inbox, { recursive: true });
  writeFileSync(leftAloneFile(paths.folder), JSON.stringify(leftAlone));
  using _lock = takeLock(paths.lock);
  const { text } = proposal.given;
  const { workspace, planFile: file } = charter;
  const planFile = openPlanFile({
    runFolder: paths.folder,
    workspace,
    planFile: file,
    ...(text === undefined ? {} : { text }),
  });
  const journal = openJournal(paths.journal, { create: true });
  const created: StampedEvent = { time: Date.now(), event: { type: "run_created", charter } };
  journal.append([{ type: "run_created", time: created.time, data: { charter } }], { expected: 0 });
  request.onEvent?.(created, 1);
  // Awaited here: the lock is given back when this function returns.
  return await drive(request, {
    paths,
    journal,
    state: evolve(undefined, created),
    planFile,
    leftAlone,
    agent: resolved.adapter,
  });
}

/** Settles what is to be done and by whom, and says what a person should know of it beforehand. */
async function settle(request: RunRequest): Promise<{ proposal: RunProposal; resolved: ResolvedAgent }> {
  const { config, env, folder } = request;
  const machine = toMachineChoice(config.machine);
  // A machine apart does not have the user's checkout: paths mean its workspace.
  const command = machine === undefined ? anchorCommand(config.agentCommand, folder) : config.agentCommand;
  const isElsewhere = hasOwnPrograms(machine);
  const resolving = resolveAgent({ name: config.agent, env, command, isElsewhere });
  resolving.catch(() => undefined); // Awaited below: what is wrong with the plan is said before what is wrong with the agent.
  const proposal = await proposeRun(request);
  const resolved = await resolving;
  const leftOut = await describeLeftOut(request, proposal);
  const choice = chooseGateway({ policy: config.gateway, agent: resolved.adapter, env });
  const lines = [
    ...proposal.reasons,
    ...(leftOut === undefined ? [] : [leftOut]),
    ...(resolved.reason === undefined ? [] : [resolved.reason]),
    ...(choice === undefined ? [] : [describeChoice(choice)]),
    ...describeBlindSpots(resolved.adapter, proposal.limits, {
      isMetered: choice !== undefined,
      hasBudgets: Object.keys(config.gateway.budgets.limits).length > 0,
      model: config.model,
    }),
    ...(proposal.estimate.type === "no_history" ? [] : [`Estimated cost: ${describeEstimate(proposal.estimate)}.`]),
  ];
  for (const line of lines) request.notify?.(line);
  return { proposal, resolved };
}

function anchorCommand(command: string | undefined, folder: string): string | undefined {
  return command === undefined ? undefined : anchorPaths(command, folder);
}

/**
 * Goes on with a run that has not ended with every task done.
 * @throws CloisterError `run_not_found`, `run_busy`, `agent_unavailable`, `journal_damaged`
 */
export async function resumeRun(request: ResumeRequest): Promise<RunSummary> {
  const { root } = await findRepository(request.folder, request.env);
  const store = findRunStore(root);
  const id = request.run ?? (store === undefined ? undefined : findUnfinishedRun(store));
  if (store === undefined || id === undefined) throw noOpenRun();
  const paths = runPaths(store, selectRun(store, id));
  using _lock = takeLock(paths.lock);
  await killRun(markerFor(id));
  const journal = openJournal(paths.journal);
  const state = replay(stampedEvents(journal.read()));
  if (state === undefined) throw noOpenRun();
  request.onState?.(state);
  const { charter } = state;
  removeHeldOut(charter.workspace);
  const { command } = charter.agent;
  const resolved = await resolveAgent({
    name: charter.agent.name,
    env: request.env,
    isElsewhere: hasOwnPrograms(charter.machine),
    ...(command === undefined ? {} : { command }),
  });
  const leftAlone = JSON.parse(readFileSync(leftAloneFile(paths.folder), "utf8")) as string[];
  const planFile = openPlanFile({ runFolder: paths.folder, workspace: charter.workspace, planFile: charter.planFile });
  return await drive(request, { paths, journal, state, planFile, leftAlone, agent: resolved.adapter, resumed: true });
}

function noOpenRun(): CloisterError {
  return new CloisterError({
    code: "run_not_found",
    message: "There is no run to resume: every run of this repository is done.",
    remedy: "Start one with: cloister run PLAN",
  });
}
