import { CloisterError } from "@cloister/core";
import { z } from "zod";
import type { MachineSpec, SnapshotKind } from "../port.ts";
import { readRecord, writeRecord } from "../tool/index.ts";

const FILE = "virtual-machine.json";

/** The console's output, in the machine's folder. */
export const CONSOLE_LOG = "console.log";

/** What runs a guest's code: `tcg` is emulation. */
export type Accelerator = "kvm" | "hvf" | "tcg";

/** A machine's processor, memory and disk. */
export type Hardware = {
  /** Debian's word. */
  readonly architecture: string;
  readonly accelerator: Accelerator;
  readonly memoryMib: number;
  readonly cpus: number;
  /** What the guest sees of its disk. */
  readonly diskBytes: number;
  /** Where Cloister did not build what is on it: then it has a port for qemu-guest-agent. */
  readonly foreign?: ForeignSystem;
};

/** How a system boots that Cloister did not build. */
export type ForeignSystem = { readonly kernelArguments?: string };

/** What the driver remembers of a snapshot. */
export type SnapshotRecord = {
  readonly kind: SnapshotKind;
  /** Its disk. */
  readonly layers: readonly string[];
  /** Its memory and devices: a file in the machine's folder. */
  readonly state?: string | undefined;
  /** What the state depends on. */
  readonly fingerprint?: string | undefined;
};

/** What the driver remembers of a machine. */
export type MachineRecord = {
  readonly hardware: Hardware;
  /** Files of the disk above the image's, each backed by the one before; the machine writes to the last. */
  readonly layers: readonly string[];
  readonly snapshots: Readonly<Record<string, SnapshotRecord>>;
};

const layersSchema = z.array(z.string().regex(/^layer-[0-9a-f]{12}\.qcow2$/));

const recordSchema: z.ZodType<MachineRecord> = z.object({
  hardware: z.object({
    architecture: z.string(),
    accelerator: z.enum(["kvm", "hvf", "tcg"]),
    memoryMib: z.int().positive(),
    cpus: z.int().positive(),
    diskBytes: z.int().positive(),
    foreign: z.object({ kernelArguments: z.string().exactOptional() }).exactOptional(),
  }),
  layers: layersSchema,
  snapshots: z.record(
    z.string(),
    z.object({
      kind: z.enum(["disk", "full"]),
      layers: layersSchema,
      state: z
        .string()
        .regex(/^state-[0-9a-f]{12}$/)
        .optional(),
      fingerprint: z.string().optional(),
    }),
  ),
});

/** Remembers. @param folder of the machine */
export function remember(folder: string, record: MachineRecord): void {
  writeRecord(folder, FILE, record);
}

/** What is remembered; undefined where it was never made. */
export function recall(folder: string): MachineRecord | undefined {
  return readRecord(folder, FILE, recordSchema);
}

/** What is remembered. @throws CloisterError `machine_failed` where it was never made */
export function recallMade(machine: Pick<MachineSpec, "id" | "folder">): MachineRecord {
  const record = recall(machine.folder);
  if (record !== undefined) return record;
  throw new CloisterError({ code: "machine_failed", message: `Machine ${machine.id} has never been made.` });
}
