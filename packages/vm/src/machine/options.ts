import type { BlockBackend, FrameLink } from "../bus/port.ts";
import { VmError } from "../error.ts";
import type { ExecutionMode } from "../processor/processor.ts";
import type { MachineHost } from "./host.ts";

/** A network card, and what it is plugged into. */
export type NetworkOptions = {
  readonly link: FrameLink;
  /** Hardware address, six bytes. Left out: 02:00:00:00:00:01. */
  readonly mac?: Uint8Array;
};

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
  /** Memory in MiB: 16 to 3500; 256 where left out. */
  readonly memoryMib?: number;
  /** Is memory a SharedArrayBuffer? Left out: yes. Browsers allow it to pages that are cross-origin isolated. */
  readonly shared?: boolean;
  /** How code is run; "auto" where left out. */
  readonly mode?: ExecutionMode;
  /** Disks: vda, vdb … */
  readonly drives?: readonly BlockBackend[];
  readonly network?: NetworkOptions;
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
  /** Instructions between two looks at clock and interrupts, 1 to 2^30; 200,000 where left out. */
  readonly sliceInstructions?: number;
};

/** Memory of a machine, in MiB. The engine's own tables are below it, and one WebAssembly memory ends at 4 GiB. */
export const MEMORY_MIB = { least: 16, usual: 256, most: 3500 } as const;

const SLICE_MOST = 2 ** 30;

/** @throws VmError `option_invalid` */
export function checkOptions({ memoryMib = MEMORY_MIB.usual, sliceInstructions = 1 }: MachineOptions): void {
  checkWhole("memory", "MiB", { value: memoryMib, least: MEMORY_MIB.least, most: MEMORY_MIB.most });
  checkWhole("a slice", "instructions", { value: sliceInstructions, least: 1, most: SLICE_MOST });
}

type Range = { readonly value: number; readonly least: number; readonly most: number };

function checkWhole(what: string, unit: string, { value, least, most }: Range): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new VmError("option_invalid", `${what} of ${value} ${unit}: expected a whole number from ${least} to ${most}`);
}
