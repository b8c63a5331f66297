/** Settles what a new run works on and by which rules: plan over configuration over defaults, flags over all. */
import { isAbsolute, join, relative, resolve } from "node:path";
import {
  CloisterError,
  DEFAULT_GUARD_POLICY,
  type GateSpec,
  type Plan,
  type PlanEstimate,
  type RunCharter,
  type RunId,
  type RunLimits,
} from "@cloister/core";
import { detectGates, detectSetup } from "../gates/index.ts";
import { promptPlan, readPlan, readPlanText } from "../plans/index.ts";
import { estimateCost } from "../runs/estimate-cost.ts";
import { findRepository, openWorkTree, type Repository } from "../vcs/index.ts";
import { worktreeFolder } from "../workspace/worktree.ts";
import { toLoopPolicy, toMachineChoice } from "../config/index.ts";
import type { RunRequest } from "./port.ts";

declare const CLOISTER_VERSION: string | undefined;
/** Set by the build; a run from source says so. */
export const cloisterVersion: string = typeof CLOISTER_VERSION === "undefined" ? "source" : CLOISTER_VERSION;

/** A plan as given: what it says, where it lies, and its text. */
export type GivenPlan = { readonly plan: Plan; readonly planFile: string; readonly text?: string };

/** What a run will do, before it does anything: `cloister run --dry-run` shows it. */
export type RunProposal = {
  readonly given: GivenPlan;
  readonly repository: Repository;
  readonly gates: readonly GateSpec[];
  readonly gatesFrom: RunCharter["gatesFrom"];
  readonly setup: readonly string[];
  readonly limits: RunLimits;
  /** What it may cost, going by earlier runs of the repository. */
  readonly estimate: PlanEstimate;
  /** Why these gates and set-up commands: one sentence each. */
  readonly reasons: readonly string[];
};

/**
 * Reads plan and repository and settles gates, set-up and limits.
 * @throws CloisterError `plan_invalid`, `repository_invalid`
 */
export async function proposeRun(request: RunRequest): Promise<RunProposal> {
  const repository = await findRepository(request.folder, request.env);
  const given = readGivenPlan(request, repository.root);
  const { plan } = given;
  const { config } = request;
  const gates = settleGates(request, plan, repository.root);
  const setup = settleSetup(request, plan, repository.root);
  const limits = { ...config.limits, ...plan.limits, ...config.flagLimits };
  return {
    given,
    repository,
    gates: gates.gates,
    gatesFrom: gates.from,
    setup: setup.commands,
    limits,
    estimate: estimateCost(repository.root, plan.tasks),
    reasons: [...gates.why, ...setup.why],
  };
}

/** Fixes a proposal as the charter of run `id`. */
export function createCharter(
  request: RunRequest,
  proposal: RunProposal,
  { id, agent }: { id: RunId; agent: RunCharter["agent"] },
): RunCharter {
  const { config, env } = request;
  const { repository, given } = proposal;
  const inPlace = config.inPlace;
  const machine = toMachineChoice(config.machine);
  if (inPlace && machine !== undefined) throw notInPlace();
  return {
    run: id,
    plan: given.plan,
    planFile: given.planFile,
    agent,
    repository: repository.root,
    baseCommit: repository.head,
    branch: inPlace ? branchInPlace(repository) : `${config.branchPrefix}${id}`,
    workspace: inPlace ? repository.root : worktreeFolder(env, repository.root, id),
    inPlace,
    limits: proposal.limits,
    guards: { ...DEFAULT_GUARD_POLICY, ...config.guards, ...given.plan.guards },
    gates: proposal.gates,
    gatesFrom: proposal.gatesFrom,
    setup: proposal.setup,
    protect: [...config.protect, ...given.plan.protect],
    ...(machine === undefined ? {} : { machine }),
    policy: toLoopPolicy(config),
    cloisterVersion,
  };
}

