/**
 * The disk of a machine: the image's, and above it layers that hold what was written. Only the last layer is ever written to; one that
 * became a snapshot's, a clone's or a template's stays as it is. So copies share layers by hard link: each machine's folder has all that
 * its disk is made of, under the same names, and nothing that somebody removes elsewhere can take it away.
 *
 * Layers name their backing file without a folder, which QEMU takes to be beside them.
 */
import { randomBytes } from "node:crypto";
import { constants, copyFileSync, linkSync, lstatSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, type MachineLimits } from "@cloister/core";
import type { MachineImage } from "../port.ts";
import { runTool } from "../tool/index.ts";
import { writeOverlay } from "./qcow2.ts";
import type { MachineRecord } from "./record.ts";

/** What an image gives a machine, by the names that it has in the machine's folder. */
export const IMAGE_FILES = {
  kernel: "kernel",
  initrd: "initrd",
  disk: "base.raw",
  /** The guest agent that a foreign disk lacks. */
  guestProgram: "cloister-guest",
} as const;

/** With more layers than this, they are made one when the machine starts anew. QEMU opens each of them. */
const MAX_LAYERS = 24;
const FLATTEN_MS = 600_000;
const MIB = 1024 * 1024;
const SECTOR = 512;

/** A name that no layer has yet. */
export function newLayer(): string {
  return `layer-${randomBytes(6).toString("hex")}.qcow2`;
}

/** A name that no saved state has yet. */
export function newState(): string {
  return `state-${randomBytes(6).toString("hex")}`;
}

/** Makes the files of an image those of a machine as well. @throws CloisterError `image_invalid` where it is not for virtual machines */
export function adoptImage(image: MachineImage, folder: string): void {
  const { kernel, initrd, disk, foreign } = image;
  if ((kernel === undefined && foreign === undefined) || disk === undefined)
    throw new CloisterError({
      code: "image_invalid",
      message: "Expected an image with kernel and disk, got one without.",
      remedy: "Build one with `disk` among its outputs.",
    });
  for (const [from, to] of [
    [kernel, IMAGE_FILES.kernel],
    [initrd, IMAGE_FILES.initrd],
    [disk, IMAGE_FILES.disk],
    [foreign?.guestProgram, IMAGE_FILES.guestProgram],
  ] as const)
    if (from !== undefined) linkOrPoint(from, join(folder, to));
}

/** The size of a disk that holds the image and what the limits allow, in bytes. */
export function diskBytesFor(image: MachineImage, limits: MachineLimits): number {
  const wanted = Math.ceil(limits.diskMib) * MIB;
  const size = image.disk === undefined ? 0 : statSync(image.disk).size;
  return Math.ceil(Math.max(wanted, size) / SECTOR) * SECTOR;
}

/** Makes what a machine (or template) stands on that of another as well: image and layers. */
export function shareLayers(from: string, into: string, layers: readonly string[]): void {
  const image = Object.values(IMAGE_FILES).filter(
    (file) => lstatSync(join(from, file), { throwIfNoEntry: false }) !== undefined,
  );
  for (const file of [...image, ...layers]) shareFile(join(from, file), join(into, file));
}

/** Gives a file a second name: a link where that can be, a copy where it can't. */
export function shareFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // Another file system: a copy that shares its blocks where that is possible.
    copyFileSync(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  }
}

/** Puts an empty layer on top of others. @returns all of them */
export function addLayer(folder: string, layers: readonly string[], sizeBytes: number): string[] {
  const layer = newLayer();
  const below = layers.at(-1);
  const backing = below === undefined ? IMAGE_FILES.disk : below;
  writeOverlay(join(folder, layer), { backing, backingFormat: below === undefined ? "raw" : "qcow2", sizeBytes });
  return [...layers, layer];
}

/** The same disk in one layer, where there are too many. The old ones stay: others may stand on them. */
export async function flatten(
  folder: string,
  layers: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const top = layers.at(-1);
  if (layers.length <= MAX_LAYERS || top === undefined) return layers;
  const layer = newLayer();
  const args = ["convert", "-O", "qcow2", "-B", IMAGE_FILES.disk, "-F", "raw", top, layer];
  await runTool("qemu-img", args, { env, cwd: folder, timeLimitMs: FLATTEN_MS });
  return [layer];
}

/** Removes layers and states that neither the machine nor a snapshot of it needs. */
export function dropUnused(folder: string, { layers, snapshots }: MachineRecord): void {
  const kept = Object.values(snapshots);
  const needed = new Set([...layers, ...kept.flatMap((snapshot) => [...snapshot.layers, snapshot.state ?? ""])]);
  for (const file of readdirSync(folder))
    if (/^(?:layer|state)-/.test(file) && !needed.has(file)) rmSync(join(folder, file), { force: true });
}

/** What files take up on the host, in KiB; what several machines share is counted in part. */
export function diskKib(folder: string, files: readonly string[]): number {
  const sizes = files.map((file) => {
    const found = lstatSync(join(folder, file), { throwIfNoEntry: false });
    return found === undefined ? 0 : (found.blocks * SECTOR) / 1024 / found.nlink;
  });
  return Math.round(sizes.reduce((sum, size) => sum + size, 0));
}

/** Images are never written to: across file systems it is enough to point to them. */
function linkOrPoint(from: string, to: string): void {
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch {
    symlinkSync(from, to); // Another file system, or another owner.
  }
}
