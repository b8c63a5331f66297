import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createMemoryDisk } from "../../src/disk/memory-disk.ts";
import { createMachine } from "../../src/machine/create-machine.ts";
import type { MachineOptions } from "../../src/machine/options.ts";
import type { MachineStatistics } from "../../src/machine/statistics.ts";
import { openDisk } from "../../src/node/file-disk.ts";
import { nodeHost } from "../../src/node/host.ts";
import { BOOT_WORDS } from "./guest-disk.ts";

/** A guest: the folder of its image, as `cloister image build` makes it, and the content of its second disk. */
export type Guest = { readonly image: string; readonly checks: Uint8Array };

/** GCC wants more than the usual 256. */
const MEMORY_MIB = 512;
const LONGEST_RUN_MS = 30 * 60_000;

/** Runs a guest in this engine. @returns what it printed, and what it took */
export async function runInEngine(
  { image, checks }: Guest,
  options: Partial<Pick<MachineOptions, "cache" | "host" | "mode">>,
): Promise<{ readonly console: string; readonly statistics: MachineStatistics }> {
  const printed: Uint8Array[] = [];
  const machine = await createMachine({
    host: nodeHost(),
    ...options,
    kernel: readFileSync(join(image, "vmlinuz")),
    initrd: readFileSync(join(image, "initrd")),
    append: BOOT_WORDS,
    memoryMib: MEMORY_MIB,
    drives: [openDisk({ path: join(image, "disk.raw"), format: "raw", snapshot: true }), createMemoryDisk(checks)],
    serial: { transmit: (bytes) => void printed.push(bytes) },
  });
  const limit = setTimeout(() => void machine.pause(), LONGEST_RUN_MS);
  try {
    await machine.run();
    return { console: Buffer.concat(printed).toString("latin1"), statistics: machine.stats() };
  } finally {
    clearTimeout(limit);
    machine.close();
  }
}

/**
 * Runs a guest in QEMU's `virt` machine.
 * @param folder for the second disk
 * @returns what it printed
 * @throws where it does not power off within half an hour
 */
export async function runInQemu({ image, checks }: Guest, folder: string): Promise<string> {
  const script = join(folder, "checks.raw");
  writeFileSync(script, checks);
  // The tree names the windows from the last one on: the root file system has to be found first.
  const disk = (path: string, id: string, slot: number): readonly string[] => [
    "-drive",
    `file=${path},format=raw,if=none,id=${id},snapshot=on`,
    "-device",
    `virtio-blk-device,drive=${id},bus=virtio-mmio-bus.${slot}`,
  ];
  const { stdout } = await promisify(execFile)(
    "qemu-system-riscv64",
    [
      "-nodefaults -no-user-config -no-reboot -display none -serial stdio -M virt -accel tcg -smp 1".split(" "),
      ["-global", "virtio-mmio.force-legacy=false", "-m", `${MEMORY_MIB}`],
      ["-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initrd"), "-append", BOOT_WORDS],
      disk(join(image, "disk.raw"), "root", 1),
      disk(script, "checks", 0),
    ].flat(),
    { encoding: "latin1", timeout: LONGEST_RUN_MS, maxBuffer: 2 ** 26 },
  );
  return stdout;
}
