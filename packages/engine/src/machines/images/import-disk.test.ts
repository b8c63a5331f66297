import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { openImageStore } from "./image-store.ts";
import type { DiskImport, ImageStore, StoredImage } from "./port.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-import-"));
const env = { PATH: process.env["PATH"] ?? "" };
const store = storeWith(env);
const raw = join(folder, "disk.raw");
const whole = join(folder, "disk.qcow2");
const kernel = join(folder, "kernel");
const content = randomBytes(70_000);
const SIZE = 8 * 1024 * 1024;

before(() => {
  writeFileSync(raw, content);
  truncateSync(raw, SIZE);
  writeFileSync(kernel, "a kernel");
  qemuImage("convert", "-c", "-f", "raw", "-O", "qcow2", raw, whole);
});
after(() => rmSync(folder, { recursive: true }));

function storeWith(environment: Readonly<Record<string, string>>): ImageStore {
  return openImageStore({ folder: join(folder, "images"), cache: join(folder, "cache"), env: environment });
}

function qemuImage(...args: readonly string[]): void {
  execFileSync("qemu-img", args, { stdio: "ignore", cwd: folder });
}

function importDisk(disk: Partial<DiskImport>, from: ImageStore = store): Promise<StoredImage> {
  return from.importDisk({ disk: whole, name: "theirs", architecture: "amd64", ...disk }, { onProgress: () => {} });
}

test("a qcow2 image and a raw one of the same disk are the same image, with holes, the guest agent and a hash of each file", async () => {
  const image = await importDisk({});
  assert.equal((await importDisk({ disk: raw })).digest, image.digest);
  const { disk = "", foreign } = image;
  assert.equal(statSync(disk).size, SIZE);
  assert.ok(statSync(disk).blocks * 512 < SIZE / 4, "what is empty takes no room");
  assert.deepEqual(readFileSync(disk).subarray(0, content.length), content);
  assert.match(execFileSync(foreign?.guestProgram ?? "", ["--version"], { encoding: "utf8" }), /^cloister-guest /);
  assert.deepEqual([image.kernel, image.initrd, foreign?.kernelArguments], [undefined, undefined, undefined]);
  assert.equal(store.find("theirs")?.digest, image.digest);
});

test("an imported disk that was changed is found out, and imported again it is whole", async () => {
  const image = await importDisk({});
  assert.deepEqual(await store.check(image), []);
  writeFileSync(image.disk ?? "", "changed", { flag: "r+" });
  assert.match((await store.check(image)).join(), /^disk\.raw has changed/);
  assert.deepEqual(await store.check(await importDisk({})), []);
});

test("a kernel comes along with its words, and makes another image", async () => {
  const image = await importDisk({ kernel, initrd: kernel, kernelArguments: "root=/dev/vda1 ro" });
  assert.equal(readFileSync(image.kernel ?? "", "utf8"), "a kernel");
  assert.equal(readFileSync(image.initrd ?? "", "utf8"), "a kernel");
  assert.equal(image.foreign?.kernelArguments, "root=/dev/vda1 ro");
  assert.notEqual(image.digest, (await importDisk({ kernel, initrd: kernel })).digest);
});

type Refusal = readonly [what: string, disk: () => Partial<DiskImport>, said: RegExp];

/** Makes an empty image of the disk's size. */
function madeWith(name: string, ...options: readonly string[]): () => Partial<DiskImport> {
  return () => {
    qemuImage("create", "-f", "qcow2", ...options, name, `${SIZE}`);
    return { disk: join(folder, name) };
  };
}

function patched(name: string, at: number, bytes: readonly number[]): () => Partial<DiskImport> {
  return () => {
    const image = readFileSync(whole);
    Buffer.from(bytes).copy(image, at);
    writeFileSync(join(folder, name), image);
    return { disk: join(folder, name) };
  };
}

const REFUSED: readonly Refusal[] = [
  ["stands on another file", madeWith("overlay", "-b", raw, "-F", "raw"), /its backing file/],
  ["stands on a secret of the host", madeWith("thief", "-u", "-b", "/etc/shadow", "-F", "raw"), /its backing file/],
  ["has its data elsewhere", madeWith("split", "-o", "data_file=data,data_file_raw=on"), /its data in another file/],
  ["is encrypted", patched("locked", 35, [1]), /is encrypted/],
  ["is of a later version", patched("later", 7, [4]), /version 4 of qcow2/],
  ["is endless", patched("endless", 24, [0x7f]), /larger than 1 TiB/],
  ["is cut off", () => ({ disk: cut("short", readFileSync(whole).subarray(0, 60)) }), /ends within its header/],
  ["is no disk", () => ({ disk: cut("text", Buffer.from("hello")) }), /whole sectors of 512 bytes; it has 5 bytes/],
  ["is empty", () => ({ disk: cut("empty", Buffer.alloc(0)) }), /it has 0 bytes/],
  ["is a device", () => ({ disk: "/dev/zero" }), /a regular file, found none at \/dev\/zero/],
  ["is not there", () => ({ disk: join(folder, "nowhere") }), /a regular file/],
  ["has a kernel that is a folder", () => ({ kernel: folder }), /a regular file/],
  ["has words without a kernel", () => ({ kernelArguments: "quiet" }), /expected a kernel/],
  ["would start on a machine without firmware", () => ({ architecture: "riscv64" }), /no firmware/],
  ["has words that steer terminals", () => ({ kernel, kernelArguments: "\u{1b}[2J" }), /kernelArguments: .*plain/],
  ["has a path for a name", () => ({ name: "../x" }), /name: expected lower case/],
  ["is for an unknown processor", () => ({ architecture: "vax" }), /architecture: /],
];

function cut(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

for (const [what, disk, said] of REFUSED)
  test(`what ${what} is refused, and nothing of it is kept`, async () => {
    const before = readdirSync(join(folder, "images"));
    await assert.rejects(importDisk(disk()), (error) => {
      assert.ok(CloisterError.isInstance(error) && error.code === "image_invalid", String(error));
      assert.match(error.message, said);
      return true;
    });
    assert.deepEqual(readdirSync(join(folder, "images")), before);
  });

test("an image whose tables are damaged fails with the tool's words, and where the tool is missing it is named", async () => {
  const damaged = patched("damaged", 40, [0xff, 0xff]);
  await assert.rejects(importDisk(damaged()), { code: "machine_failed" });
  await assert.rejects(importDisk({}, storeWith({ PATH: folder })), { code: "machine_unavailable" });
});
