import { CloisterError } from "@cloister/core";
import { runTool, type ToolAnswer, type ToolOptions } from "../tool/index.ts";

/** The programs that can run containers, in the order in which they are tried. */
export const ENGINE_PROGRAMS = ["podman", "docker"] as const;

/** A program that runs containers. */
export type EngineProgram = (typeof ENGINE_PROGRAMS)[number];

/** An engine, with the options that it works with on this host. */
export type Engine = {
  readonly program: EngineProgram;
  /** Before the command. */
  readonly globals: readonly string[];
  /** Of `create` and `run`. */
  readonly create: readonly string[];
};

/** An engine and the environment to run it in. */
export type EngineContext = { readonly engine: Engine; readonly env: Readonly<Record<string, string>> };

/** Runs one command of an engine. Rejects as {@link runTool} does. */
export function runEngine(
  { engine, env }: EngineContext,
  args: readonly string[],
  options: Omit<ToolOptions, "env"> = {},
): Promise<ToolAnswer> {
  return runTool(engine.program, [...engine.globals, ...args], { ...options, env });
}

/** The same without the options that only making containers needs: enough to look and to remove. */
export function plainEngine(program: EngineProgram): Engine {
  return { program, globals: [], create: [] };
}

/**
 * The programs that an environment names in CLOISTER_CONTAINER_ENGINE; both where it names none.
 * @throws CloisterError `machine_unsupported` where it names another.
 */
export function programsOf(env: Readonly<Record<string, string>>): readonly EngineProgram[] {
  const wanted = env["CLOISTER_CONTAINER_ENGINE"] ?? "";
  if (wanted === "") return ENGINE_PROGRAMS;
  const program = ENGINE_PROGRAMS.find((name) => name === wanted);
  if (program !== undefined) return [program];
  throw new CloisterError({
    code: "machine_unsupported",
    message: `CLOISTER_CONTAINER_ENGINE: expected ${ENGINE_PROGRAMS.join(" or ")}, got ${JSON.stringify(wanted)}.`,
  });
}
