import { CloisterError } from "@cloister/core";
import { z } from "zod";
import type { MachineSpec } from "../port.ts";
import { readRecord, writeRecord } from "../tool/index.ts";
import { type Engine, ENGINE_PROGRAMS } from "./engine.ts";

const FILE = "container.json";

/** What the driver remembers of a machine. */
export type ContainerRecord = {
  readonly engine: Engine;
  /** The engine's name of the image that its container is made of. */
  readonly image: string;
  /** True from before its old container goes until its new one is there. */
  readonly isRestoring: boolean;
  /** True where the engine itself holds the disk limit. */
  readonly hasQuota?: boolean | undefined;
};

/** Reads an engine out of JSON. */
export const engineSchema: z.ZodType<Engine> = z.object({
  program: z.enum(ENGINE_PROGRAMS),
  globals: z.array(z.string()),
  create: z.array(z.string()),
});

const recordSchema: z.ZodType<ContainerRecord> = z.object({
  engine: engineSchema,
  image: z.string(),
  isRestoring: z.boolean(),
  hasQuota: z.boolean().optional(),
});

/** Remembers. */
export function remember(machine: MachineSpec, record: ContainerRecord): void {
  writeRecord(machine.folder, FILE, record);
}

/** What is remembered; undefined where it was never made. */
export function recall(machine: MachineSpec): ContainerRecord | undefined {
  return readRecord(machine.folder, FILE, recordSchema);
}

/** What is remembered. @throws CloisterError `machine_failed` where it was never made */
export function recallMade(machine: MachineSpec): ContainerRecord {
  const record = recall(machine);
  if (record !== undefined) return record;
  throw new CloisterError({ code: "machine_failed", message: `Machine ${machine.id} has never been made.` });
}
