/** How each engine is told to run a machine: with one hart or processor, 256 MiB, and the serial port on standard input and output. */
import { join } from "node:path";
import { type BootFiles, kernelWords } from "./boot-files.ts";
import type { Command } from "./run-machine.ts";
import { EDITION } from "./settings.ts";

/** What to boot, and the only workload to run: "" for none; left out: all. */
export type Boot = { readonly files: BootFiles; readonly workload?: string };

const MEMORY_MIB = "256";
const QEMU = `-nodefaults -no-user-config -no-reboot -display none -serial stdio -M virt -accel tcg -smp 1 -m ${MEMORY_MIB}`;

/** Cloister's own. @param options of `cloister vm run` */
export function cloister({ files, workload }: Boot, options: readonly string[]): Command {
  const boot = ["--kernel", files.kernel, "--initrd", files.initrd, "--append", kernelWords(workload)];
  return cloisterRun([...boot, ...options]);
}

/** Cloister's own with nothing but options: for what needs no kernel, or another one. */
export function cloisterRun(options: readonly string[]): Command {
  return { file: process.execPath, args: [EDITION.entry, "vm", "run", "--memory", MEMORY_MIB, ...options] };
}

/** QEMU's emulator. */
export function qemu({ files, workload }: Boot): Command {
  const boot = ["-kernel", files.kernel, "-initrd", files.initrd, "-append", kernelWords(workload)];
  return { file: "qemu-system-riscv64", args: [...QEMU.split(" "), ...boot] };
}

/** v86, in a Node of its own. */
export function v86({ files, workload }: Boot): Command {
  const program = join(import.meta.dirname, "v86-machine.ts");
  return {
    file: process.execPath,
    args: [program, files.kernel, files.initrd, kernelWords(workload)],
    staysOn: true,
  };
}
