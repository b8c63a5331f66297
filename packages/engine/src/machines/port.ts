/**
 * What a driver does with machines. Owns: making, starting, stopping, copying and removing what a machine is on this host. It knows
 * nothing of runs, agents, egress or code: those go through the guest agent, the same way for every driver.
 *
 * Invariants:
 * M1. Everything a driver makes carries the machine's id (folder, process environment, label, domain name), so that `found` finds it
 *     after a crash.
 * M2. `destroy` is idempotent and complete: afterwards no process, file, socket or network of the machine is left.
 * M3. What fails says so with a typed error, and leaves nothing half made that `destroy` would not remove.
 * M4. A machine has no network but what the guest agent carries. Drivers that can't promise it say so in their probe.
 */
import type { Acceleration, Brand, DriverName, Isolation, MachineLimits, Mount } from "@cloister/core";
import type { GuestTransport } from "./guest/port.ts";

/** Names one machine for ever: lower case letters and digits, 12 of them. */
export type MachineId = Brand<string, "MachineId">;

/** Operations that not every driver has. */
export const OPTIONAL_OPERATIONS = [
  "pause",
  "snapshot_disk",
  "snapshot_full",
  "clone",
  "fork",
  "template",
  "mounts",
  "console",
] as const;

/** An operation that not every driver has. `clone` copies a stopped or running machine's disk, `fork` a running one with its memory. */
export type OptionalOperation = (typeof OPTIONAL_OPERATIONS)[number];

/** What a probe found: by trying, not by looking for files. */
export type DriverProbe = {
  readonly usable: boolean;
  /** What would run the processor. */
  readonly acceleration: Acceleration;
  /** What was found, in a sentence: also where it is usable, with what is missing or second best. */
  readonly reason: string;
  /** What to do, where there is something to be done. */
  readonly remedy?: string;
  /** Of the program behind it. */
  readonly version?: string;
};

/** What a probe stands on. */
export type ProbeContext = { readonly env: Readonly<Record<string, string>> };

/** An image as a driver uses it. Absolute paths; which exist depends on what the image was built for. */
export type MachineImage = {
  /** Content address: 64 hexadecimal digits. */
  readonly digest: string;
  /** Debian's word: `amd64`, `arm64`, `riscv64`. */
  readonly architecture: string;
  readonly kernel?: string;
  readonly initrd?: string;
  /** Root file system as a raw disk image, never written to. */
  readonly disk?: string;
  /** Root file system as a tar archive. */
  readonly archive?: string;
  /** Where Cloister did not build it. */
  readonly foreign?: ForeignImage;
};

/** A disk that Cloister did not build, with a system of its own, in which qemu-guest-agent runs and Cloister's may not. */
export type ForeignImage = {
  /** Absolute path of Cloister's guest agent for its architecture, to be brought into the running machine. */
  readonly guestProgram: string;
  /** Words for its kernel, where one is named; else the disk's own boot loader boots it. */
  readonly kernelArguments?: string;
};

/** A machine to make. */
export type MachineSpec = {
  readonly id: MachineId;
  /** Of the machine alone, 0700, made by the caller: what the driver must remember lies here. */
  readonly folder: string;
  /** For Unix sockets: short enough for them, 0700, made by the caller. */
  readonly socketFolder: string;
  /**
   * What to start from: an image that Cloister built, the name of one that the driver knows (`debian:12`, a Lima template), or for
   * `ssh` the destination (`user@host[:port]`). Undefined: the host's own files (host, sandbox), or the driver's default.
   */
  readonly image?: MachineImage | string;
  readonly limits: MachineLimits;
  readonly mounts: readonly Mount[];
  /** Environment of the processes that the driver starts for it: holds what finds them again after a crash. */
  readonly env: Readonly<Record<string, string>>;
};

/** What a machine is doing. `missing`: nothing of it is left on this host. */
export type MachineState = "running" | "paused" | "stopped" | "missing";

/** What a machine uses. Undefined: can't be had. */
export type MachineStats = {
  /** CPU time since its start, in ms. */
  readonly cpuMs?: number;
  /** Memory of its processes on the host, each shared page counted in part (PSS), in KiB. */
  readonly memoryKib?: number;
  /** What its own files take up on the host, in KiB. */
  readonly diskKib?: number;
  readonly processes?: number;
};

/** How to see a machine's console. */
export type MachineConsole = {
  /** Absolute path of the file that holds the console's output so far. Hostile. */
  readonly log?: string;
  /** A command that attaches a terminal to it. */
  readonly attach?: readonly string[];
};

/** What a snapshot holds: the disk alone, or memory and devices as well. */
export type SnapshotKind = "disk" | "full";

