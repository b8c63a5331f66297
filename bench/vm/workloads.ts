/** What is run in machines to compare how fast they are. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const GUEST = join(import.meta.dirname, "guest");
const FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-static"];
const BARE_FLAGS = ["-march=rv64gc", "-mcmodel=medany", "-ffreestanding", "-fno-tree-loop-distribute-patterns"];
const BARE_LINK = ["-nostdlib", "-Wl,-N,-Ttext=0x80000000,--build-id=none,--no-warn-rwx-segments"];

/** Compilers of the guests' programs, with what they are to compile for. */
const COMPILERS = {
  riscv64: ["riscv64-linux-gnu-gcc", "-march=rv64gc"],
  i386: ["i686-linux-gnu-gcc", "-march=i686"],
  host: ["cc"],
} as const;

/** Who is to run a program: a guest by its processor, or the host itself. */
export type Architecture = keyof typeof COMPILERS;

/** Written for this benchmark, in C and for the shell: each has a file in `guest`, and prints a checksum. */
export const PROGRAMS: readonly string[] = ["recursion", "interpreter", "sort"];
const SCRIPTS: readonly string[] = ["shell-loop", "compress"];
/** Run only where the kernel's command line names it. */
export const ASK = "ask";

/**
 * CoreMark is not part of this repository: its program takes the number of iterations, so that all engines do the same work. So many take ten
 * seconds or more, as its run rules want.
 */
export const COREMARK_ITERATIONS = 70_000;
const COREMARK_SCRIPT = `#!/bin/sh\nexec /bench/coremark.program 0x0 0x0 0x66 ${COREMARK_ITERATIONS}\n`;

/** What the machine boots: any initial file system with BusyBox at /bin/busybox, to which the workloads are added. */
export type WorkloadOptions = {
  readonly architecture: Architecture;
  readonly initrd: Uint8Array;
  /** Path of CoreMark, linked statically for the guest. Left out: without it. */
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
    return Buffer.concat([options.initrd, packFolder(folder)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An initial file system of all that is in a folder. */
export function packFolder(folder: string): Buffer {
  const names = execFileSync("find", [".", "-mindepth", "1"], { cwd: folder }).toString().split("\n").toSorted();
  return execFileSync("cpio", ["--create", "--format=newc", "--quiet", "--reproducible", "--owner=+0:+0"], {
    cwd: folder,
    input: names.filter((name) => name !== "").join("\n"),
    maxBuffer: 64 * 1024 * 1024,
  });
}

function writeWorkloads(folder: string, options: WorkloadOptions): void {
  const bench = join(folder, "bench");
  mkdirSync(bench);
  copyFileSync(join(GUEST, "init"), join(folder, "init"));
  for (const name of PROGRAMS) compileProgram(name, options.architecture, join(bench, name));
  for (const name of [...SCRIPTS, ASK]) copyFileSync(join(GUEST, `${name}.sh`), join(bench, name));
  if (options.coremark !== undefined) {
    writeFileSync(join(bench, "coremark.program"), readFileSync(options.coremark), { mode: 0o755 });
    writeFileSync(join(bench, "coremark"), COREMARK_SCRIPT, { mode: 0o755 });
  }
  writeFileSync(join(bench, "order"), `${workloadNames(options).join("\n")}\n`);
}

/** Compiles one of {@link PROGRAMS} for Linux. */
export function compileProgram(name: string, architecture: Architecture, target: string): void {
  const [compiler, ...flags] = COMPILERS[architecture];
  execFileSync(compiler, [...FLAGS, ...flags, join(GUEST, `${name}.c`), "-o", target]);
}

/** Compiles one of {@link PROGRAMS} to be started by a RISC-V machine instead of a kernel. */
export function compileBareProgram(name: string, target: string): void {
  const [compiler] = COMPILERS.riscv64;
  const sources = ["bare-metal", name].map((source) => join(GUEST, `${source}.c`));
  execFileSync(compiler, [...FLAGS, ...BARE_FLAGS, ...sources, ...BARE_LINK, "-o", target]);
}
