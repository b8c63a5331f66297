import type { BlockBackend, FrameLink } from "../bus/port.ts";
import type { CodeCache } from "../cache/code-cache.ts";
import type { Virtio9pOptions } from "../devices/virtio-9p/virtio-9p.ts";
import { VmError } from "../error.ts";
import type { Outbound } from "../network/port.ts";
import type { ExecutionMode } from "../processor/processor.ts";
import type { SnapshotBytes } from "../snapshot/snapshot-file.ts";
import type { MachineHost } from "./host.ts";

/** A network card, and what it is plugged into. */
export type NetworkOptions = {
  /** Hardware address, six bytes. Left out: 02:00:00:00:00:01. */
  readonly mac?: Uint8Array;
} & (
  | {
      /** The other end of a cable of your own. */
      readonly link: FrameLink;
    }
  | {
      /** A network with DHCP, names, TCP and UDP in this process, which leads where this lets it. */
      readonly outbound: Outbound;
    }
);

/** What a machine is made of. */
export type MachineOptions = {
  /** Time and chance: `nodeHost()`, `webHost()`, or your own. */
  readonly host: MachineHost;
  /** A RISC-V Linux Image, or a program in machine mode: ELF, or raw for RAM + 2 MiB. May be missing where there is firmware. */
  readonly kernel?: Uint8Array;
  /** Initial RAM disk. */
  readonly initrd?: Uint8Array;
  /** The kernel's command line. */
  readonly append?: string;
  /** Machine-mode firmware (OpenSBI, U-Boot) that starts the kernel. Left out: the engine serves SBI itself. */
  readonly firmware?: Uint8Array;
  /**
   * A snapshot to go on from, instead of power-on; or a whole one, and the deltas over it in order. Memory and devices have to be what they
   * were; memory may be left out. What is not compressed is read as the machine needs it: such bytes must not change, and a file stays
   * open until the machine is closed. Kernel and firmware are for when the guest resets the machine: without them, a reset ends `run`.
   */
  readonly snapshot?: SnapshotBytes | readonly SnapshotBytes[];
  /** Memory in MiB: 16 to 3500; 256 where left out. */
  readonly memoryMib?: number;
  /** Is memory a SharedArrayBuffer? Left out: yes. Browsers allow it to pages that are cross-origin isolated. */
  readonly shared?: boolean;
  /** How code is run; "auto" where left out. */
  readonly mode?: ExecutionMode;
  /**
   * How often a jump arrives at a place before code is compiled for it: 1 to 65535; what is entered ten times as often is compiled better.
   * As measured best where left out.
   */
  readonly compileAfter?: number;
  /** Compile in a thread beside the machine, where the host has one and memory is shared. Left out: yes. */
  readonly background?: boolean;
  /** Compiled code of earlier runs; takes in what is compiled now. The caller loads and saves it. */
  readonly cache?: CodeCache;
  /** Disks: vda, vdb … */
  readonly drives?: readonly BlockBackend[];
  /** What you call the contents of the disks: their hashes, their paths. A snapshot is restored only over disks of the same names. */
  readonly driveIds?: readonly string[];
  readonly network?: NetworkOptions;
  /** Folders that the guest mounts by their tags, by 9P; read-only unless it is said otherwise. */
  readonly shares?: readonly Virtio9pOptions[];
  /** The guest's number on its socket device, 3 to 2^32-2; the host is 2. Left out: it has no such device. */
  readonly vsockContext?: number;
  /** Names of the ports of a virtio console: the first one is hvc0, the others /dev/virtio-ports/NAME. */
  readonly consolePorts?: readonly string[];
  /** A source of entropy from the host; yes where left out. */
  readonly rng?: boolean;
  /** Lets the guest lend memory to the host. */
  readonly balloon?: boolean;
  /** Takes what the guest prints on its serial port; the bytes are its own to keep. More listeners: `console.onData`. */
  readonly serial?: { readonly transmit: (bytes: Uint8Array) => void };
  /** A reset ends `run` instead of starting the guest anew. */
  readonly noReboot?: boolean;
  /** Serves the host-target interface of a kernel that has a symbol `tohost`: test programs report by it. Left out: no. */
  readonly hostTargetInterface?: boolean;
  /** Instructions between two looks at clock and interrupts, 1 to 2^30; 200,000 where left out. */
  readonly sliceInstructions?: number;
};

/** What a fork of a machine may have of its own. */
export type ForkOptions = Partial<Omit<MachineOptions, "memoryMib" | "firmware" | "snapshot">>;

/** @throws VmError `option_invalid` where a fork would share what only one machine can have */
export function checkFork({ drives = [], network }: MachineOptions, own: ForkOptions): void {
  if (own.drives === undefined && drives.some((drive) => !drive.readOnly))
    throw new VmError(
      "option_invalid",
      "two machines can't write to the same disks: give the fork `drives` of its own",
    );
  if (own.network === undefined && network !== undefined && "link" in network)
    throw new VmError("option_invalid", "two machines can't share a cable: give the fork a `network` of its own");
}

/** Bytes of a MiB. */
export const MIB_BYTES = 0x10_0000;

/** Memory of a machine, in MiB. The engine's own tables are below it, and one WebAssembly memory ends at 4 GiB. */
export const MEMORY_MIB = { least: 16, usual: 256, most: 3500 } as const;

const SLICE_MOST = 2 ** 30;

/** @throws VmError `option_invalid` */
export function checkOptions({
  memoryMib = MEMORY_MIB.usual,
  sliceInstructions = 1,
  compileAfter = 1,
}: MachineOptions): void {
  checkWhole("memory", "MiB", { value: memoryMib, least: MEMORY_MIB.least, most: MEMORY_MIB.most });
  checkWhole("compiling after", "jumps", { value: compileAfter, least: 1, most: 65_535 });
  checkWhole("a slice", "instructions", { value: sliceInstructions, least: 1, most: SLICE_MOST });
}

type Range = { readonly value: number; readonly least: number; readonly most: number };

function checkWhole(what: string, unit: string, { value, least, most }: Range): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new VmError("option_invalid", `${what} of ${value} ${unit}: expected a whole number from ${least} to ${most}`);
}
