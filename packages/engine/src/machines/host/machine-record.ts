import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CloisterError } from "@cloister/core";
import type { MachineSpec, MachineState } from "../port.ts";

/** What a driver whose machines are folders must remember of one. */
export type MachineRecord = {
  readonly state: "running" | "stopped";
  /** PATH of the programs in it; empty: the user's own. */
  readonly path: string;
  /** Places of the host that it shows. */
  readonly programs: readonly string[];
};

const RECORD: z.ZodType<MachineRecord> = z.object({
  state: z.enum(["running", "stopped"]),
  path: z.string(),
  programs: z.array(z.string()),
});

/** The record of a machine; undefined where it has none: it was never made, or not to its end. */
export function readRecord(machine: MachineSpec): MachineRecord | undefined {
  let text: string;
  try {
    text = readFileSync(fileOf(machine), "utf8");
  } catch {
    return undefined; // Not made.
  }
  return RECORD.parse(JSON.parse(text));
}

/** Writes the record, whole or not at all. */
export function writeRecord(machine: MachineSpec, record: MachineRecord): void {
  mkdirSync(machine.folder, { recursive: true, mode: 0o700 });
  const draft = `${fileOf(machine)}.new`;
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
  renameSync(draft, fileOf(machine));
}

/** Changes the state that the record of a machine has. @throws CloisterError `machine_failed` where there is none. */
export function recordState(machine: MachineSpec, state: MachineRecord["state"]): void {
  writeRecord(machine, { ...requireRecord(machine), state });
}

/** The state of a machine by its record. */
export function recordedState(machine: MachineSpec): MachineState {
  return readRecord(machine)?.state ?? "missing";
}

/** The record of a machine that must have one. @throws CloisterError `machine_failed` */
export function requireRecord(machine: MachineSpec): MachineRecord {
  const record = readRecord(machine);
  if (record !== undefined) return record;
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected machine ${machine.id} to be there, but nothing of it is left.`,
    remedy: "Remove it, and create another.",
  });
}

/** The record of a machine that must be running. @throws CloisterError `machine_failed` */
export function requireRunning(machine: MachineSpec): MachineRecord {
  const record = requireRecord(machine);
  if (record.state === "running") return record;
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected machine ${machine.id} to run, but it is stopped.`,
    remedy: "Start it first.",
  });
}

function fileOf({ folder }: MachineSpec): string {
  return join(folder, "machine.json");
}
