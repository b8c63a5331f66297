import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import type { BlockBackend } from "../bus/port.ts";
import { createQcow2 } from "../disk/qcow2/create-qcow2.ts";
import { openDisk } from "./file-disk.ts";
import { openRandomAccessFile } from "./file.ts";

const folder = mkdtempSync(join(tmpdir(), "file-disk-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
const newPath = (extension: string): string => join(folder, `disk${files++}.${extension}`);
const qemuImg = (...commandLine: string[]): string =>
  execFileSync("qemu-img", commandLine, { cwd: folder, encoding: "utf8", timeout: 30_000 });

/** Content that is neither regular nor without repetition: text, zeroes, and numbers in a row. */
function content(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at++) bytes[at] = (at >> 16) % 3 === 1 ? 0 : (at * seed + (at >> 9)) & 0xff;
  return bytes;
}

function readAll(disk: BlockBackend): Uint8Array {
  const bytes = new Uint8Array(disk.sizeBytes);
  for (let at = 0; at < bytes.length; at += 10_000) disk.read(at, bytes.subarray(at, at + 10_000));
  return bytes;
}

const same = (disk: BlockBackend, expected: Uint8Array): void =>
  assert.equal(Buffer.compare(readAll(disk), expected), 0, "the disk's content");

function rawFile(bytes: Uint8Array): string {
  const path = newPath("raw");
  writeFileSync(path, bytes);
  return path;
}

for (const options of [
  [],
  ["-c"],
  ["-o", "compat=0.10"],
  ["-c", "-o", "compat=0.10,cluster_size=4096"],
  ["-o", "cluster_size=512"],
  ["-c", "-o", "cluster_size=2M"],
  ["-o", "preallocation=metadata"],
  ["-o", "refcount_bits=1"],
  ["-o", "refcount_bits=64,lazy_refcounts=on"],
]) {
  test(`an image of qemu-img convert ${options.join(" ")} is read as it was, written to, and still sound`, () => {
    const expected = content(1_000_448, 7);
    const path = newPath("qcow2");
    qemuImg("convert", "-O", "qcow2", ...options, rawFile(expected), path);
    const disk = openDisk({ path });
    assert.equal(disk.sizeBytes, expected.length);
    same(disk, expected);
    for (const [offset, length] of [
      [0, 512],
      [65_000, 1000],
      [200_000, 300_000],
      [1_000_000, 448],
    ] as const) {
      const bytes = content(length, 13);
      disk.write(offset, bytes);
      expected.set(bytes, offset);
    }
    disk.zero?.(120_000, 200_000);
    expected.fill(0, 120_000, 320_000);
    disk.flush();
    same(disk, expected);
    disk.close();
    assert.match(qemuImg("check", path), /No errors were found/);
    assert.match(qemuImg("compare", path, rawFile(expected)), /identical/);
  });
}

test("whatever is written to an image of ours is there for qemu-img, which finds it sound", () => {
  const cluster = fc.constantFrom(9, 12, 16);
  const operation = fc.tuple(fc.constantFrom("write", "zero"), fc.nat(255), fc.integer({ min: 1, max: 40 }));
  fc.assert(
    fc.property(cluster, fc.array(operation, { minLength: 1, maxLength: 30 }), (clusterBits, operations) => {
      const path = newPath("qcow2");
      const expected = new Uint8Array(300 * 512);
      createQcow2(openRandomAccessFile({ path, readOnly: false, create: true }), {
        sizeBytes: expected.length,
        clusterBits,
      });
      const disk = openDisk({ path });
      for (const [kind, sector, sectors] of operations) {
        const bytes = kind === "zero" ? new Uint8Array(sectors * 512) : content(sectors * 512, sector | 1);
        if (kind === "zero") disk.zero?.(sector * 512, bytes.length);
        else disk.write(sector * 512, bytes);
        expected.set(bytes, sector * 512);
      }
      same(disk, expected);
      disk.close();
      assert.match(qemuImg("check", path), /No errors were found/);
      assert.match(qemuImg("compare", "-f", "qcow2", "-F", "raw", path, rawFile(expected)), /identical/);
    }),
    { numRuns: 12 },
  );
});

test("the reference table grows when the image does", () => {
  const path = newPath("qcow2");
  createQcow2(openRandomAccessFile({ path, readOnly: false, create: true }), {
    sizeBytes: 12 * 1024 * 1024,
    clusterBits: 9,
  });
  const disk = openDisk({ path });
  const expected = content(disk.sizeBytes, 3);
  disk.write(0, expected);
  same(disk, expected);
  disk.close();
  assert.match(qemuImg("check", path), /No errors were found/);
});

test("an image that shares clusters with a snapshot of its own leaves them as they are", () => {
  const before = content(400_384, 5);
  const path = newPath("qcow2");
  qemuImg("convert", "-O", "qcow2", "-o", "cluster_size=4096", rawFile(before), path);
  qemuImg("snapshot", "-c", "then", path);
  const disk = openDisk({ path });
  disk.write(4000, content(100_000, 9));
  disk.zero?.(200_000, 50_000);
  disk.close();
  assert.match(qemuImg("check", path), /No errors were found/);
  qemuImg("snapshot", "-a", "then", path);
  assert.match(qemuImg("compare", path, rawFile(before)), /identical/);
});

for (const backingFormat of ["raw", "qcow2"]) {
  test(`an image over a smaller ${backingFormat} one shows it, and leaves it as it is`, () => {
    const base = content(300_032, 11);
    const basePath = newPath(backingFormat);
    qemuImg("convert", "-O", backingFormat, rawFile(base), basePath);
    const original = readFileSync(basePath);
    const path = newPath("qcow2");
    qemuImg("create", "-f", "qcow2", "-b", basePath, "-F", backingFormat, path, "500224");
    const disk = openDisk({ path });
    const expected = new Uint8Array(500_224);
    expected.set(base);
    same(disk, expected);
    disk.write(299_000, content(3000, 17));
    expected.set(content(3000, 17), 299_000);
    disk.zero?.(0, 131_072);
    expected.fill(0, 0, 131_072);
    same(disk, expected);
    disk.close();
    assert.match(qemuImg("compare", path, rawFile(expected)), /identical/);
    assert.deepEqual(readFileSync(basePath), original);
  });
}

test("an image of ours over another one is one for qemu-img too", () => {
  const basePath = rawFile(content(100_352, 3));
  const path = newPath("qcow2");
  const backing = { name: basePath, format: "raw" } as const;
  createQcow2(openRandomAccessFile({ path, readOnly: false, create: true }), { sizeBytes: 100_352, backing });
  same(openDisk({ path }), content(100_352, 3));
  assert.match(qemuImg("compare", path, basePath), /identical/);
});

test("with snapshot, writes stay in memory", () => {
  const bytes = content(100_352, 3);
  const path = rawFile(bytes);
  const disk = openDisk({ path, snapshot: true });
  disk.write(1000, content(2000, 9));
  const expected = bytes.slice();
  expected.set(content(2000, 9), 1000);
  same(disk, expected);
  disk.close();
  same(openDisk({ path, readOnly: true }), bytes);
});

test("a read-only disk is not written to", () => {
  const raw = rawFile(content(512, 3));
  const path = newPath("qcow2");
  qemuImg("create", "-f", "qcow2", path, "1M");
  for (const disk of [openDisk({ path, readOnly: true }), openDisk({ path: raw, readOnly: true })]) {
    assert.equal(disk.readOnly, true);
    assert.throws(() => disk.write(0, new Uint8Array(512)), { code: "disk_failed" });
  }
});

test("a guest can't make a raw disk look like an image, unless its format was named", () => {
  const path = rawFile(new Uint8Array(1024));
  const magic = Uint8Array.from([0x51, 0x46, 0x49, 0xfb]);
  const disk = openDisk({ path });
  disk.write(0, magic.subarray(0, 3));
  assert.throws(() => disk.write(3, magic.subarray(3)), { code: "disk_failed" });
  const named = openDisk({ path, format: "raw" });
  named.write(0, magic);
  same(named, Uint8Array.from([...magic, ...new Uint8Array(1020)]));
});

test("an image may lie over files of its own folder, and of those that are named", () => {
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "secret.raw"), new Uint8Array(512));
  const inside = join(folder, "inside");
  mkdirSync(inside);
  symlinkSync(join(elsewhere, "secret.raw"), join(inside, "link.raw"));
  for (const [at, name] of [
    "../elsewhere/secret.raw",
    join(elsewhere, "secret.raw"),
    "link.raw",
    "nbd:localhost:10809",
    "missing.raw",
  ].entries()) {
    const path = join(inside, `image${at}.qcow2`);
    qemuImg("create", "-u", "-f", "qcow2", "-b", name, "-F", "raw", path, "1M");
    assert.throws(() => openDisk({ path }), { code: "disk_invalid" }, name);
    if (name.endsWith("secret.raw")) openDisk({ path, backingFolders: [elsewhere] }).close();
  }
});

