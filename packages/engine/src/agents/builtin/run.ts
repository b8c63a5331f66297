import { constants } from "node:os";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import type { AgentEvent } from "@cloister/core";
import { chooseModel, KEY_VARIABLES } from "./choose-model.ts";
import { createModel } from "./create-model.ts";
import { runAgent } from "./run-agent.ts";
import { createShellGroups } from "./tools/shell-groups.ts";

/** How often a sign of life is given while the model speaks or a command runs. */
const LIFE_MS = 1000;
const DEFAULT_MAX_STEPS = 100;
/** The variable that sets how many requests to the model are made at most. */
const MAX_STEPS_VARIABLE = "CLOISTER_BUILTIN_MAX_STEPS";

/**
 * Runs the builtin agent: prompt on standard input, events on standard output, the current folder to work in.
 * @param args `--model PROVIDER/MODEL`.
 * @returns the exit code.
 */
export async function runBuiltin(args: readonly string[]): Promise<number> {
  const { values: options } = parseArgs({ args: [...args], options: { model: { type: "string" } } });
  const groups = createShellGroups();
  process.once("exit", groups.killAll);
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  const prompt = await text(process.stdin);
  const choice = chooseModel(process.env, options.model);
  if ("problem" in choice) return fail(choice.problem);
  const context = { workspace: process.cwd(), groups, env: commandEnvironment(), onLife: createLifeSign() };
  const maxSteps = Number(process.env[MAX_STEPS_VARIABLE] ?? DEFAULT_MAX_STEPS);
  const model = await createModel(choice);
  const events = runAgent({ model, modelName: choice.model, prompt, context, maxSteps });
  for (let next = await events.next(); ; next = await events.next()) {
    if (next.done === true) return next.value ? 0 : 1;
    print(next.value);
  }
}

function fail(message: string): number {
  print({ type: "failed", failure: "auth", message });
  print({ type: "finished", ok: false });
  return 1;
}

function print(event: AgentEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** An empty line now and then: readers skip it, and whoever watches for idleness sees life. */
function createLifeSign(): () => void {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < LIFE_MS) return;
    last = now;
    process.stdout.write("\n");
  };
}

/** The environment of commands: without the provider's keys, which the model has no business to see. */
function commandEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !KEY_VARIABLES.includes(name));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
