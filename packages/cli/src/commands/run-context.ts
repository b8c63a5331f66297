import { type Config, type ConfigFlags, findRepository, loadConfig } from "@cloister/engine";
import type { Terminal } from "../terminal/terminal.ts";

/** What a command that runs the loop stands on. */
export type RunSurroundings = {
  /** The repository's root. */
  readonly root: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: Config;
};

/**
 * Finds the repository and settles its configuration.
 * @throws CloisterError `repository_invalid`, `config_invalid`.
 */
export async function createSurroundings({ cwd, env, home }: Terminal, flags: ConfigFlags): Promise<RunSurroundings> {
  const { root } = await findRepository(cwd, env);
  const { values } = loadConfig({ repository: root, env, flags, home });
  return { root, folder: cwd, env, config: values };
}
