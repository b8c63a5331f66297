/** Disks in files of the host. */

import { realpathSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import { inflateRawSync } from "node:zlib";
import type { BlockBackend } from "../bus/port.ts";
import { createOverlayDisk } from "../disk/overlay-disk.ts";
import type { DiskFormat, RandomAccessFile } from "../disk/port.ts";
import { QCOW2_MAGIC, type BackingName } from "../disk/qcow2/header.ts";
import { openQcow2Disk } from "../disk/qcow2/qcow2-disk.ts";
import { createRawDisk } from "../disk/raw-disk.ts";
import { VmError } from "../error.ts";
import { openRandomAccessFile } from "./file.ts";

/** Images that may lie one under the other where nobody says otherwise. */
const IMAGES_MAX = 8;

/** How a disk is opened. */
export type OpenDiskOptions = {
  readonly path: string;
  /** Absent: the file's first bytes tell, and a guest can't make a raw disk look like a qcow2 image then. */
  readonly format?: DiskFormat;
  /** Writes stay in memory, and are gone with the machine; the file is only read. */
  readonly snapshot?: boolean;
  readonly readOnly?: boolean;
  /**
   * Folders that files under an image may be in, besides the image's own: an image names what it lies over, and a hostile one would name
   * a file that the guest must not see.
   */
  readonly backingFolders?: readonly string[];
  /** Images that may lie one under the other, the first included; 8 where it is left out. A cycle ends here too. */
  readonly imagesMax?: number;
};

/**
 * Opens a raw or qcow2 file as a disk.
 * @throws VmError `disk_invalid` where the image is damaged, asks for what is not known, or lies over a file that it may not;
 *   `disk_failed` where a file can't be opened
 */
export function openDisk(options: OpenDiskOptions): BlockBackend {
  const snapshot = options.snapshot ?? false;
  const readOnly = snapshot || (options.readOnly ?? false);
  const disk = openImage({ ...options, readOnly, remaining: (options.imagesMax ?? IMAGES_MAX) - 1 });
  return snapshot && options.readOnly !== true ? createOverlayDisk(disk) : disk;
}

type Image = Pick<OpenDiskOptions, "path" | "format" | "backingFolders"> & {
  readonly readOnly: boolean;
  readonly remaining: number;
};

function openImage(image: Image): BlockBackend {
  const file = openRandomAccessFile(image);
  try {
    const sniffed = isQcow2(file) ? "qcow2" : "raw";
    if ((image.format ?? sniffed) === "raw")
      return image.format === "raw" ? createRawDisk(file) : guardFormat(createRawDisk(file));
    return openQcow2Disk(file, { inflate, openBacking: (backing) => openBacking(image, backing) });
  } catch (error) {
    file.close();
    throw error;
  }
}

function isQcow2(file: RandomAccessFile): boolean {
  const bytes = new Uint8Array(4);
  file.read(0, bytes);
  return new DataView(bytes.buffer).getUint32(0) === QCOW2_MAGIC;
}

/** Refuses writes that would make a file whose format nobody named another one when it is opened next. */
function guardFormat(disk: BlockBackend): BlockBackend {
  const write = (offset: number, bytes: Uint8Array): void => {
    if (offset >= 4) return disk.write(offset, bytes);
    const start = new Uint8Array(4);
    disk.read(0, start);
    start.set(bytes.subarray(0, 4 - offset), offset);
    if (new DataView(start.buffer).getUint32(0) === QCOW2_MAGIC) {
      throw new VmError(
        "disk_failed",
        "The guest writes a qcow2 header to a disk whose format was not named: add format=raw.",
      );
    }
    disk.write(offset, bytes);
  };
  const { sizeBytes, readOnly } = disk;
  return {
    sizeBytes,
    readOnly,
    write,
    read: (offset, into) => disk.read(offset, into),
    flush: () => disk.flush(),
    close: () => disk.close(),
  };
}

function openBacking(image: Image, { name, format }: BackingName): BlockBackend {
  if (image.remaining === 0)
    throw new VmError("disk_invalid", `${image.path} lies under too many images, or over itself.`);
  const path = allowedPath(image, name);
  return openImage({
    path,
    readOnly: true,
    remaining: image.remaining - 1,
    ...(format === undefined ? {} : { format }),
    ...(image.backingFolders === undefined ? {} : { backingFolders: image.backingFolders }),
  });
}

/** Where the name leads, links followed. @throws VmError `disk_invalid` where that is in none of the folders */
function allowedPath(image: Image, name: string): string {
  const own = dirname(realPath(image.path));
  const path = realPath(resolve(own, name));
  const folders = [own, ...(image.backingFolders ?? []).map(realPath)];
  if (folders.some((folder) => path.startsWith(folder.endsWith(sep) ? folder : folder + sep))) return path;
  throw new VmError(
    "disk_invalid",
    `${image.path} lies over "${name}", which is in none of the folders that it may be in: ${folders.join(", ")}.`,
  );
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new VmError("disk_invalid", `There is no ${path}, which a disk lies over.`, { cause });
  }
}

/** Expands deflate data; never more than was asked for, and whatever follows it is left alone. */
function inflate(bytes: Uint8Array, length: number): Uint8Array {
  return inflateRawSync(bytes, { maxOutputLength: length });
}