function readGivenPlan({ plan, folder, config }: RunRequest, root: string): GivenPlan {
  if ("prompt" in plan) return { plan: promptPlan(plan.prompt, config.phases), planFile: "" };
  const path = resolve(folder, plan.file);
  const shown = relative(process.cwd(), path) || path;
  const text = readPlanText(shown);
  const inside = relative(root, path);
  const planFile = inside.startsWith("..") || isAbsolute(inside) ? path : inside;
  return { plan: readPlan({ path: shown, text, phases: config.phases }), planFile, text };
}

type SettledGates = {
  readonly gates: readonly GateSpec[];
  readonly from: RunCharter["gatesFrom"];
  readonly why: readonly string[];
};

type SettledSetup = { readonly commands: readonly string[]; readonly why: readonly string[] };

/** Flags add to the plan's gates and win over equal names; the configuration fills in, then detection. */
function settleGates({ gates: flags, config }: RunRequest, plan: Plan, root: string): SettledGates {
  const names = new Set(flags.map(({ name }) => name));
  const planned = (plan.gates ?? []).filter(({ name }) => !names.has(name));
  if (flags.length > 0) return { gates: [...flags, ...planned], from: "flags", why: [] };
  if (plan.gates !== undefined) return { gates: plan.gates, from: "plan", why: [] };
  if (config.gates !== undefined) return { gates: config.gates, from: "configuration", why: [] };
  const found = detectGates(root);
  return { gates: found.gates, from: found.gates.length > 0 ? "detected" : "none", why: found.why };
}

function settleSetup({ config }: RunRequest, plan: Plan, root: string): SettledSetup {
  const chosen = plan.setup ?? config.setup;
  if (chosen !== undefined) return { commands: chosen, why: [] };
  return config.inPlace ? { commands: [], why: [] } : detectSetup(root);
}

function notInPlace(): CloisterError {
  return new CloisterError({
    code: "usage_invalid",
    message: "Expected no machine for --in-place: a machine has a copy of the workspace, and never your checkout.",
    remedy: "Leave out --in-place, or --machine.",
  });
}

function branchInPlace({ branch }: Repository): string {
  if (branch !== undefined) return branch;
  throw new CloisterError({
    code: "repository_invalid",
    message: "Expected a branch to work on in place, but HEAD is detached.",
    remedy: "Check out a branch, or run without --in-place.",
  });
}

/**
 * Untracked files of the user, which an in-place run leaves alone.
 * @throws CloisterError `repository_invalid` where tracked files have changes that are not committed: they would be mixed with the agent's.
 */
export async function findLeftAlone(request: RunRequest, root: string, planFile: string): Promise<readonly string[]> {
  const { entries } = await openWorkTree(root, request.env).status();
  const changed = entries.filter(({ untracked, path }) => !untracked && path !== planFile);
  if (changed.length > 0)
    throw new CloisterError({
      code: "repository_invalid",
      message: `Expected a clean checkout for --in-place, but ${changed.length} tracked files are changed (${changed[0]?.path ?? ""}, …).`,
      remedy: "Commit or stash them, or run without --in-place.",
    });
  return entries.filter(({ untracked }) => untracked).map(({ path }) => path);
}

/** Says what of the user's checkout a run in a worktree does not see; undefined where there is nothing. */
export async function describeLeftOut(
  request: RunRequest,
  { repository, given }: RunProposal,
): Promise<string | undefined> {
  if (request.config.inPlace) return undefined;
  const { entries } = await openWorkTree(repository.root, request.env).status();
  const left = entries.filter(({ path }) => path !== given.planFile).map(({ path }) => path);
  if (left.length === 0) return undefined;
  const names = left.slice(0, 3).join(", ");
  return `not part of the run, because not committed: ${names}${left.length > 3 ? ` and ${left.length - 3} more` : ""}`;
}

/** Where the evidence of what is left alone is kept for a resume. */
export function leftAloneFile(runFolder: string): string {
  return join(runFolder, "left-alone.json");
}
