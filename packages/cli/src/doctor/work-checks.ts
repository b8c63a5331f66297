/** Checks of what a run works with: the repository, its state folder, the agents. */
import { accessSync, constants } from "node:fs";
import { CloisterError } from "@cloister/core";
import { findRepository, findRunStore, loadConfig, probeAgents } from "@cloister/engine";
import { type Check, type CheckContext, type CheckResult, fail, ok, warn } from "./check.ts";

/** The checks of this file. */
export const WORK_CHECKS: readonly Check[] = [
  { name: "repository", run: checkRepository },
  { name: "state folder", run: checkStateFolder },
  { name: "agents", run: checkAgents },
  { name: "gateway", run: checkGateway },
];

async function checkRepository({ cwd, env }: CheckContext): Promise<CheckResult> {
  try {
    const { root, branch } = await findRepository(cwd, env);
    if (branch === undefined) return warn(`${root}, HEAD detached`, "Check out a branch to run with --in-place.");
    return ok(`${root}, on ${branch}`);
  } catch (error: unknown) {
    if (CloisterError.isInstance(error)) return fail(error.message, error.remedy ?? "See the message.");
    throw error;
  }
}

async function checkStateFolder({ cwd, env }: CheckContext): Promise<CheckResult> {
  const root = await findRoot(cwd, env);
  if (root === undefined) return warn("there is no repository to keep it in", "Run this in a git repository.");
  const folder = findRunStore(root)?.folder ?? root;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return ok(folder === root ? `${root}/.cloister can be made` : `${folder} can be written`);
  } catch {
    return fail(`${folder} can't be written`, "Give yourself the right to write there.");
  }
}

async function findRoot(cwd: string, env: CheckContext["env"]): Promise<string | undefined> {
  try {
    return (await findRepository(cwd, env)).root;
  } catch (error: unknown) {
    if (CloisterError.isInstance(error)) return undefined;
    throw error;
  }
}

async function checkAgents({ env }: CheckContext): Promise<CheckResult> {
  const installed = (await probeAgents(env)).filter(({ status }) => status.installed);
  const usable = installed.filter(({ status }) => status.login !== "logged_out");
  const names = (list: typeof installed): string => list.map(({ adapter }) => adapter.name).join(", ");
  if (usable.length > 0) return ok(`usable: ${names(usable)}`);
  return warn(
    installed.length > 0 ? `installed, but logged out: ${names(installed)}` : "none is installed",
    "See `cloister agents`, or try `cloister demo`, which needs none.",
  );
}

/** Names credentials by where they come from; none is asked for its secret. */
async function checkGateway({ cwd, env }: CheckContext): Promise<CheckResult> {
  const { describeSource, findCredentialSources } = await import("@cloister/engine/gateway");
  const root = await findRoot(cwd, env);
  const { values } = loadConfig({ repository: root ?? cwd, env, home: env["HOME"] ?? "" });
  if (values.gateway.use === "never") return warn("switched off", "Set gateway.use to auto to have requests metered.");
  const sources = findCredentialSources(env, values.gateway);
  if (sources.length > 0) return ok(`can use ${sources.map(describeSource).join(", ")}`);
  return warn(
    "found no credential to use: what agents spend is known by their own word",
    "Set a key such as ANTHROPIC_API_KEY, as docs/gateway.md says.",
  );
}