test("a chain of eight images opens; one of nine, or one that bites its tail, does not", () => {
  const first = rawFile(new Uint8Array(512));
  const chain = [first];
  for (let depth = 1; depth < 9; depth++) {
    const path = newPath("qcow2");
    qemuImg("create", "-f", "qcow2", "-b", chain.at(-1) ?? "", "-F", depth === 1 ? "raw" : "qcow2", path);
    chain.push(path);
  }
  openDisk({ path: chain[7] ?? "" }).close();
  assert.throws(() => openDisk({ path: chain[8] ?? "" }), { code: "disk_invalid" });
  const [tail, head] = [newPath("qcow2"), newPath("qcow2")];
  qemuImg("create", "-u", "-f", "qcow2", "-b", head, "-F", "qcow2", tail, "1M");
  qemuImg("create", "-u", "-f", "qcow2", "-b", tail, "-F", "qcow2", head, "1M");
  assert.throws(() => openDisk({ path: head }), { code: "disk_invalid" });
});

test("what is no file, or asks for what is not known, is refused with its reason", () => {
  const fifo = newPath("fifo");
  assert.equal(spawnSync("mkfifo", [fifo]).status, 0);
  assert.throws(() => openDisk({ path: fifo, readOnly: true }), { code: "disk_failed" });
  assert.throws(() => openDisk({ path: newPath("missing") }), { code: "disk_failed" });
  for (const [options, reason] of [
    ["compression_type=zstd", /not known here/],
    ["extended_l2=on", /not known here/],
    [`data_file=${newPath("data")}`, /not known here/],
  ] as const) {
    const path = newPath("qcow2");
    qemuImg("create", "-f", "qcow2", "-o", options, path, "1M");
    assert.throws(() => openDisk({ path }), { code: "disk_invalid", message: reason });
  }
});

