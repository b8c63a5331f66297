/** What is run in machines to compare how fast they are. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const GUEST = join(import.meta.dirname, "guest");
const COMPILER = "riscv64-linux-gnu-gcc";
const FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-march=rv64gc", "-static"];

/** Written for this benchmark, in C and for the shell: each has a file in `guest`, and prints a checksum. */
const PROGRAMS: readonly string[] = ["recursion", "interpreter", "sort"];
const SCRIPTS: readonly string[] = ["shell-loop", "compress"];

/** CoreMark is not part of this repository: its program takes the number of iterations, so that all engines do the same work. */
const COREMARK_ITERATIONS = 6000;
const COREMARK_SCRIPT = `#!/bin/sh\nexec /bench/coremark.program 0x0 0x0 0x66 ${COREMARK_ITERATIONS}\n`;

/** What the machine boots: any initial file system with BusyBox at /bin/busybox, to which the workloads are added. */
export type WorkloadOptions = {
  readonly initrd: Uint8Array;
  /** Path of CoreMark, linked statically for RISC-V. Left out: without it. */
  readonly coremark?: string;
};

/** Names of the workloads in the order in which the machine runs them. */
export function workloadNames({ coremark }: Pick<WorkloadOptions, "coremark">): readonly string[] {
  return [...PROGRAMS, ...SCRIPTS, ...(coremark === undefined ? [] : ["coremark"])];
}

/**
 * Compiles the workloads and adds them to an initial file system, whose process 1 they replace: Linux unpacks archives that follow each
 * other into one (Linux: Documentation/driver-api/early-userspace/buffer-format.rst).
 */
export function packWorkloads(options: WorkloadOptions): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "cloister-workloads-"));
  try {
    writeWorkloads(folder, options);
    const names = execFileSync("find", [".", "-mindepth", "1"], { cwd: folder }).toString().split("\n").toSorted();
    const archive = execFileSync("cpio", ["--create", "--format=newc", "--quiet", "--reproducible", "--owner=+0:+0"], {
      cwd: folder,
      input: names.filter((name) => name !== "").join("\n"),
      maxBuffer: 64 * 1024 * 1024,
    });
    return Buffer.concat([options.initrd, archive]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeWorkloads(folder: string, options: WorkloadOptions): void {
  const bench = join(folder, "bench");
  mkdirSync(bench);
  copyFileSync(join(GUEST, "init"), join(folder, "init"));
  for (const name of PROGRAMS) execFileSync(COMPILER, [...FLAGS, join(GUEST, `${name}.c`), "-o", join(bench, name)]);
  for (const name of SCRIPTS) copyFileSync(join(GUEST, `${name}.sh`), join(bench, name));
  if (options.coremark !== undefined) {
    writeFileSync(join(bench, "coremark.program"), readFileSync(options.coremark), { mode: 0o755 });
    writeFileSync(join(bench, "coremark"), COREMARK_SCRIPT, { mode: 0o755 });
  }
  writeFileSync(join(bench, "order"), `${workloadNames(options).join("\n")}\n`);
}
