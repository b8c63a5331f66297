import type { PhysicalMemory } from "../bus/port.ts";
import type { DeviceTreeNode } from "../device-tree/node.ts";
import { writeDeviceTree } from "../device-tree/write-device-tree.ts";
import { VmError } from "../error.ts";
import { isElf, loadElf } from "../riscv/elf.ts";
import { createFirmwareInfo, FIRMWARE_INFO_BYTES } from "./firmware-info.ts";
import { readImageSize } from "./linux-image.ts";
import type { Chosen } from "./virt-device-tree.ts";

/** What the machine starts with. */
export type BootImages = {
  /** A RISC-V Linux Image, an ELF program, or a raw binary for RAM + 2 MiB. May be missing where there is firmware. */
  readonly kernel?: Uint8Array;
  /** Initial RAM disk. */
  readonly initrd?: Uint8Array;
  /** The kernel's command line. */
  readonly append?: string;
  /** Machine-mode firmware that starts the kernel: an ELF program or a raw binary for the start of RAM. */
  readonly firmware?: Uint8Array;
  /** Seeds the kernel's random numbers; 32 bytes or more, each start others. */
  readonly randomSeed?: Uint8Array;
};

/** Where the hart begins: a0 is its number, a1 `deviceTree`, a2 `firmwareInfo`. */
export type BootEntry = {
  /** Address of the first instruction. */
  readonly entry: number;
  /** Linux starts in supervisor mode, on the engine's own SBI; firmware and bare-metal programs in machine mode. */
  readonly privilege: "supervisor" | "machine";
  readonly deviceTree: number;
  /** Address of what OpenSBI's dynamic firmware looks for; 0 without firmware. */
  readonly firmwareInfo: number;
  /** @returns value of a symbol of a kernel that is an ELF program; undefined where there is none */
  readonly symbol: (name: string) => number | undefined;
};

/** Where the kernel is loaded, from the start of RAM: a boundary of its large pages, behind the firmware. */
const KERNEL_OFFSET = 0x20_0000;

/** End of RAM that is kept for the device tree, and for what firmware adds to it. */
const DEVICE_TREE_BYTES = 0x10_0000;

/** Longest device tree that is put there: half of it. */
const LONGEST_TREE = DEVICE_TREE_BYTES / 2;

const PAGE_BYTES = 4096;

/** What the hart is to run, and the first address behind it. */
type Program = Pick<BootEntry, "entry" | "privilege" | "symbol"> & { readonly end: number };

/**
 * Puts everything into memory: firmware at its start, the kernel 2 MiB behind it, the initial RAM disk high, the device tree above.
 * @param describe makes the board's device tree
 * @throws VmError `image_invalid` where kernel or firmware can't be run, `option_invalid` where memory is too small
 */
export function loadBoot(
  images: BootImages,
  memory: PhysicalMemory,
  describe: (chosen: Chosen) => DeviceTreeNode,
): BootEntry {
  const { first, kernel, end } = loadPrograms(images, memory);
  const deviceTree = memory.base + memory.sizeBytes - DEVICE_TREE_BYTES;
  const initrd = placeInitrd(images.initrd, { start: end, end: deviceTree }, memory);
  const { append, randomSeed } = images;
  const chosen = {
    ...(append === undefined ? {} : { append }),
    ...(initrd === undefined ? {} : { initrd }),
    ...(randomSeed === undefined ? {} : { randomSeed }),
  };
  place(writeTree(describe(chosen)), deviceTree, memory);
  return {
    entry: first.entry,
    privilege: first.privilege,
    deviceTree,
    firmwareInfo: images.firmware === undefined ? 0 : placeFirmwareInfo(kernel?.entry, memory),
    symbol: (kernel ?? first).symbol,
  };
}

type Programs = { readonly first: Program; readonly kernel: Program | undefined; readonly end: number };

function loadPrograms(images: BootImages, memory: PhysicalMemory): Programs {
  const firmware = images.firmware === undefined ? undefined : loadFirmware(images.firmware, memory);
  const kernel = images.kernel === undefined ? undefined : loadKernel(images.kernel, memory);
  const first = firmware ?? kernel;
  if (first === undefined) throw new VmError("option_invalid", "nothing to start: expected a kernel or firmware");
  if (firmware !== undefined && kernel !== undefined && firmware.end > memory.base + KERNEL_OFFSET)
    throw new VmError(
      "image_invalid",
      `the firmware is larger than ${KERNEL_OFFSET} bytes: it reaches into the kernel`,
    );
  return { first, kernel, end: Math.max(first.end, kernel?.end ?? 0) };
}

function placeInitrd(
  initrd: Uint8Array | undefined,
  room: { readonly start: number; readonly end: number },
  memory: PhysicalMemory,
): Chosen["initrd"] {
  const length = initrd?.length ?? 0;
  const start = room.end - Math.ceil(length / PAGE_BYTES) * PAGE_BYTES;
  if (start < room.start) throw tooSmall(memory, room.start - start);
  if (initrd === undefined) return undefined;
  place(initrd, start, memory);
  return { start, end: start + length };
}

function writeTree(root: DeviceTreeNode): Uint8Array {
  const tree = writeDeviceTree(root);
  if (tree.length <= LONGEST_TREE) return tree;
  throw new VmError(
    "option_invalid",
    `the kernel's command line is too long: expected less than ${LONGEST_TREE} bytes`,
  );
}

function placeFirmwareInfo(next: number | undefined, memory: PhysicalMemory): number {
  const address = memory.base + memory.sizeBytes - FIRMWARE_INFO_BYTES;
  place(createFirmwareInfo(next), address, memory);
  return address;
}

function loadKernel(bytes: Uint8Array, memory: PhysicalMemory): Program {
  if (isElf(bytes)) return { ...loadElf(bytes, memory), privilege: "machine" };
  const imageSize = readImageSize(bytes);
  const entry = memory.base + KERNEL_OFFSET;
  return {
    ...placeRaw(bytes, { start: entry, sizeBytes: imageSize ?? bytes.length }, memory),
    privilege: imageSize === undefined ? "machine" : "supervisor",
  };
}

function loadFirmware(bytes: Uint8Array, memory: PhysicalMemory): Program {
  const raw = { start: memory.base, sizeBytes: bytes.length };
  const program = isElf(bytes) ? loadElf(bytes, memory) : placeRaw(bytes, raw, memory);
  return { ...program, privilege: "machine" };
}

type Place = { readonly start: number; readonly sizeBytes: number };

function placeRaw(bytes: Uint8Array, { start, sizeBytes }: Place, memory: PhysicalMemory): Omit<Program, "privilege"> {
  const room = memory.base + memory.sizeBytes - start;
  if (sizeBytes > room) throw tooSmall(memory, sizeBytes - room);
  place(bytes, start, memory);
  return { entry: start, end: start + sizeBytes, symbol: () => undefined };
}

function place(bytes: Uint8Array, address: number, memory: PhysicalMemory): void {
  const target = memory.writable(address, bytes.length);
  if (target === undefined) throw tooSmall(memory, bytes.length);
  target.set(bytes);
}

function tooSmall(memory: PhysicalMemory, missing: number): VmError {
  const mebibytes = (size: number): number => Math.ceil(size / 2 ** 20);
  return new VmError(
    "option_invalid",
    `kernel, initial RAM disk and device tree need ${mebibytes(missing)} MiB more than the ${mebibytes(memory.sizeBytes)} MiB of memory`,
  );
}
