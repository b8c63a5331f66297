import { EXIT_CODES } from "@cloister/core";
import type { DriverView } from "@cloister/engine/machines";
import type { DoctorOptions } from "../definitions/setting-up.ts";
import { type CheckedRow, runChecks } from "../doctor/check.ts";
import { HOST_CHECKS } from "../doctor/host-checks.ts";
import { WORK_CHECKS } from "../doctor/work-checks.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { padToWidth, toSingleLine } from "../render/plain-text.ts";
import { type Paint, printJson, type Style } from "../terminal/terminal.ts";
import { withMachines } from "./machine/with-machines.ts";

const NAME_COLUMNS = 13;
const STYLES: Readonly<Record<CheckedRow["level"], Style>> = { ok: "green", warn: "yellow", fail: "red" };

/** `cloister doctor`. */
export const doctor: CommandHandler<DoctorOptions> = async (call, terminal) => {
  const { options } = call;
  if (options.plan !== undefined) return (await import("./doctor-plan.ts")).doctorPlan(call, terminal);
  if (options.verifyIsolation === true) return (await import("./doctor-isolation.ts")).doctorIsolation(call, terminal);
  const { cwd, env, interactive, columns } = terminal;
  const [rows, drivers] = await Promise.all([
    runChecks([...HOST_CHECKS, ...WORK_CHECKS], { cwd, env, interactive, columns }),
    withMachines(terminal, (machines) => machines.drivers()),
  ]);
  const healthy = rows.every(({ level }) => level !== "fail");
  if (options.json === true) printJson(terminal, { healthy, checks: rows, drivers });
  else {
    const machines = drivers.map(toRow);
    terminal.print(...[...rows, ...machines].flatMap((row) => renderRow(row, terminal.paint)));
  }
  return healthy ? 0 : EXIT_CODES.blocked;
};

/** A kind of machine that does not work here is nothing to mend, as long as nobody wants it. */
function toRow({ name, usable, acceleration, reason, remedy }: DriverView): CheckedRow {
  const by = acceleration === "native" ? "" : ` (${acceleration})`;
  const level = usable ? "ok" : "warn";
  return { name, level, found: `machine${by}: ${reason}`, ...(remedy === undefined ? {} : { remedy }) };
}

function renderRow({ name, level, found, remedy }: CheckedRow, paint: Paint): string[] {
  const line = `${paint(STYLES[level], padToWidth(level, 4))}  ${padToWidth(name, NAME_COLUMNS)} ${toSingleLine(found)}`;
  return [
    line,
    ...(remedy === undefined ? [] : [`${" ".repeat(NAME_COLUMNS + 7)}${paint("dim", toSingleLine(remedy))}`]),
  ];
}
