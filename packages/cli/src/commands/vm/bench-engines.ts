import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { createMachine, type ExecutionMode, type MachineStatistics } from "@cloister/vm";
import { nodeHost } from "@cloister/vm/node";
import type { BenchProgram } from "./bench-programs.ts";
import { type KeptCode, runWithKeptCode } from "./run-with-kept-code.ts";

/** What one run of a program took. @property seconds on the wall's clock */
export type Taken = { readonly seconds: number; readonly statistics?: MachineStatistics };

/** Something that runs programs. */
export interface BenchEngine {
  /** A mode of Cloister's engine, or "qemu". */
  readonly name: string;
  /** @throws CloisterError `machine_failed` where the program prints something else than it should, or does not end well */
  run(program: BenchProgram): Promise<Taken>;
}

const QEMU = "qemu-system-riscv64";
const MEMORY_MIB = 16;
/** A program takes half a minute on the slowest hosts: one that takes longer never ends. */
const LONGEST_MS = 600_000;

/** Cloister's own engine in a mode; `cached` is `auto` with what an earlier run compiled. */
export function ownEngine(mode: ExecutionMode | "cached"): BenchEngine {
  return {
    name: mode,
    run(program) {
      if (mode !== "cached") return runOwn(program, { mode });
      return runWithKeptCode((code) => runOwn(program, { ...code, mode: "auto" }));
    },
  };
}

async function runOwn(
  program: BenchProgram,
  manner: { readonly mode: ExecutionMode } & Partial<KeptCode>,
): Promise<Taken> {
  let printed = "";
  const machine = await createMachine({
    host: nodeHost(),
    ...manner,
    kernel: Buffer.from(program.elf, "base64"),
    memoryMib: MEMORY_MIB,
    rng: false,
    noReboot: true,
    serial: { transmit: (bytes) => void (printed += Buffer.from(bytes).toString("latin1")) },
  });
  const timer = setTimeout(() => void machine.pause(), LONGEST_MS);
  const end = await machine.run();
  clearTimeout(timer);
  const statistics = machine.stats();
  machine.close();
  check({ program, engine: manner.mode, end: end.kind, printed });
  return { seconds: statistics.wallSeconds, statistics };
}

/** QEMU's emulator of the same board, where it is installed. */
export async function findQemu(): Promise<BenchEngine | undefined> {
  const { end } = await runTool(QEMU, ["--version"]);
  return end === "power_off" ? { name: "qemu", run: runInQemu } : undefined;
}

/** Its time is that of its process: the start of it is a small part. */
async function runInQemu(program: BenchProgram): Promise<Taken> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-vm-bench-"));
  try {
    const kernel = join(folder, program.name);
    writeFileSync(kernel, Buffer.from(program.elf, "base64"));
    const board = ["-M", "virt", "-accel", "tcg", "-smp", "1", "-m", `${MEMORY_MIB}`, "-bios", "none"];
    const options = ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"];
    const startedAt = performance.now();
    const ended = await runTool(QEMU, [...board, ...options, "-kernel", kernel]);
    check({ program, engine: QEMU, ...ended });
    return { seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Ended = { readonly end: string; readonly printed: string };

/** @returns what it printed; as end "power_off" for exit 0, as QEMU has it, else why it ended. Never rejects */
function runTool(file: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { timeout: LONGEST_MS, killSignal: "SIGKILL" }, (error, printed) =>
      resolve({ end: error === null ? "power_off" : error.message, printed }),
    );
    child.stdin?.end();
  });
}

function check({
  program,
  engine,
  end,
  printed,
}: Ended & { readonly program: BenchProgram; readonly engine: string }): void {
  if (end === "power_off" && printed === program.output) return;
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected ${program.name} to print ${JSON.stringify(program.output)} and power off; ${engine} printed ${JSON.stringify(printed)} and ended with ${end}.`,
  });
}
