import { describeConfig, loadConfig } from "@cloister/engine";
import type { JsonOption } from "../definitions/shared-options.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { type Column, renderTable } from "../render/table.ts";
import { printJson } from "../terminal/terminal.ts";
import { findRoot } from "./open-run.ts";

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
