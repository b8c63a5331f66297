import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BuiltRoot, ImageBuild } from "./build-image.ts";
import { writeGuestFiles } from "./guest-files.ts";
import { installNode } from "./node-files.ts";
import { packFolder } from "./pack-folder.ts";
import { runBuildTool, type ToolContext } from "./build-tool.ts";

/** Documentation and translations: nobody reads them in a machine. */
const LEFT_OUT: readonly string[] = [
  "path-exclude=/usr/share/doc/*",
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/info/*",
  "path-exclude=/usr/share/locale/*",
  "path-exclude=/usr/share/lintian/*",
];

/** What Node is linked with, besides what every Debian has. */
const NODE_NEEDS: readonly string[] = ["libstdc++6"];

/** Adds the user whom agents and gates run as, without password; `$1` is the root. No program of the image runs, so that any architecture will do. */
const ADD_AGENT = `set -e
echo 'agent:x:1000:1000:Agent:/home/agent:/bin/bash' >>"$1/etc/passwd"
echo 'agent:x:1000:' >>"$1/etc/group"
echo 'agent:!:20089:0:99999:7:::' >>"$1/etc/shadow"
install -d -m 755 "$1/home/agent"
chown 1000:1000 "$1/home/agent"`;

/** Removes what differs between two builds, and what names a machine. */
const CLEAN = `set -e
cd "$1"
rm -rf var/lib/apt/lists/* var/cache/apt var/cache/debconf/*-old var/cache/ldconfig var/lib/dpkg/*-old var/backups/* run/* tmp/*
rm -f etc/ssh/ssh_host_* etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/subuid- etc/subgid- var/lib/dbus/machine-id
find var/log -type f -delete`;

/** A Debian build: what to build, and lines of a sources.list. */
export type DebianBuild = ImageBuild & { readonly sources: readonly string[] };

/** Builds a root file system of Debian packages, Node and npm packages. */
export async function buildDebianRoot(context: ToolContext, build: DebianBuild): Promise<BuiltRoot> {
  const own = join(context.folder, "own");
  mkdirSync(own, { recursive: true });
  const npm = await installNode(context, { manifest: build.manifest, root: own });
  writeGuestFiles(own, build.guestProgram);
  const ownArchive = join(context.folder, "own.tar");
  await packFolder(context, { folder: own, archive: ownArchive, special: [] });
  const archive = join(context.folder, "rootfs.tar");
  context.onProgress(`installing ${build.manifest.packages.length} Debian packages and what they need`);
  await runBuildTool(context, debootstrap(build, { archive, ownArchive }));
  return { archive, npm, packages: await installedPackages(context, archive) };
}

function debootstrap(
  build: DebianBuild,
  paths: { readonly archive: string; readonly ownArchive: string },
): readonly string[] {
  const { architecture, node, release } = build.manifest;
  const packages = [...build.manifest.packages, ...(node === undefined ? [] : NODE_NEEDS)];
  return [
    "mmdebstrap",
    "--quiet",
    `--mode=${process.getuid?.() === 0 ? "root" : "unshare"}`,
    "--variant=essential",
    "--format=tar",
    `--architectures=${architecture}`,
    ...(packages.length === 0 ? [] : [`--include=${packages.join(",")}`]),
    ...LEFT_OUT.map((option) => `--dpkgopt=${option}`),
    `--customize-hook=${ADD_AGENT}`,
    `--customize-hook=${CLEAN}`,
    `--customize-hook=tar-in ${paths.ownArchive} /`,
    release,
    paths.archive,
    ...build.sources,
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
  const entries = status.split("\n\n").filter((entry) => field(entry, "Status").endsWith(" installed"));
  return entries.map((entry) => `${field(entry, "Package")}=${field(entry, "Version")}`);
}
