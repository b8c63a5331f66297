/**
 * What people and runs do with machines. Owns: names, the registry (a journal: intent before effect), limits of the host, and opening a
 * machine with its way out. The drivers own what a machine is.
 *
 * Invariants:
 * R1. `kill -9` anywhere: afterwards every machine is either in the registry and usable or removable, or gone without a trace.
 * R2. Reconciling adopts what lives, removes what was half made or half removed, and reports what it finds; it never resets everything.
 * R3. Nothing is made that the host has no room for.
 */
import type { DriverName, MachineLimits, MachinePolicy } from "@cloister/core";
import type { EgressDecision } from "../egress/port.ts";
import type { GuestConnection } from "../guest/port.ts";
import type {
  DriverProbe,
  MachineConsole,
  MachineId,
  MachineSpec,
  MachineState,
  MachineStats,
  MachineSurroundings,
  SnapshotFacts,
  SnapshotKind,
} from "../port.ts";

/** A machine to make. */
export type CreateRequest = {
  readonly driver: DriverName;
  /** Name or digest of an image of the store, or a name that the driver knows. */
  readonly image?: string;
  /** Lower case letters, digits and dashes, 40 at most. Default: one that is free. */
  readonly name?: string;
  readonly policy: MachinePolicy;
  /** The run that it belongs to: it ends with it. Undefined: it stays until it is removed. */
  readonly run?: string;
  /** Variables of the processes of the machine on this host, besides the manager's own: a run's marker. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A template to make: machines of this driver, image and size start from it. */
export type TemplateRequest = {
  readonly driver: DriverName;
  /** Name or digest of an image of the store. */
  readonly image: string;
  readonly limits: MachineLimits;
};

/** A snapshot of a machine. */
export type SnapshotView = SnapshotFacts & {
  readonly name: string;
  /** ms since the epoch. */
  readonly takenAt: number;
};

/**
 * What a machine is doing, as far as it can be told: `creating` and `removing` until that has ended, `unknown` where its driver did not
 * answer in time.
 */
export type MachineViewState = MachineState | "creating" | "removing" | "unknown";

/** A machine as the registry knows it. */
export type MachineView = {
  readonly id: MachineId;
  readonly name: string;
  readonly driver: DriverName;
  readonly image?: string;
  /** Content address of the image, where it is one that Cloister built: what must not be pruned. */
  readonly digest?: string;
  readonly policy: MachinePolicy;
  readonly run?: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly state: MachineViewState;
  readonly snapshots: readonly SnapshotView[];
};

/** A machine that can be worked in. */
export interface OpenMachine extends AsyncDisposable {
  readonly view: MachineView;
  readonly spec: MachineSpec;
  readonly guest: GuestConnection;
  readonly surroundings: MachineSurroundings;
  /** The environment of programs in it: the surroundings', and what sends them to the egress proxy. */
  readonly env: Readonly<Record<string, string>>;
  /** Sentences: what of its policy does not hold with this driver. */
  readonly warnings: readonly string[];
}

/** How a machine is opened. */
export type OpenOptions = {
  readonly onDecision?: (decision: EgressDecision) => void;
  /** Ports of 127.0.0.1 on this host that the machine reaches at the same port of its own: the model gateway. */
  readonly carryPorts?: readonly number[];
  /** Where the machine's programs find the egress proxy: runs that share a machine each have their own. Default: 3128. */
  readonly egressPort?: number;
};

/** What reconciling did. Each a sentence. */
export type ReconcileReport = {
  readonly adopted: readonly string[];
  readonly removed: readonly string[];
  readonly problems: readonly string[];
};

/** A driver with what its probe found. */
export type DriverView = DriverProbe & {
  readonly name: DriverName;
  readonly title: string;
  readonly isolation: string;
  readonly operations: readonly string[];
  readonly limitations: readonly string[];
};

/**
 * The machines of this user. Machines are named by name, id, or the beginning of an id. Methods reject with CloisterError:
 * `machine_not_found`, `machine_unavailable` (the driver does not work here), `machine_unsupported`, `resources_short`, `machine_failed`.
 */
export interface MachineManager extends Disposable {
  /** Probes every driver, all at once. */
  drivers(): Promise<readonly DriverView[]>;
  list(): Promise<readonly MachineView[]>;
  get(name: string): Promise<MachineView>;
  create(request: CreateRequest): Promise<MachineView>;
  /** Boots and warms up a machine once and keeps its memory: those made afterwards start from it. @returns its fingerprint */
  template(request: TemplateRequest): Promise<string>;
  clone(source: string, into: { readonly name?: string; readonly snapshot?: string }): Promise<MachineView>;
  fork(source: string, names: readonly string[]): Promise<readonly MachineView[]>;
  start(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  snapshot(name: string, snapshot: string, kind: SnapshotKind): Promise<SnapshotView>;
  restore(name: string, snapshot: string): Promise<void>;
  removeSnapshot(name: string, snapshot: string): Promise<void>;
  stats(name: string): Promise<MachineStats>;
  console(name: string): Promise<MachineConsole>;
  /** Connects to it, starts it first where it is stopped, and opens its way out for as long as this lasts. */
  open(name: string, options?: OpenOptions): Promise<OpenMachine>;
  remove(name: string): Promise<void>;
  reconcile(): Promise<ReconcileReport>;
}
