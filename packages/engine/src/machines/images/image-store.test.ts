import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { runInGuest } from "../guest/run-in-guest.ts";
import { openImageStore } from "./image-store.ts";
import { readManifest } from "./manifest.ts";
import type { ImageManifest, ImageStore, StoredImage } from "./port.ts";
import { bootImage } from "./testing/boot-image.ts";
import { readRecord } from "./image-record.ts";
import { verifyImage } from "./verify-image.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-images-"));
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]));
const tinyManifest = readManifest("tiny", { architecture: "amd64" });
const quiet = { onProgress: (): void => undefined };

function openStore(name: string): ImageStore {
  return openImageStore({ folder: join(folder, name), cache: join(folder, "cache"), env });
}

const store = openStore("first");
let tiny: StoredImage;
before(async () => {
  tiny = await store.build(tinyManifest, quiet);
});
after(() => rmSync(folder, { recursive: true }));

/** Files of an image, by name, with their hashes. */
function filesOf(image: StoredImage): unknown {
  return readRecord(dirname(image.archive ?? ""))?.files;
}

test("built twice at the same time, and once in another store, an image has the same bytes in every file", async () => {
  const second = openStore("second");
  const built = await Promise.all([second.build(tinyManifest, quiet), second.build(tinyManifest, quiet)]);
  for (const image of built) {
    equal(image.digest, tiny.digest);
    deepEqual(filesOf(image), filesOf(tiny));
  }
  deepEqual(Object.keys(filesOf(tiny) as object), ["disk.raw", "initrd", "rootfs.tar", "vmlinux", "vmlinuz"]);
  deepEqual(readdirSync(join(folder, "second")), [tiny.digest]);
});

test("a tiny image boots within 30 s, also on a busy emulated processor, and has what it says", async () => {
  await using machine = await bootImage(tiny, folder);
  ok(machine.bootMs < 30_000, `${machine.bootMs} ms`);
  const run = (argv: readonly string[]): ReturnType<typeof runInGuest> =>
    runInGuest(machine.guest, { argv, env: { PATH: "/bin", HOME: "/home/agent", ANTHROPIC_API_KEY: "x" } });
  const rows = await verifyImage(tinyManifest, run);
  deepEqual(
    rows.map(({ tool, ok: isThere }) => [tool, isThere]),
    [
      ["cloister-guest", true],
      ["busybox", true],
    ],
  );
  const { stdout } = await run([
    "sh",
    "-c",
    "stat -c '%n %U %a' /tmp /home/agent /bin/busybox; grep ' / ' /proc/mounts",
  ]);
  match(stdout, /\/tmp root 1777\n\/home\/agent agent 755\n\/bin\/busybox root 755\n/);
  match(stdout, /^\/dev\/\S+ \/ ext4 rw,noatime/m);
});

test("what was built from the same is there at once, unless it is to be built anew", async () => {
  const lines: string[] = [];
  const onProgress = (line: string): void => void lines.push(line);
  equal((await store.build(tinyManifest, { onProgress })).digest, tiny.digest);
  deepEqual(lines, []);
});

test("images are found by name, and by the beginning of one digest", () => {
  for (const word of ["tiny", tiny.digest, tiny.digest.slice(0, 6)]) equal(store.find(word)?.digest, tiny.digest, word);
  for (const word of ["", "tin", tiny.digest.slice(0, 5), `${tiny.digest}0`, "../first"])
    equal(store.find(word), undefined, word);
  deepEqual(
    store.list().map(({ name }) => name),
    ["tiny"],
  );
});

test("a flipped byte, a missing file and a missing record are found, and mended by building anew", async () => {
  deepEqual(await store.check(tiny), []);
  flipByte(tiny.disk ?? "");
  match((await store.check(tiny)).join(), /^disk.raw has changed: its hash is [0-9a-f]{64}$/);
  rmSync(tiny.initrd ?? "");
  match((await store.check(tiny)).join(), /disk.raw has changed.*initrd is missing/);
  const mended = await store.build(tinyManifest, { ...quiet, force: true });
  equal(mended.digest, tiny.digest);
  deepEqual(await store.check(mended), []);
});

function flipByte(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, "X", statSync(path).size - 1);
  closeSync(file);
}

test("what a build left behind that was killed is removed, and what is not wanted any more", async () => {
  const other = openStore("prune");
  const left = join(folder, "prune", ".building-0123456789ab");
  mkdirSync(join(left, "image"), { recursive: true });
  writeFileSync(`${left}.lock`, JSON.stringify({ pid: 2 ** 22 + 1, startedAt: "1" }));
  const half = "0".repeat(64);
  mkdirSync(join(folder, "prune", half));
  deepEqual(other.list(), []);
  deepEqual(await other.prune(new Set(["1".repeat(64)])), [half]);
  equal(existsSync(left), false);
  deepEqual(readdirSync(join(folder, "prune")), []);
  deepEqual(await store.prune(new Set([tiny.digest])), []);
  equal(store.list().length, 1);
});

test("a build that is stopped, and one that can't be made, leave nothing", async () => {
  const other = openStore("failed");
  const signal = AbortSignal.timeout(300);
  await rejects(other.build(tinyManifest, { ...quiet, signal }), { name: "TimeoutError" });
  const wrong: ImageManifest = { ...tinyManifest, release: "nosuchrelease" };
  await rejects(
    other.build(wrong, quiet),
    (error: unknown) => CloisterError.isInstance(error) && error.code === "machine_failed",
  );
  const bare = openImageStore({
    folder: join(folder, "failed"),
    cache: join(folder, "cache"),
    env: { PATH: join(folder, "empty") },
  });
  await rejects(
    bare.build(tinyManifest, quiet),
    (error: unknown) => CloisterError.isInstance(error) && error.code === "machine_unavailable",
  );
  deepEqual(readdirSync(join(folder, "failed")), []);
});
