import { closeSync, constants, copyFileSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { runBuildTool, type ToolContext } from "./build-tool.ts";
import { hostArchitecture } from "./host-architecture.ts";
import { IMAGE_FILES } from "./image-record.ts";
import { importedManifestSchema } from "./manifest-schema.ts";
import type { DiskImport, ImportedManifest } from "./port.ts";
import { isSafeQcow2, QCOW2_HEADER_BYTES } from "./qcow2-header.ts";

/** Boards of these architectures come with a firmware that boots a disk. */
const BOOTS_DISKS: readonly string[] = ["amd64"];
const SECTOR = 512;

/** Where the files of an import go. */
export type FileImport = {
  readonly disk: DiskImport;
  /** The guest agent for the disk's architecture. */
  readonly guestProgram: string;
  readonly target: string;
};

/** What is written down of a disk to import. @throws CloisterError `image_invalid` */
export function manifestOf(disk: DiskImport): ImportedManifest {
  const { name, architecture = hostArchitecture(), kernelArguments } = disk;
  const manifest = {
    name,
    builder: "imported",
    architecture,
    ...(kernelArguments !== undefined && { kernelArguments }),
  };
  const checked = importedManifestSchema.safeParse(manifest);
  const problem = checked.success
    ? problemOf(disk, architecture)
    : checked.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  if (checked.success && problem === undefined) return checked.data;
  throw new CloisterError({ code: "image_invalid", message: `A disk can't be imported as said: ${problem}.` });
}

function problemOf({ kernel, initrd, kernelArguments }: DiskImport, architecture: string): string | undefined {
  if (kernel !== undefined) return undefined;
  if (initrd !== undefined || kernelArguments !== undefined)
    return "expected a kernel with an initial file system or words for a kernel";
  if (BOOTS_DISKS.includes(architecture)) return undefined;
  return `expected a kernel: machines for ${architecture} have no firmware that would start the disk's boot loader`;
}

/**
 * Copies a disk, with kernel and initial file system where they are named, and puts the guest agent beside it.
 * @throws CloisterError `image_invalid` for a file that is no such disk
 */
export async function importFiles(context: ToolContext, { disk, guestProgram, target }: FileImport): Promise<void> {
  const { kernel, initrd } = disk;
  context.onProgress("copying the disk");
  await copyDisk(context, disk.disk, join(target, IMAGE_FILES.disk));
  for (const [from, name] of [
    [kernel, IMAGE_FILES.compressedKernel],
    [initrd, IMAGE_FILES.initrd],
    [guestProgram, IMAGE_FILES.guestProgram],
  ] as const)
    if (from !== undefined) copyRegular(from, join(target, name));
}

/** Holes stay holes. The format is said and not guessed, and nothing that a qcow2 image names is opened. */
async function copyDisk(context: ToolContext, from: string, to: string): Promise<void> {
  const file = { driver: "file", filename: from, "read-only": true };
  const source = isSafeQcow2(headOf(from), from)
    ? { driver: "qcow2", file, backing: null }
    : { driver: "raw", file: checkWhole(from, file) };
  await runBuildTool(context, ["qemu-img", "convert", "-O", "raw", `json:${JSON.stringify(source)}`, to]);
}

/** What is of no known format is taken as it is: a disk is made of sectors. */
function checkWhole<File>(path: string, file: File): File {
  const { size } = statSync(path);
  if (size > 0 && size % SECTOR === 0) return file;
  throw new CloisterError({
    code: "image_invalid",
    message: `Expected ${path} to be a qcow2 image, or a raw one of whole sectors of ${SECTOR} bytes; it has ${size} bytes.`,
    remedy: "Convert others first: qemu-img convert -O qcow2",
  });
}

function headOf(path: string): Buffer {
  checkRegular(path);
  const head = Buffer.alloc(QCOW2_HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    return head.subarray(0, readSync(file, head));
  } finally {
    closeSync(file);
  }
}

function copyRegular(from: string, to: string): void {
  checkRegular(from);
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
}

/** A device would be read without end. */
function checkRegular(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return;
  throw new CloisterError({ code: "image_invalid", message: `Expected a regular file, found none at ${path}.` });
}
