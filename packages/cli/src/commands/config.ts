import { CloisterError } from "@cloister/core";
import { describeConfig, findRepository, loadConfig } from "@cloister/engine";
import type { JsonOption } from "../definitions/shared-options.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { type Column, renderTable } from "../render/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

const COLUMNS: readonly Column[] = [{ title: "SETTING" }, { title: "FROM" }, { title: "VALUE" }];

/** `cloister config`. */
export const config: CommandHandler<JsonOption> = async ({ options }, terminal) => {
  const { env, home } = terminal;
  const loaded = loadConfig({ repository: await findRoot(terminal), env, home });
  if (options.json === true) {
    const settings = Object.entries(loaded.written).map(([name, value]) => [name, { value, ...loaded.origins[name] }]);
    printJson(terminal, Object.fromEntries(settings));
    return 0;
  }
  const rows = describeConfig(loaded).map(({ key, value, from }) => [key, from, toSingleLine(value)]);
  terminal.print(...renderTable(COLUMNS, rows, terminal.interactive ? terminal.columns : undefined));
  return 0;
};

/** Outside a repository there is still the user's own configuration. */
async function findRoot({ cwd, env }: Terminal): Promise<string | undefined> {
  try {
    return (await findRepository(cwd, env)).root;
  } catch (error: unknown) {
    if (CloisterError.isInstance(error) && error.code === "repository_invalid") return undefined;
    throw error;
  }
}
