import { z } from "zod";
import { readDocument } from "../read-document.ts";
import { MOCK_FAILURES, type Scenario, type Step } from "./scenario.ts";

const MAX_SECONDS = 3600;
const text = z.string();
const tokens = z.int().min(0).exactOptional();
const seconds = z.number().min(0).max(MAX_SECONDS).default(60);
const failure = z.enum(MOCK_FAILURES);
const message = text.exactOptional();

const tokensSchema = z.strictObject({
  input: tokens,
  cacheRead: tokens,
  cacheWrite: tokens,
  output: tokens,
  reasoning: tokens,
});

const stepSchema: z.ZodType<Step> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("message"), text }),
  z.strictObject({ type: z.literal("thought"), text }),
  z.strictObject({
    type: z.literal("claim"),
    text: text.default("The task is done."),
    token: z.enum(["line", "promise"]).default("line"),
  }),
  z.strictObject({ type: z.literal("shell"), command: text.min(1) }),
  z.strictObject({
    type: z.literal("tool"),
    tool: text.min(1),
    input: z.record(z.string(), z.unknown()).default({}),
    result: text,
    ok: z.boolean().default(true),
  }),
  z.strictObject({ type: z.literal("usage"), tokens: tokensSchema, costUsd: z.number().min(0).default(0) }),
  z.strictObject({ type: z.literal("retry"), failure, message, delayMs: z.number().min(0).default(1000) }),
  z.strictObject({ type: z.literal("fail"), failure, message, resetInSeconds: z.number().min(0).exactOptional() }),
  z.strictObject({ type: z.literal("finish") }),
  z.strictObject({ type: z.literal("exit"), code: z.int().min(0).max(255) }),
  z.strictObject({ type: z.literal("signal"), signal: z.enum(["SIGKILL", "SIGTERM", "SIGSEGV"]) }),
  z.strictObject({
    type: z.literal("sleep"),
    ms: z
      .number()
      .min(0)
      .max(MAX_SECONDS * 1000),
  }),
  z.strictObject({ type: z.literal("hang") }),
  z.strictObject({ type: z.literal("ignore_signals") }),
  z.strictObject({ type: z.literal("grandchild"), seconds }),
  z.strictObject({ type: z.literal("escapee"), seconds, clearEnvironment: z.boolean().default(false) }),
  z.strictObject({
    type: z.literal("print"),
    text,
    encoding: z.enum(["utf8", "base64"]).default("utf8"),
    to: z.enum(["stdout", "stderr"]).default("stdout"),
  }),
  z.strictObject({ type: z.literal("long_line"), megabytes: z.number().min(0).max(1024) }),
  z.strictObject({ type: z.literal("echo_stdin") }),
]);

const steps = z.array(stepSchema);

/** Checks a scenario: `steps` for every call, or `calls` with the steps of each. */
export const scenarioSchema: z.ZodType<Scenario> = z
  .strictObject({
    description: text.default(""),
    silent: z.boolean().default(false),
    steps: steps.exactOptional(),
    calls: z.array(steps).min(1).exactOptional(),
  })
  .refine((scenario) => (scenario.steps === undefined) !== (scenario.calls === undefined), {
    message: "expected either steps or calls",
  })
  .transform(({ steps, calls, ...scenario }) => ({ ...scenario, calls: calls ?? [steps ?? []] }));

/** A scenario as people write it: what has a default may be left out. */
export type ScenarioSource = {
  readonly description?: string;
  readonly silent?: boolean;
  readonly steps?: readonly StepSource[];
  readonly calls?: readonly (readonly StepSource[])[];
};

/** A step as people write it: its type, and what has no default. */
export type StepSource = { readonly type: Step["type"] } & Readonly<Record<string, unknown>>;

/**
 * Reads a scenario from JSON or YAML.
 *
 * @example
 * ```json
 * { "description": "lies once, then works",
 *   "calls": [ [{ "type": "claim" }],
 *              [{ "type": "shell", "command": "echo work > file.txt" }, { "type": "claim" }] ] }
 * ```
 * @throws DocumentError that names each wrong value.
 */
export function parseScenario(text: string): Scenario {
  return readDocument("scenario", text, scenarioSchema);
}
