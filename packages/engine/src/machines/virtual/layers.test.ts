import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runTool } from "../tool/index.ts";
import { IMAGE_FILES, addLayer, dropUnused, flatten, shareLayers } from "./layers.ts";

const MIB = 1024 * 1024;
const env = { PATH: process.env["PATH"] ?? "" };
const home = mkdtempSync(join(tmpdir(), "cloister-layers-"));
after(() => rmSync(home, { recursive: true, force: true }));

for (const sizeMib of [64, 10_240, 2_000_000])
  test(`an empty layer of ${sizeMib} MiB is one to QEMU, without a fault, and shows what is below it`, async () => {
    const folder = makeFolder(`size-${sizeMib}`);
    const [layer = ""] = addLayer(folder, [], sizeMib * MIB);
    const { stdout } = await qemu("qemu-img", ["info", "--output=json", layer], folder);
    const found: unknown = JSON.parse(stdout);
    assert.deepEqual(pick(found, ["virtual-size", "backing-filename", "backing-filename-format"]), [
      sizeMib * MIB,
      IMAGE_FILES.disk,
      "raw",
    ]);
    await qemu("qemu-img", ["check", layer], folder);
    await expectByte(folder, layer, "0x11");
  });

test("what is written stays in the last layer; a copy has it without the folder that it came from", async () => {
  const [source, copy] = [makeFolder("source"), join(home, "copy")];
  mkdirSync(copy);
  const one = addLayer(source, [], 64 * MIB);
  await write(source, one[0] ?? "", "0x22");
  shareLayers(source, copy, one);
  const two = addLayer(copy, one, 64 * MIB);
  await write(copy, two[1] ?? "", "0x33");
  await expectByte(source, one[0] ?? "", "0x22");
  rmSync(source, { recursive: true });
  await expectByte(copy, two[1] ?? "", "0x33");
  await expectByte(copy, one[0] ?? "", "0x22");
});

test("too many layers become one with the same content, and those that nobody needs go", async () => {
  const folder = makeFolder("many");
  let layers: readonly string[] = [];
  for (let count = 0; count < 25; count++) layers = addLayer(folder, layers, 64 * MIB);
  await write(folder, layers[24] ?? "", "0x44");
  assert.deepEqual(await flatten(folder, layers.slice(1), env), layers.slice(1));
  const flat = await flatten(folder, layers, env);
  assert.equal(flat.length, 1);
  await expectByte(folder, flat[0] ?? "", "0x44");
  const hardware = { architecture: "amd64", accelerator: "tcg", memoryMib: 1, cpus: 1, diskBytes: 1 } as const;
  const kept = { kind: "disk", layers: layers.slice(0, 1) } as const;
  dropUnused(folder, { hardware, layers: flat, snapshots: { kept } });
  assert.equal(existsSync(join(folder, layers[0] ?? "")), true);
  assert.equal(existsSync(join(folder, layers[1] ?? "")), false);
  await expectByte(folder, flat[0] ?? "", "0x44");
  assert.equal(readFileSync(join(folder, IMAGE_FILES.disk))[0], 0x11, "the image was never written to");
});

function makeFolder(name: string): string {
  const folder = join(home, name);
  mkdirSync(folder);
  writeFileSync(join(folder, IMAGE_FILES.disk), Buffer.alloc(4096, 0x11));
  truncateSync(join(folder, IMAGE_FILES.disk), MIB);
  return folder;
}

function pick(value: unknown, names: readonly string[]): unknown[] {
  return names.map((name) => (value as Record<string, unknown>)[name]);
}

async function write(folder: string, file: string, byte: string): Promise<void> {
  await qemu("qemu-io", ["-c", `write -P ${byte} 0 4096`, file], folder);
}

async function expectByte(folder: string, file: string, byte: string): Promise<void> {
  await qemu("qemu-io", ["-r", "-c", `read -P ${byte} 0 4096`, file], folder);
}

function qemu(program: string, args: readonly string[], cwd: string): ReturnType<typeof runTool> {
  return runTool(program, args, { env, cwd });
}
