/** Machines as people and programs see them. */
import type { MachineView } from "@cloister/engine/machines";
import { toSingleLine } from "../../render/plain-text.ts";
import { describeClock, describeDate } from "../../render/quantities.ts";
import { type Column, renderTable } from "../../render/table.ts";
import { printJson, type Terminal } from "../../terminal/terminal.ts";

const COLUMNS: readonly Column[] = [
  { title: "NAME" },
  { title: "STATE" },
  { title: "DRIVER" },
  { title: "MEMORY", align: "right" },
  { title: "CPUS", align: "right" },
  { title: "SNAPSHOTS", align: "right" },
  { title: "RUN" },
  { title: "CREATED" },
  { title: "IMAGE" },
];

/** A table of machines. */
export function renderMachines(views: readonly MachineView[], terminal: Terminal): string[] {
  const cells = views.map(({ name, state, driver, image, policy, run, createdAt, snapshots }) => [
    name,
    state,
    driver,
    `${policy.limits.memoryMib} MiB`,
    String(policy.limits.cpus),
    String(snapshots.length),
    run ?? "",
    `${describeDate(createdAt).slice(0, 10)} ${describeClock(createdAt)}`,
    toSingleLine(image ?? ""),
  ]);
  return renderTable(COLUMNS, cells, terminal.interactive ? terminal.columns : undefined);
}

/** Says that a machine is there: by its name for people, whole for programs. */
export function printMachine(view: MachineView, asJson: boolean | undefined, terminal: Terminal): void {
  if (asJson === true) printJson(terminal, view);
  else terminal.print(view.name);
}
