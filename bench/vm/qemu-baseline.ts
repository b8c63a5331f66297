/**
 * Measures QEMU's system machine on the workloads of this folder, and prints wall seconds: `node bench/vm/qemu-baseline.ts [ROUNDS]`.
 * The kernel and BusyBox are those of the image `tiny`, which is built where it is missing. `CLOISTER_BENCH_COREMARK` names a CoreMark
 * program; without it CoreMark is left out. README.md says how to make one.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openImages, readManifest } from "@cloister/engine/machines";
import { percentile } from "../measurement.ts";
import { type MachineTimes, readConsoleTimes } from "./console-times.ts";
import { packWorkloads, workloadNames } from "./workloads.ts";

const TIME_LIMIT_MS = 300_000;
const MEMORY_MIB = 256;
const MACHINE =
  `-nodefaults -no-user-config -no-reboot -display none -serial stdio -M virt -accel tcg -smp 1 -m ${MEMORY_MIB}`.split(
    " ",
  );

/** What a machine boots: paths of files. */
export type BootFiles = { readonly kernel: string; readonly initrd: string };

/** The kernel's command line, the same for every engine. */
export const KERNEL_WORDS = "console=ttyS0 quiet";

/** Boots the files in QEMU, as a single hart that is emulated, and takes the times of the workloads in them. */
export async function measureOnQemu({ kernel, initrd }: BootFiles): Promise<MachineTimes> {
  const startedAt = performance.now();
  const qemu = spawn(
    "qemu-system-riscv64",
    [...MACHINE, "-kernel", kernel, "-initrd", initrd, "-append", KERNEL_WORDS],
    { stdio: ["ignore", "pipe", "inherit"], timeout: TIME_LIMIT_MS, killSignal: "SIGKILL" },
  );
  const ended = once(qemu, "exit");
  try {
    return await readConsoleTimes(qemu.stdout, { startedAt, now: () => performance.now() });
  } finally {
    qemu.kill("SIGKILL");
    await ended;
  }
}

/** Builds what every engine boots for the comparison, below `folder`. */
export async function prepareBootFiles(folder: string, coremark: string | undefined): Promise<BootFiles> {
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]));
  const manifest = { ...readManifest("tiny"), architecture: "riscv64" };
  const image = await openImages(env).build(manifest, { onProgress: (line) => process.stderr.write(`${line}\n`) });
  const { kernel = "", initrd: bare = "" } = image;
  const initrd = join(folder, "workloads.cpio");
  writeFileSync(initrd, packWorkloads({ initrd: readFileSync(bare), ...(coremark === undefined ? {} : { coremark }) }));
  return { kernel, initrd };
}

async function main(rounds: number, coremark: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-qemu-"));
  try {
    const files = await prepareBootFiles(folder, coremark);
    const taken: MachineTimes[] = [];
    for (let round = 0; round < rounds; round++) taken.push(await measureOnQemu(files));
    print(
      "boot",
      taken.map(({ bootSeconds }) => bootSeconds),
      "",
    );
    for (const name of workloadNames(coremark === undefined ? {} : { coremark })) {
      const times = taken.flatMap(({ workloads }) => workloads.get(name) ?? []);
      const output = times[0]?.output ?? [];
      const said = output.filter((line) => /checksum|crcfinal|Iterations\/Sec|^[0-9a-f]{32}/.test(line)).join("; ");
      print(
        name,
        times.map(({ seconds }) => seconds),
        said,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function print(name: string, seconds: readonly number[], said: string): void {
  const all = seconds.map((value) => value.toFixed(2)).join(" ");
  process.stdout.write(`${name.padEnd(12)} ${percentile(seconds, 0.5).toFixed(2)} s  (${all})  ${said}\n`);
}

if (import.meta.main) await main(Number(process.argv[2] ?? 3), process.env["CLOISTER_BENCH_COREMARK"]);