// Of qemu-img's own making only in part: for LUKS it measures how fast keys are derived, and fails where the host's clocks are coarse.
test("an image that says it is encrypted, by AES or LUKS, is refused", () => {
  const path = newPath("qcow2");
  qemuImg("create", "-f", "qcow2", path, "1M");
  const bytes = readFileSync(path);
  for (const method of [1, 2]) {
    bytes.writeUInt32BE(method, 32);
    writeFileSync(path, bytes);
    if (method === 1) assert.match(qemuImg("info", path), /encrypted: yes/);
    assert.throws(() => openDisk({ path }), { code: "disk_invalid", message: /is encrypted/ });
  }
});

function useDisk(disk: BlockBackend): void {
  try {
    const end = Math.min(disk.sizeBytes, 40_960);
    for (let at = 0; at + 1024 <= end; at += 4096) {
      disk.read(at, new Uint8Array(1024));
      disk.write(at, new Uint8Array(700));
      disk.zero?.(at, 1024);
    }
  } finally {
    disk.close();
  }
}

test("an image with any damage reads, writes and fails, but never goes on for long or throws what is no VmError", () => {
  const whole = newPath("qcow2");
  qemuImg("convert", "-c", "-O", "qcow2", "-o", "cluster_size=512", rawFile(content(40_960, 3)), whole);
  const original = readFileSync(whole);
  const damage = fc.tuple(fc.oneof(fc.nat(111), fc.nat(original.length - 1)), fc.nat(255));
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 12 }), (places) => {
      const path = newPath("qcow2");
      const bytes = Uint8Array.from(original);
      for (const [at, value] of places) bytes[at] = value;
      writeFileSync(path, bytes);
      try {
        useDisk(openDisk({ path, format: "qcow2" }));
      } catch (error) {
        assert.equal(error instanceof Error ? error.name : error, "VmError", String(error));
      } finally {
        rmSync(path);
      }
    }),
    { numRuns: 400 },
  );
});
