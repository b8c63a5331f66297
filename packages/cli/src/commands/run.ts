import { CloisterError, type GateSpec } from "@cloister/core";
import { type ConfigFlags, type RunRequest, startRun } from "@cloister/engine";
import type { RunOptions } from "../definitions/running.ts";
import { toRunLimits } from "../definitions/shared-options.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { findPlan } from "./find-plan.ts";
import { presentRun } from "./present-run.ts";
import { createSurroundings } from "./run-context.ts";
import { showProposal } from "./show-proposal.ts";

/** `cloister run [PLAN]`. */
export const run: CommandHandler<RunOptions> = async ({ args: [file], options }, terminal) => {
  const gates = assertDistinct(options.gate ?? []);
  assertOnePlan(file, options.prompt);
  const { root, ...surroundings } = await createSurroundings(terminal, toFlags(options));
  const plan = choosePlan({ file, prompt: options.prompt, root }, terminal);
  const request: RunRequest = { ...surroundings, plan, gates };
  if (options.dryRun === true) return showProposal(request, options, terminal);
  return presentRun(terminal, options, (hooks) => startRun({ ...request, ...hooks }));
};

function toFlags(options: RunOptions): ConfigFlags {
  const { model, inPlace } = options;
  return {
    ...toAgentFlags(options),
    limits: toRunLimits(options),
    ...(model === undefined ? {} : { model }),
    ...(inPlace === undefined ? {} : { inPlace }),
    machine: toMachineFlags(options),
  };
}

function toAgentFlags({ agent, agentCommand }: RunOptions): ConfigFlags {
  const command = agentCommand ?? (agent === "q" ? "q" : undefined);
  return {
    ...(agent === undefined ? {} : { agent: agent === "q" ? "kiro" : agent }),
    ...(command === undefined ? {} : { agentCommand: command }),
  };
}

function toMachineFlags({
  machine,
  perMachine,
  allowHost,
  copyCredentials,
}: RunOptions): NonNullable<ConfigFlags["machine"]> {
  return {
    ...machine,
    ...(perMachine === undefined ? {} : { perMachine }),
    ...(allowHost === undefined ? {} : { allowHosts: allowHost }),
    ...(copyCredentials === undefined ? {} : { copyCredentials }),
  };
}

type WantedPlan = { readonly file: string | undefined; readonly prompt: string | undefined; readonly root: string };

function choosePlan({ file, prompt, root }: WantedPlan, terminal: Terminal): RunRequest["plan"] {
  if (prompt !== undefined) return { prompt };
  if (file !== undefined) return { file };
  const found = findPlan(terminal.cwd, root);
  terminal.note(`plan: ${found}`);
  return { file: found };
}

function assertOnePlan(file: string | undefined, prompt: string | undefined): void {
  if (file === undefined || prompt === undefined) return;
  throw new CloisterError({
    code: "usage_invalid",
    message: `Expected a plan or a prompt, found both ("${file}" and -p).`,
    remedy: "Leave one out.",
  });
}

function assertDistinct(gates: readonly GateSpec[]): readonly GateSpec[] {
  const names = gates.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return gates;
  throw new CloisterError({
    code: "usage_invalid",
    message: `Expected gates with names of their own, found "${twice}" twice.`,
    remedy: "Rename one of them.",
  });
}
