import { AGENT_NAMES, type AgentName, type AgentStatus, CloisterError } from "@cloister/core";
import { type AgentProbe, AUTO_ORDER, chooseAgent } from "./auto/index.ts";
import type { AgentAdapter, LaunchRequest } from "./port.ts";
import { findProgram } from "./probe-program.ts";

type Environment = Readonly<Record<string, string>>;

/** How long the probe of an agent may take before it counts as not installed. */
const PROBE_LIMIT_MS = 3000;

/** Each adapter is loaded when it is first asked for: a run needs one of them. */
const LOADERS: Readonly<Record<AgentName, () => Promise<AgentAdapter>>> = {
  claude: async () => (await import("./claude/index.ts")).claudeAgent,
  codex: async () => (await import("./codex/index.ts")).codexAgent,
  gemini: async () => (await import("./gemini/index.ts")).geminiAgent,
  opencode: async () => (await import("./opencode/index.ts")).opencodeAgent,
  copilot: async () => (await import("./copilot/index.ts")).copilotAgent,
  qwen: async () => (await import("./qwen/index.ts")).qwenAgent,
  kiro: async () => (await import("./kiro/index.ts")).kiroAgent,
  acp: async () => (await import("./acp/index.ts")).acpAgent,
  command: async () => (await import("./command/index.ts")).commandAgent,
  builtin: async () => (await import("./builtin/index.ts")).builtinAgent,
};

/** Agents that are nothing without a command line. */
const NEEDS_COMMAND: readonly AgentName[] = ["acp", "command"];

/** What a person asks for. */
export type AgentRequest = {
  /** A name of `AGENT_NAMES`, `auto`, or `q` (Kiro CLI under its older name). */
  readonly name: string;
  /** `--agent-command`. */
  readonly command?: string | undefined;
  /** The environment that the agent's process will get. */
  readonly env: Environment;
  /** True where it will run in a machine that has programs of its own: nothing is looked for on this host. */
  readonly isElsewhere?: boolean;
};

/** The agent to run. */
export type ResolvedAgent = {
  readonly adapter: AgentAdapter;
  /** Goes into `LaunchRequest.command`. */
  readonly command?: string;
  /** Why this one, where `auto` chose: a sentence or two for people. */
  readonly reason?: string;
};

/** The adapter called `name`. */
export function getAgent(name: AgentName): Promise<AgentAdapter> {
  return LOADERS[name]();
}

/** Finds out about agents on this host, all at once, within 3 s. In the order of `names`. */
export function probeAgents(env: Environment, names: readonly AgentName[] = AGENT_NAMES): Promise<AgentProbe[]> {
  return Promise.all(names.map(async (name) => probeWithin(await getAgent(name), env)));
}

/**
 * The agent that a person asks for, ready to launch. A named agent's version is not asked, since that may take seconds.
 * @throws CloisterError `usage_invalid` for an unknown name or a missing command line, `agent_unavailable` where its program
 * is not there, or `auto` finds none.
 */
export async function resolveAgent(request: AgentRequest): Promise<ResolvedAgent> {
  const { name, command, env, isElsewhere = false } = request;
  if (name === "auto" && command === undefined) {
    if (isElsewhere) throw needsName();
    const { adapter, reason } = chooseAgent(await probeAgents(env, AUTO_ORDER));
    return { adapter, reason };
  }
  const isOldKiro = name === "q";
  const program = command ?? (isOldKiro ? "q" : undefined);
  const adapter = await getAgent(isOldKiro ? "kiro" : parseAgentName(name));
  if (program === undefined && NEEDS_COMMAND.includes(adapter.name)) throw needsCommand(adapter.name);
  if (!isElsewhere) await assertInstalled(adapter, program, env);
  return { adapter, ...(program === undefined ? {} : { command: program }) };
}

function parseAgentName(name: string): AgentName {
  const known = AGENT_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new CloisterError({
    code: "usage_invalid",
    message: name === "auto" ? "--agent auto takes no --agent-command." : `There is no agent "${name}".`,
    remedy: `Name one of ${["auto", ...AGENT_NAMES, "q"].join(", ")}.`,
  });
}

function needsName(): CloisterError {
  return new CloisterError({
    code: "usage_invalid",
    message: "Expected the name of an agent: what the machine's image has is not known beforehand.",
    remedy: `Add --agent with one of ${AGENT_NAMES.join(", ")}.`,
  });
}

function needsCommand(name: AgentName): CloisterError {
  const example = name === "acp" ? `"gemini --acp"` : `"my-agent < {prompt_file}"`;
  return new CloisterError({
    code: "usage_invalid",
    message: `--agent ${name} needs the command line of a program.`,
    remedy: `Add it, such as: --agent-command ${example}.`,
  });
}

/** The program that an agent is started with: absolute, or a name for PATH. */
export function agentProgram(adapter: AgentAdapter, command: string | undefined, env: Environment): string {
  return adapter.launch(toLaunchRequest(command, env)).file;
}

/** Looks for the program that would be launched; the probe is asked only for what to do where it is missing. */
async function assertInstalled(adapter: AgentAdapter, command: string | undefined, env: Environment): Promise<void> {
  if (findProgram(agentProgram(adapter, command, env), env) !== undefined) return;
  const { detail } = await adapter.probe(env, command);
  throw new CloisterError({
    code: "agent_unavailable",
    message: `The agent ${adapter.name} cannot be used: ${detail}`,
    remedy: "`cloister agents` shows which can.",
  });
}

/** A request that is only looked at for the program it names. */
function toLaunchRequest(command: string | undefined, env: Environment): LaunchRequest {
  const request = { prompt: "", promptFile: "/", workspace: "/", scratch: "/", env, asRoot: false };
  return command === undefined ? request : { ...request, command };
}

async function probeWithin(adapter: AgentAdapter, env: Environment): Promise<AgentProbe> {
  const limit = Promise.withResolvers<AgentStatus>();
  const detail = `It did not answer within ${PROBE_LIMIT_MS / 1000} s.`;
  const timer = setTimeout(() => limit.resolve({ installed: false, login: "unknown", detail }), PROBE_LIMIT_MS);
  const status = await Promise.race([adapter.probe(env), limit.promise]);
  clearTimeout(timer);
  return { adapter, status };
}
