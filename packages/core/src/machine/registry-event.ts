/**
 * Everything that can happen to the machines of a user. The registry's journal holds these and nothing else. An effect stands between two
 * of them: the intent before it, which names the process that is at it, and the result after it.
 */
import type { DriverName } from "./driver.ts";
import type { MachinePolicy } from "./policy.ts";

/** A process of the host, beyond doubt: numbers are used again. */
export type ProcessName = {
  readonly pid: number;
  /** When it started, comparable only for equality. */
  readonly start: string;
};

/** What a machine is made of. Fixed when it is made. */
export type MachineCharter = {
  readonly id: string;
  /** Unique among those that are there. */
  readonly name: string;
  readonly driver: DriverName;
  /** As it was asked for. */
  readonly image?: string;
  /** Content address of the image, where it is one that Cloister built. */
  readonly digest?: string;
  readonly policy: MachinePolicy;
  /** The run that it belongs to: it ends with the process that made it. */
  readonly run?: string;
  /** Id of the machine that it was copied from. */
  readonly source?: string;
  /** Variables of its processes on this host, besides those that every machine has. */
  readonly env?: Readonly<Record<string, string>>;
};

/** What a snapshot holds: the disk alone, or memory and devices as well. */
type SnapshotKind = "disk" | "full";

/** Operations on a machine that is there. One at a time. */
export type MachineOperation = "start" | "stop" | "pause" | "resume" | "restore" | "clone" | "fork";

/** Something that happened to a machine. */
export type MachineEvent =
  | { readonly type: "machine_creating"; readonly machine: MachineCharter; readonly by: ProcessName }
  | { readonly type: "machine_created"; readonly id: string; readonly socketFolder: string }
  | {
      readonly type: "machine_changing";
      readonly id: string;
      readonly operation: MachineOperation;
      readonly by: ProcessName;
    }
  /** The operation has ended, well or not. */
  | { readonly type: "machine_changed"; readonly id: string }
  /** @param why a sentence, for people */
  | { readonly type: "machine_removing"; readonly id: string; readonly why: string; readonly by: ProcessName }
  | { readonly type: "machine_removed"; readonly id: string }
  | {
      readonly type: "snapshot_started";
      readonly id: string;
      readonly snapshot: string;
      readonly kind: SnapshotKind;
      readonly by: ProcessName;
    }
  | {
      readonly type: "snapshot_finished";
      readonly id: string;
      readonly snapshot: string;
      readonly kind: SnapshotKind;
      /** In ms. */
      readonly pausedMs: number;
      readonly sizeKib: number;
    }
  | { readonly type: "snapshot_removing"; readonly id: string; readonly snapshot: string; readonly by: ProcessName }
  /** It is gone: removed, or never finished. */
  | { readonly type: "snapshot_removed"; readonly id: string; readonly snapshot: string }
  /** The last event of a journal: the registry goes on in the next one, which begins with `registry_continued`. */
  | { readonly type: "registry_sealed" }
  | {
      readonly type: "registry_continued";
      readonly machines: readonly RegisteredMachine[];
      /** Length and hash of the journal before it, up to its seal. */
      readonly length: number;
      readonly hash: string;
    };

/** An operation under way, and who is at it. */
export type OperationUnderWay = {
  readonly operation: MachineOperation | "create" | "remove" | "snapshot" | "remove_snapshot";
  readonly by: ProcessName;
  /** The snapshot that it is about. */
  readonly snapshot?: string;
};

/** A snapshot that is there. */
export type RegisteredSnapshot = {
  readonly name: string;
  readonly kind: SnapshotKind;
  /** ms since the epoch. */
  readonly takenAt: number;
  readonly pausedMs: number;
  readonly sizeKib: number;
};

/** A machine as the registry knows it. */
export type RegisteredMachine = MachineCharter & {
  /** `creating` until it is made, `removing` from the intent on. */
  readonly phase: "creating" | "there" | "removing";
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly createdBy: ProcessName;
  /** Absent until it is made. */
  readonly socketFolder?: string;
  readonly underWay?: OperationUnderWay;
  readonly snapshots: readonly RegisteredSnapshot[];
};

/** The machines of a user, the oldest first. */
export type MachineRegistry = {
  readonly machines: readonly RegisteredMachine[];
  /** The journal ends here, and goes on in another. */
  readonly sealed: boolean;
};
