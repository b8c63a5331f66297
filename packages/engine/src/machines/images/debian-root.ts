import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BuiltRoot, ImageBuild } from "./build-image.ts";
import { writeGuestFiles } from "./guest-files.ts";
import type { DebianArchive } from "./debian-archive.ts";
import { hostArchitecture } from "./host-architecture.ts";
import { installNode } from "./node-files.ts";
import type { ImageManifest } from "./port.ts";
import { packFolder } from "./pack-folder.ts";
import { ADD_AGENT, CLEAN, LEFT_OUT } from "./root-scripts.ts";
import { runBuildTool, type ToolContext } from "./build-tool.ts";
import { buildUnpackedRoot } from "./unpacked-root.ts";

/** What Node is linked with, besides what every Debian has. */
const NODE_NEEDS: readonly string[] = ["libstdc++6"];

/** A Debian build: what to build, and from where. */
export type DebianBuild = ImageBuild & { readonly debian: DebianArchive };

/**
 * Builds a root file system of Debian packages, Node and npm packages. For this host's architecture the packages are installed; for
 * another they are unpacked, since their scripts could not run.
 */
export async function buildDebianRoot(context: ToolContext, build: DebianBuild): Promise<BuiltRoot> {
  const own = join(context.folder, "own");
  mkdirSync(own, { recursive: true });
  const npm = await installNode(context, { manifest: build.manifest, root: own });
  writeGuestFiles(own, build.guestProgram);
  const ownArchive = join(context.folder, "own.tar");
  await packFolder(context, { folder: own, archive: ownArchive, special: [] });
  const archive = join(context.folder, "rootfs.tar");
  context.onProgress(`installing ${build.manifest.packages.length} Debian packages and what they need`);
  if (build.manifest.architecture === hostArchitecture())
    await runBuildTool(context, debootstrap(build, { archive, ownArchive }));
  else await unpack(context, build, { archive, ownArchive });
  return { archive, npm, packages: await installedPackages(context, archive) };
}

/** Archives: the root file system's, and that of what Cloister adds. */
type Archives = { readonly archive: string; readonly ownArchive: string };

async function unpack(context: ToolContext, build: DebianBuild, { archive, ownArchive }: Archives): Promise<void> {
  const packages = await build.debian.collect(wantedPackages(build.manifest));
  await buildUnpackedRoot(context, { packages, own: ownArchive, archive });
}

function wantedPackages({ node, packages }: ImageManifest): readonly string[] {
  return [...packages, ...(node === undefined ? [] : NODE_NEEDS)];
}

function debootstrap(build: DebianBuild, paths: Archives): readonly string[] {
  const { architecture, release } = build.manifest;
  const packages = wantedPackages(build.manifest);
  return [
    "mmdebstrap",
    "--quiet",
    `--mode=${process.getuid?.() === 0 ? "root" : "unshare"}`,
    "--variant=essential",
    "--format=tar",
    `--architectures=${architecture}`,
    ...(packages.length === 0 ? [] : [`--include=${packages.join(",")}`]),
    ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
    `--customize-hook=${ADD_AGENT}`,
    `--customize-hook=${CLEAN}`,
    `--customize-hook=tar-in ${paths.ownArchive} /`,
    release,
    paths.archive,
    ...build.debian.sources,
  ];
}

/** Of the packages' own database in the archive: `name=version`, in order. */
async function installedPackages(context: ToolContext, archive: string): Promise<string[]> {
  const status = await runBuildTool(context, [
    "tar",
    "--extract",
    "--to-stdout",
    `--file=${archive}`,
    "./var/lib/dpkg/status",
  ]);
  const field = (entry: string, name: string): string => new RegExp(`^${name}: (.+)$`, "m").exec(entry)?.[1] ?? "";
  const entries = status.split("\n\n").filter((entry) => / (installed|unpacked)$/.test(field(entry, "Status")));
  return entries.map((entry) => `${field(entry, "Package")}=${field(entry, "Version")}`);
}
