import { existsSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { folderSizeKib } from "../limits/index.ts";
import type { SnapshotFacts } from "../port.ts";
import { runTool } from "../tool/index.ts";

/** The disk of a machine that is a folder. */
export type FolderDisk = {
  /** What a snapshot holds. */
  readonly disk: string;
  /** Where snapshots lie, one folder each. */
  readonly snapshots: string;
  /** Copies a tree to a place that does not exist yet. */
  readonly copy: (from: string, into: string) => Promise<void>;
};

const NAME = /^[a-z0-9-]{1,64}$/;

/** Copies the disk as it is now; programs go on meanwhile. A copy that fails leaves nothing. */
export async function saveSnapshot(target: FolderDisk, name: string): Promise<SnapshotFacts> {
  const place = snapshotPlace(target, name);
  await copyWhole(target, target.disk, place);
  return { kind: "disk", pausedMs: 0, sizeKib: (await folderSizeKib(place)) ?? 0 };
}

/** Puts a snapshot in the disk's place. The machine's processes must have ended. */
export async function restoreSnapshot(target: FolderDisk, name: string): Promise<void> {
  completeRestore(target);
  await copyWhole(target, requireSnapshot(target, name), freshDisk(target));
  await removeTree(oldDisk(target));
  renameSync(target.disk, oldDisk(target));
  completeRestore(target);
  await removeTree(oldDisk(target));
}

/** Ends what a crash interrupted while one disk took the other's place. */
export function completeRestore(target: FolderDisk): void {
  if (!existsSync(target.disk) && existsSync(freshDisk(target))) renameSync(freshDisk(target), target.disk);
}

const freshDisk = ({ disk }: FolderDisk): string => `${disk}.restored`;
const oldDisk = ({ disk }: FolderDisk): string => `${disk}.old`;

/** Copies a disk, or a snapshot of it, to a place that does not exist yet. */
export async function cloneDisk(source: FolderDisk, into: string, snapshot?: string): Promise<void> {
  const from = snapshot === undefined ? source.disk : requireSnapshot(source, snapshot);
  await copyWhole(source, from, into);
}

/** Removes a snapshot; one that is not there is no error. */
export async function removeSnapshot(target: FolderDisk, name: string): Promise<void> {
  await removeTree(snapshotPlace(target, name));
}

/**
 * Removes a folder with all that is in it, links as links, also where programs have taken away its owner's right to look into parts.
 * Nothing may be at work in it any more.
 */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    const env = { PATH: "/usr/bin:/bin" };
    await runTool("chmod", ["-R", "u+rwX", "--", folder], { env, allow: [1] });
    await rm(folder, { recursive: true, force: true, maxRetries: 2 });
  }
}

async function copyWhole({ copy }: FolderDisk, from: string, into: string): Promise<void> {
  const draft = `${into}.new`;
  await Promise.all([removeTree(draft), removeTree(into)]);
  try {
    await copy(from, draft);
    renameSync(draft, into);
  } catch (error: unknown) {
    await removeTree(draft);
    throw error;
  }
}

function requireSnapshot(target: FolderDisk, name: string): string {
  const place = snapshotPlace(target, name);
  if (existsSync(place)) return place;
  throw new CloisterError({ code: "machine_failed", message: `The machine has no snapshot named ${name}.` });
}

function snapshotPlace({ snapshots }: FolderDisk, name: string): string {
  if (NAME.test(name)) return join(snapshots, name);
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected the name of a snapshot of lower case letters, digits and dashes, got ${JSON.stringify(name)}.`,
  });
}
