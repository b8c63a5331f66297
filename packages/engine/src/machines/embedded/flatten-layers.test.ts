import { deepEqual, equal } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { IMAGE_FILES, addLayer } from "../virtual/layers.ts";
import { flattenLayers } from "./flatten-layers.ts";
import { SwitchingDisk } from "./switching-disk.ts";

const CLUSTER = 65_536;
/** No whole number of clusters. */
const BYTES = 40 * CLUSTER + 512;

const folder = mkdtempSync(join(tmpdir(), "cloister-flatten-"));
after(() => rmSync(folder, { recursive: true }));

function contentOf(layer: string): Buffer {
  const disk = new SwitchingDisk(join(folder, layer), folder);
  const content = Buffer.alloc(disk.sizeBytes);
  disk.read(0, content);
  disk.close();
  return content;
}

test("a disk of many layers becomes one of one layer, and shows the same: what was written, zeroed, and never touched", () => {
  writeFileSync(join(folder, IMAGE_FILES.disk), Buffer.alloc(10 * CLUSTER, "image"));
  let layers = addLayer(folder, [], BYTES);
  const disk = new SwitchingDisk(join(folder, layers[0] ?? ""), folder);
  for (let round = 0; round < 25; round += 1) {
    disk.write(round * CLUSTER + 100, Buffer.from(`round ${round}`));
    disk.zero((round + 1) * CLUSTER, CLUSTER);
    layers = addLayer(folder, layers, BYTES);
    disk.switchTo(join(folder, layers.at(-1) ?? ""));
  }
  disk.write(BYTES - 3, Buffer.from("end"));
  disk.close();
  equal(layers.length, 26);
  const flat = flattenLayers(folder, layers);
  equal(flat.length, 1);
  const content = contentOf(flat[0] ?? "");
  equal(content.compare(contentOf(layers.at(-1) ?? "")), 0);
  equal(content.toString("latin1", 24 * CLUSTER + 100, 24 * CLUSTER + 108), "round 24");
  equal(content.toString("latin1", BYTES - 3), "end");
});

test("a disk of few layers stays as it is", () => {
  const layers = addLayer(folder, [], BYTES);
  deepEqual(flattenLayers(folder, layers), layers);
});
