import { realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BlockBackend } from "@cloister/vm";
import { IMAGE_FILES, addLayer } from "../virtual/layers.ts";
import { SwitchingDisk } from "./switching-disk.ts";

/** With more layers than this, they are made one when the machine starts anew: each is looked into for what the ones above lack. */
const LAYERS_MAX = 24;
/** What is compared and copied at a time, in bytes: a cluster. */
const CHUNK = 65_536;

/**
 * The same disk in one layer, where there are too many. The old ones stay: others may stand on them.
 * @returns names of the layers in the folder
 */
export function flattenLayers(folder: string, layers: readonly string[]): readonly string[] {
  const top = layers.at(-1);
  if (top === undefined || layers.length <= LAYERS_MAX) return layers;
  const imageFolder = dirname(realpathSync(join(folder, IMAGE_FILES.disk)));
  const old = new SwitchingDisk(join(folder, top), imageFolder);
  const flat = addLayer(folder, [], old.sizeBytes);
  const path = join(folder, flat.at(-1) ?? "");
  try {
    copyChanges(old, new SwitchingDisk(path, imageFolder));
    return flat;
  } catch (error: unknown) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    old.close();
  }
}

/** Writes what differs: an overlay shows what is below it where nothing was written. */
function copyChanges(from: BlockBackend, into: BlockBackend): void {
  const [wanted, there] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
  for (let offset = 0; offset < from.sizeBytes; offset += CHUNK) {
    const length = Math.min(CHUNK, from.sizeBytes - offset);
    from.read(offset, wanted.subarray(0, length));
    into.read(offset, there.subarray(0, length));
    if (wanted.compare(there, 0, length, 0, length) !== 0) into.write(offset, wanted.subarray(0, length));
  }
  into.flush();
  into.close();
}
