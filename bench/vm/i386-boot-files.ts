/** What v86 boots: it knows 32-bit x86 alone. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { debianSources, openDebianArchive } from "@cloister/engine/machines";
import type { BootFiles } from "./boot-files.ts";
import { COREMARK } from "./settings.ts";
import { packFolder, packWorkloads, workloadNames } from "./workloads.ts";

const CACHE = join(import.meta.dirname, "..", "..", ".cache", "v86-guest");
const RELEASE = "bookworm"; // The last with a kernel for i386.

/** Makes it, of Debian's kernel and BusyBox, which are downloaded where that has not been done. */
export async function prepareI386BootFiles(folder: string): Promise<BootFiles> {
  const kernel = join(CACHE, "vmlinuz");
  const root = join(CACHE, "root");
  if (!existsSync(kernel)) await download({ kernel, busybox: join(root, "bin", "busybox") });
  const initrd = join(folder, "i386.cpio");
  const coremark = COREMARK.i386 === undefined ? {} : { coremark: COREMARK.i386 };
  writeFileSync(initrd, packWorkloads({ architecture: "i386", initrd: packFolder(root), ...coremark }));
  return { kernel, initrd, workloads: workloadNames(coremark) };
}

/** The kernel comes last: where it is, all is. */
async function download(target: { readonly kernel: string; readonly busybox: string }): Promise<void> {
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(join(target.busybox, ".."), { recursive: true });
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]));
  const suites = { CLOISTER_DEBIAN_SUITES: "release?" }; // Any kernel does: no need to wait for a mirror of the security archive.
  const context = { env: { ...suites, ...env }, folder: CACHE, onProgress: () => undefined };
  const archive = await openDebianArchive(context, "i386", await debianSources(context, RELEASE));
  const busybox = await archive.unpack("busybox-static");
  copyFileSync(join(busybox.folder, "bin", "busybox"), target.busybox);
  const names = await archive.dependencies("linux-image-686");
  const { folder } = await archive.unpack(names.find((name) => name.startsWith("linux-image-")) ?? "");
  const image = readdirSync(join(folder, "boot")).find((file) => file.startsWith("vmlinuz")) ?? "";
  copyFileSync(join(folder, "boot", image), target.kernel);
}
