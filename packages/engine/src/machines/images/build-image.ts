import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBusyboxRoot } from "./busybox-root.ts";
import { type DebianArchive, openDebianArchive } from "./debian-archive.ts";
import { debianKernel } from "./debian-kernel.ts";
import { buildDebianRoot } from "./debian-root.ts";
import { debianSources } from "./debian-sources.ts";
import { writeDisk } from "./disk.ts";
import { IMAGE_FILES, type ImageRecord } from "./image-record.ts";
import { writeInitrd } from "./initrd.ts";
import { buildNixosImage } from "./nixos-image.ts";
import type { ImageManifest } from "./port.ts";
import type { ToolContext } from "./build-tool.ts";

/** What to build, where. */
export type ImageBuild = {
  readonly manifest: ImageManifest;
  /** The guest agent for the image's architecture. */
  readonly guestProgram: string;
  /** Where the image's files go. */
  readonly target: string;
};

/** What is in an image. */
export type ImageContents = Pick<ImageRecord, "packages" | "npm">;

/** A root file system: an archive, and what is in it. */
export type BuiltRoot = ImageContents & { readonly archive: string };

/** Builds the files of an image. What it needs besides lies in the context's folder. */
export async function buildImage(context: ToolContext, build: ImageBuild): Promise<ImageContents> {
  const { manifest, target } = build;
  if (manifest.builder === "nixos") return await buildNixosImage(context, build);
  context.onProgress(`reading Debian ${manifest.release} for ${manifest.architecture}`);
  const sources = await debianSources(context, manifest.release);
  const debian = await openDebianArchive(context, manifest.architecture, sources);
  const busybox = await staticBusybox(debian);
  const root =
    manifest.builder === "busybox"
      ? await buildBusyboxRoot(context, { guestProgram: build.guestProgram, busybox })
      : await buildDebianRoot(context, { ...build, debian });
  const kernel = manifest.outputs.includes("disk")
    ? await writeBootFiles(context, build, { debian, busybox, root })
    : [];
  if (manifest.outputs.includes("archive")) renameSync(root.archive, join(target, IMAGE_FILES.archive));
  return { packages: [...root.packages, busybox.from, ...kernel].toSorted(), npm: root.npm };
}

/** BusyBox as a static program for the image's architecture, and the package that it is from. */
export type Busybox = { readonly program: string; readonly from: string };

async function staticBusybox(debian: DebianArchive): Promise<Busybox> {
  const { folder, version } = await debian.unpack("busybox-static");
  const places = ["bin/busybox", "usr/bin/busybox"].map((path) => join(folder, path));
  const program = places.find((path) => existsSync(path)) ?? "";
  return { program, from: `busybox-static=${version}` };
}

type BootParts = { readonly debian: DebianArchive; readonly busybox: Busybox; readonly root: BuiltRoot };

/** Writes what a virtual machine boots from. @returns the package of the kernel */
async function writeBootFiles(context: ToolContext, build: ImageBuild, parts: BootParts): Promise<readonly string[]> {
  const { manifest, target } = build;
  context.onProgress("getting the kernel");
  const kernel = await debianKernel(context, parts.debian, manifest.architecture);
  writeFileSync(join(target, IMAGE_FILES.compressedKernel), kernel.image);
  if (kernel.uncompressed !== undefined) writeFileSync(join(target, IMAGE_FILES.kernel), kernel.uncompressed);
  const initrd = writeInitrd(readFileSync(parts.busybox.program), kernel.modules);
  writeFileSync(join(target, IMAGE_FILES.initrd), initrd);
  context.onProgress("making the disk");
  const disk = join(target, IMAGE_FILES.disk);
  await writeDisk(context, { archive: parts.root.archive, disk, sizeMib: manifest.diskMib });
  return [kernel.from];
}
