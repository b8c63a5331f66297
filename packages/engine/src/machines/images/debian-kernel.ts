import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import type { DebianArchive } from "./debian-archive.ts";
import { bootModules, type KernelModule } from "./kernel-modules.ts";
import { uncompressKernel } from "./kernel-image.ts";
import type { ToolContext } from "./build-tool.ts";

/** A kernel to boot directly, without boot loader. */
export type Kernel = {
  /** The package that it is from, with version. */
  readonly from: string;
  /** As the package has it. */
  readonly image: Buffer;
  /** Undefined where that is not compressed, or can't be uncompressed here. */
  readonly uncompressed?: Buffer;
  readonly modules: readonly KernelModule[];
};

/** Debian's kernels for virtual machines; riscv64 has one kernel for everything. */
const PACKAGES: Readonly<Record<string, string>> = {
  amd64: "linux-image-cloud-amd64",
  arm64: "linux-image-cloud-arm64",
  riscv64: "linux-image-riscv64",
};

/** Gets Debian's newest kernel of a release, with the modules that it needs to find its disk and guest agent. */
export async function debianKernel(
  context: ToolContext,
  archive: DebianArchive,
  architecture: string,
): Promise<Kernel> {
  const pointer = PACKAGES[architecture] ?? "";
  const name = (await archive.dependencies(pointer)).find((dependency) => dependency.startsWith("linux-image-"));
  if (name === undefined) throw noKernel(pointer);
  const { folder, version } = await archive.unpack(name);
  const file = readdirSync(join(folder, "boot")).find((entry) => entry.startsWith("vmlinu"));
  if (file === undefined) throw noKernel(name);
  const image = readFileSync(join(folder, "boot", file));
  const uncompressed = uncompressKernel(image);
  const modules = await bootModules(context, folder);
  return { from: `${name}=${version}`, image, modules, ...(uncompressed === undefined ? {} : { uncompressed }) };
}

function noKernel(name: string): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Expected a kernel in Debian's package ${name}, found none.`,
  });
}