/** What was saved. */
export type SnapshotFacts = {
  readonly kind: SnapshotKind;
  /** How long the machine stood still for it, in ms. */
  readonly pausedMs: number;
  readonly sizeKib: number;
};

/** How a machine's processes see it. */
export type MachineSurroundings = {
  /** The user that agents and gates run as; undefined: the one that the guest agent runs as. */
  readonly user?: string;
  readonly home: string;
  /** What every process in the machine gets: PATH, HOME, LANG. */
  readonly env: Readonly<Record<string, string>>;
  /** True where it has the host's own programs, at their own paths. */
  readonly hostPrograms: boolean;
  /** True where its 127.0.0.1 is the host's: nothing needs to be carried there, and nothing is kept from it. */
  readonly hostNetwork: boolean;
};

/** Which of Cloister's images the machines of a driver are made of. */
export type ImagePreference = {
  /** Debian's word. Of several images of one name, that of this architecture is meant. */
  readonly architecture: string;
  /** Name of the image where none is named. */
  readonly usual: string;
};

/**
 * A driver. Methods reject with CloisterError `machine_failed` (with what the tool behind it said, bounded), `machine_unsupported` for
 * an operation that it lacks.
 */
export interface MachineDriver {
  readonly name: DriverName;
  /** What people call it. */
  readonly title: string;
  readonly isolation: Isolation;
  readonly operations: ReadonlySet<OptionalOperation>;
  /** Sentences: what it can't do or was never tried on, and what follows from it. */
  readonly limitations: readonly string[];
  /** Which images it takes, where not those of this host's architecture. */
  readonly images?: ImagePreference;
  /** Finds out within 3 s whether it works here, by using it. Never throws. */
  probe(context: ProbeContext): Promise<DriverProbe>;
  surroundings(machine: MachineSpec): MachineSurroundings;
  /** Makes the machine and starts it. After a crash in the middle, `destroy` and again. */
  create(machine: MachineSpec): Promise<void>;
  start(machine: MachineSpec): Promise<void>;
  /** Ends its processes; its disk stays. */
  stop(machine: MachineSpec): Promise<void>;
  state(machine: MachineSpec): Promise<MachineState>;
  /** Reaches the guest agent. May be called several times side by side, by several processes. */
  connect(machine: MachineSpec): Promise<GuestTransport>;
  stats(machine: MachineSpec): Promise<MachineStats>;
  destroy(machine: MachineSpec): Promise<void>;
  /** Ids of the machines of which something is left on this host, files of `folder` aside. For reconciling after a crash. */
  found(context: ProbeContext): Promise<readonly string[]>;
  /** What `found` found, and nobody knows: removes it by its id alone. */
  remove(id: string, context: ProbeContext): Promise<void>;

  pause?(machine: MachineSpec): Promise<void>;
  resume?(machine: MachineSpec): Promise<void>;
  /** @param name of the snapshot: lower case letters, digits and dashes, 64 at most; new for this machine. */
  snapshot?(machine: MachineSpec, name: string, kind: SnapshotKind): Promise<SnapshotFacts>;
  /** Takes a machine back to a snapshot; running where the snapshot is `full`. */
  restore?(machine: MachineSpec, name: string): Promise<void>;
  removeSnapshot?(machine: MachineSpec, name: string): Promise<void>;
  /** Makes `into` a copy of `source`: of a snapshot where one is named, or of what it is now. Started; its identity is the caller's to set. */
  clone?(source: MachineSpec, into: MachineSpec, snapshot?: string): Promise<void>;
  /** Makes each of `into` a copy of a running machine, memory included. The source goes on. */
  fork?(source: MachineSpec, into: readonly MachineSpec[]): Promise<void>;
  /** Templates: machines that were booted and warmed up once, of which `create` makes clones where one fits. */
  readonly templates?: MachineTemplates;
  console?(machine: MachineSpec): MachineConsole;
}

/** A template to make. */
export type TemplateSpec = {
  readonly image: MachineImage;
  readonly limits: MachineLimits;
  /** Where templates lie, one folder each, named by fingerprint. */
  readonly folder: string;
  /** Programs to run in it before it is saved, so that a clone has them in memory. Each within 60 s; what fails is left out. */
  readonly warmUp: readonly (readonly string[])[];
};

/** Machines that stand ready in memory. */
export interface MachineTemplates {
  /** Names all that a saved memory depends on: 64 hexadecimal digits. */
  fingerprint(spec: TemplateSpec): Promise<string>;
  /** Boots, warms up and saves one; does nothing where there is one. @returns its fingerprint */
  prepare(spec: TemplateSpec): Promise<string>;
}
