import { EXIT_CODES } from "@cloister/core";
import type { JsonOption } from "../definitions/shared-options.ts";
import { type CheckedRow, runChecks } from "../doctor/check.ts";
import { HOST_CHECKS } from "../doctor/host-checks.ts";
import { WORK_CHECKS } from "../doctor/work-checks.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { padToWidth, toSingleLine } from "../render/plain-text.ts";
import { type Paint, printJson, type Style } from "../terminal/terminal.ts";

const NAME_COLUMNS = 13;
const STYLES: Readonly<Record<CheckedRow["level"], Style>> = { ok: "green", warn: "yellow", fail: "red" };

/** `cloister doctor`. */
export const doctor: CommandHandler<JsonOption> = async ({ options }, terminal) => {
  const { cwd, env, interactive, columns } = terminal;
  const rows = await runChecks([...HOST_CHECKS, ...WORK_CHECKS], { cwd, env, interactive, columns });
  const healthy = rows.every(({ level }) => level !== "fail");
  if (options.json === true) printJson(terminal, { healthy, checks: rows });
  else terminal.print(...rows.flatMap((row) => renderRow(row, terminal.paint)));
  return healthy ? 0 : EXIT_CODES.blocked;
};

function renderRow({ name, level, found, remedy }: CheckedRow, paint: Paint): string[] {
  const line = `${paint(STYLES[level], padToWidth(level, 4))}  ${padToWidth(name, NAME_COLUMNS)} ${toSingleLine(found)}`;
  return [
    line,
    ...(remedy === undefined ? [] : [`${" ".repeat(NAME_COLUMNS + 7)}${paint("dim", toSingleLine(remedy))}`]),
  ];
}
