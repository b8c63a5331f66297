/** What machines boot for the comparison: the same for all engines of an architecture. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openImages, readManifest } from "@cloister/engine/machines";
import { COREMARK } from "./settings.ts";
import { packWorkloads, workloadNames } from "./workloads.ts";

/** A kernel, an initial file system with the workloads, and what these are called. */
export type BootFiles = { readonly kernel: string; readonly initrd: string; readonly workloads: readonly string[] };

/** The kernel's command line. @param workload the only one to run, "" for none; left out: all */
export function kernelWords(workload?: string): string {
  return `console=ttyS0 quiet${workload === undefined ? "" : ` WORKLOADS=${workload}`}`;
}

/** Makes what RISC-V machines boot, of the kernel and BusyBox of the image `tiny`, which is built where it is missing. */
export async function prepareBootFiles(folder: string): Promise<BootFiles> {
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]));
  const manifest = { ...readManifest("tiny"), architecture: "riscv64" };
  const image = await openImages(env).build(manifest, { onProgress: (line) => process.stderr.write(`${line}\n`) });
  const { kernel = "", initrd: bare = "" } = image;
  const initrd = join(folder, "riscv64.cpio");
  const coremark = COREMARK.riscv64 === undefined ? {} : { coremark: COREMARK.riscv64 };
  writeFileSync(initrd, packWorkloads({ architecture: "riscv64", initrd: readFileSync(bare), ...coremark }));
  return { kernel, initrd, workloads: workloadNames(coremark) };
}
