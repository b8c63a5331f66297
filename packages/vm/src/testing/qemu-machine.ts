import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inFolder, REFERENCE_PROCESSOR } from "./toolchain.ts";

/** MiB of RAM of the machines that are compared. */
export const RAM_MEBIBYTES = 64;

/**
 * Alone, a hart's atomic operations are made of loads and stores, whose faults are named after the load: a second one, which the image
 * has to park, makes them atomic.
 */
const HARTS = 2;

/**
 * Runs a bare-metal image from the start of RAM in QEMU's `virt` machine until it powers off.
 * @returns what came out of the serial port
 * @throws where it does not power off within the time
 */
export function runInQemu(image: Uint8Array, limitMilliseconds: number): Uint8Array {
  return inFolder((folder) => {
    const [file, serial] = [join(folder, "image.bin"), join(folder, "serial")];
    writeFileSync(file, image);
    const machine = [
      "-M",
      "virt",
      "-cpu",
      REFERENCE_PROCESSOR,
      "-smp",
      `${HARTS}`,
      "-m",
      `${RAM_MEBIBYTES}`,
      "-bios",
      file,
    ];
    const options = ["-display", "none", "-monitor", "none", "-serial", `file:${serial}`];
    const { status, stderr, error } = spawnSync("qemu-system-riscv64", [...machine, ...options], {
      timeout: limitMilliseconds,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`QEMU did not power off: ${error?.message ?? ""} ${stderr}`);
    return Uint8Array.from(readFileSync(serial));
  });
}
