/** What a plan and the configuration both speak of: gates, limits, guards, phases, protected paths. */
import {
  FINDING_NAMES,
  PHASES,
  type FindingAction,
  type GateSpec,
  type GuardPolicy,
  type Phase,
  type RunLimits,
  type TaskLimits,
} from "@cloister/core";
import { z } from "zod";
import { choice, compact, count, duration, fields, flag, money, text } from "./fields.ts";

const GATE_NAME_LENGTH = 80;

const command = text('a shell command such as "npm test"');
const gateName = z.string().regex(/^[^\s=\p{Cc}](?:[^=\p{Cc}]{0,78}[^\s=\p{Cc}])?$/u, {
  error: "expected a gate's name (80 characters at most, no `=`)",
});

const gateShape = {
  command,
  timeout: duration().optional().describe("How long it may run. Default: 15m."),
  required: flag.optional().describe("True: it must pass outright, whatever it said of the base commit."),
  heldOutFiles: text("a folder")
    .optional()
    .describe("A folder whose files are copied into the workspace for this gate alone; the agent never sees them."),
};

const gateBody = fields(gateShape);
const namedGate = fields({ name: gateName.optional(), ...gateShape });

type GateBody = z.infer<typeof gateBody>;

/**
 * Gates: a map of names to commands (or to a command with options), or a list of either.
 * `heldOutFiles` comes out as it was written.
 */
export const gates: z.ZodType<readonly GateSpec[]> = z
  .union(
    [
      z.record(gateName, z.union([command, gateBody], { error: 'expected a shell command such as "npm test"' })),
      z.array(z.union([command, namedGate], { error: "expected a shell command, or name and command" })).max(100),
    ],
    { error: "expected gates: a map of names to commands, or a list of commands" },
  )
  .transform((written) => (Array.isArray(written) ? written.map(toListedGate) : toNamedGates(written)))
  .meta({ id: "gates" });

function toNamedGates(written: Readonly<Record<string, string | GateBody>>): GateSpec[] {
  return Object.entries(written).map(([name, gate]) =>
    toGate(name, typeof gate === "string" ? { command: gate } : gate),
  );
}

function toListedGate(gate: string | z.infer<typeof namedGate>): GateSpec {
  if (typeof gate === "string") return gateOfCommand(gate);
  const { name, ...body } = gate;
  return toGate(name ?? nameOfCommand(body.command), body);
}

function toGate(
  name: string,
  { timeout, ...body }: Omit<GateBody, "timeout"> & { timeout?: number | undefined },
): GateSpec {
  return compact({ name, ...body, timeoutMs: timeout });
}

/** A gate that is named after its command. */
export function gateOfCommand(gateCommand: string): GateSpec {
  return { name: nameOfCommand(gateCommand), command: gateCommand };
}

function nameOfCommand(gateCommand: string): string {
  const name = gateCommand.replaceAll(/[\s=\p{Cc}]+/gu, " ").trim();
  return name.length <= GATE_NAME_LENGTH ? name : `${name.slice(0, GATE_NAME_LENGTH - 1).trimEnd()}…`;
}

const writtenLimits = fields({
  maxIterations: count(1).optional().describe("Iterations of the whole run."),
  maxRuntime: duration().optional().describe("Wall time of the whole run, across resumes."),
  maxCost: money().optional().describe("US dollars of the whole run."),
  maxTokens: count(1).optional().describe("Input and output tokens of the whole run, cached ones included."),
  iterationTimeout: duration().optional().describe("Wall time of one iteration."),
  idleTimeout: duration()
    .optional()
    .describe("Time without a byte from the agent, after which its iteration is ended."),
});

/** Limits of a run. */
export const runLimits: z.ZodType<RunLimits> = writtenLimits.transform((written) => {
  const { maxRuntime, iterationTimeout, idleTimeout, ...rest } = written;
  return compact({
    ...rest,
    maxRuntimeMs: maxRuntime,
    iterationTimeoutMs: iterationTimeout,
    idleTimeoutMs: idleTimeout,
  });
});

/** Limits of a task. */
export const taskLimits: z.ZodType<TaskLimits> = fields({
  maxIterations: count(1).optional().describe("Iterations of this task."),
}).transform(compact);

const action: z.ZodType<FindingAction> = choice(["block", "warn", "off"]);

/** Changes to the policy on findings, by name. */
export const guards: z.ZodType<Partial<GuardPolicy>> = fields(
  Object.fromEntries(
    FINDING_NAMES.map((name) => [name, action.optional().describe("What this finding does: block, warn or off.")]),
  ),
)
  .transform((named): Partial<GuardPolicy> => compact(named))
  .meta({ id: "guards" });

/** Phases of a task: in the order in which they are gone through, `implement` always among them. */
export const phases: z.ZodType<readonly Phase[]> = z
  .array(choice(PHASES), { error: `expected a list of phases (${PHASES.join(", ")})` })
  .transform((named) => PHASES.filter((phase) => phase === "implement" || named.includes(phase)))
  .meta({ id: "phases" });

/** Globs of paths within the repository. */
export const protect: z.ZodType<readonly string[]> = z
  .array(
    text("a glob such as tests/**").refine((glob) => !glob.startsWith("/") && !glob.split("/").includes(".."), {
      error: "expected a glob relative to the repository's root",
    }),
    { error: "expected a list of globs" },
  )
  .max(1000);
