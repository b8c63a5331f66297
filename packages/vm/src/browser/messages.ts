import type { CacheStatistics } from "../cache/code-cache.ts";
import type { VmErrorCode } from "../error.ts";
import type { MachineEnd } from "../machine/machine.ts";
import type { MachineOptions } from "../machine/options.ts";
import type { MachineStatistics } from "../machine/statistics.ts";

/** What a machine in a worker is made of: as `MachineOptions`. */
export type WorkerMachineOptions = Pick<
  MachineOptions,
  "kernel" | "initrd" | "append" | "firmware" | "memoryMib" | "mode" | "background" | "noReboot"
> & {
  /** A snapshot to go on from. */
  readonly snapshot?: Uint8Array;
  /** Contents of the disks vda, vdb …: what the guest writes to them stays in memory. */
  readonly drives?: readonly Uint8Array[];
  /** Keep compiled code in the browser's storage, for the next page. Left out: yes. */
  readonly cache?: boolean;
};

/** What a machine in a worker did. */
export type WorkerMachineStatistics = MachineStatistics & {
  /** Of the code that is kept in the browser's storage, what earlier pages kept included. Left out: without a cache. */
  readonly cache?: CacheStatistics;
};

/** What a page can ask a machine's worker for. */
export interface MachineCalls {
  create(options: WorkerMachineOptions): Promise<void>;
  run(): Promise<MachineEnd>;
  pause(): Promise<void>;
  reset(): Promise<void>;
  write(bytes: Uint8Array): Promise<void>;
  stats(): Promise<WorkerMachineStatistics>;
  snapshot(): Promise<Uint8Array>;
  restore(snapshot: Uint8Array): Promise<void>;
}

/** One of them, with what it is given. */
export type MachineCall = {
  [Name in keyof MachineCalls]: {
    readonly name: Name;
    readonly argument: Parameters<MachineCalls[Name]>[0];
  };
}[keyof MachineCalls];

/** From the page to the worker: a call that is to be answered, or how many bytes of output were taken. */
export type PageMessage =
  | { readonly kind: "call"; readonly id: number; readonly call: MachineCall }
  | { readonly kind: "taken"; readonly bytes: number };

/** What went wrong, in a form that goes by message. */
export type Failure = { readonly code: VmErrorCode; readonly message: string };

/** From the worker to the page: the answer to a call, or what the guest printed. */
export type WorkerMessage =
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly failure: Failure }
  | { readonly kind: "output"; readonly bytes: Uint8Array };
