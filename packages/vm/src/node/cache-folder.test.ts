import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { decodeCache } from "../cache/cache-file.ts";
import { CodeCache } from "../cache/code-cache.ts";
import { numberedPage, straightUnit } from "../cache/testing/units.ts";
import { heldBytes } from "../cache/unit.ts";
import { VmError } from "../error.ts";
import { clearCacheFiles, listCacheFiles } from "./cache-files.ts";
import { type CacheFolder, openCacheFolder } from "./cache-folder.ts";

const root = mkdtempSync(join(tmpdir(), "cache-folder-"));
after(() => rmSync(root, { recursive: true }));

let folders = 0;
const newFolder = (): string => join(root, `folder${folders++}`);
const page = numberedPage();
const ENGINE = "cloister 0.1.0 rv64gc";
const SAVER = join(import.meta.dirname, "testing/cache-saver.ts");
const DAY = 86_400;

function cacheOf(offsets: readonly number[]): CodeCache {
  const cache = new CodeCache();
  for (const offset of offsets) cache.add(straightUnit(page, offset, 40));
  return cache;
}

const offsetsIn = (cache: CodeCache): readonly number[] =>
  cache
    .units()
    .map(({ body }) => (body[1] ?? 0) + (body[2] ?? 0) * 256)
    .sort((one, other) => one - other);

async function savedFolder(offsets: readonly number[]): Promise<CacheFolder> {
  const folder = await openCacheFolder({ folder: newFolder(), engine: ENGINE });
  await folder.save(cacheOf(offsets));
  return folder;
}

const age = (path: string, seconds: number): void =>
  utimesSync(path, Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);

const failsWith = (code: string) => (error: unknown) => error instanceof VmError && error.code === code;

test("what was saved is loaded by the next, and nobody else can read it", async () => {
  const folder = newFolder();
  const first = await openCacheFolder({ folder: join(folder, "vm"), engine: ENGINE });
  assert.deepEqual((await first.load()).cache.units(), []);
  const saved = await first.save(cacheOf([0, 100]));
  assert.deepEqual(saved, { units: 2, bytes: statSync(first.path).size });
  const loaded = await (await openCacheFolder({ folder: join(folder, "vm"), engine: ENGINE })).load();
  assert.deepEqual([offsetsIn(loaded.cache), loaded.note], [[0, 100], undefined]);
  assert.equal(statSync(first.path).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, "vm")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(folder, "vm")), [basename(first.path)]);
});

test("saving merges with what others saved meanwhile, and keeps the hottest within the bound", async () => {
  const folder = await savedFolder([0, 100, 200]);
  await folder.save(cacheOf([200, 300]));
  assert.deepEqual(offsetsIn((await folder.load()).cache), [0, 100, 200, 300]);
  const small = new CodeCache({ maxBytes: 2 * heldBytes(straightUnit(page, 0, 40)) });
  small.add({ ...straightUnit(page, 400, 40), uses: 7 });
  small.add({ ...straightUnit(page, 500, 40), uses: 9 });
  await folder.save(small);
  assert.deepEqual(offsetsIn((await folder.load()).cache), [400, 500]);
});

for (const [name, damage] of [
  ["truncated", (path) => truncateSync(path, statSync(path).size - 1)],
  ["emptied", (path) => truncateSync(path, 0)],
  [
    "changed",
    (path) =>
      writeFileSync(
        path,
        readFileSync(path).map((byte, index) => (index === 94 ? byte ^ 1 : byte)),
      ),
  ],
  ["larger than any cache", (path) => truncateSync(path, 2 ** 30)],
  ["replaced by a link", (path) => (rmSync(path), symlinkSync("/dev/zero", path))],
  ["replaced by a pipe", (path) => (rmSync(path), execFileSync("mkfifo", [path]))],
] as const satisfies readonly (readonly [string, (path: string) => void])[]) {
  test(`a file that was ${name} is set aside by loading, with a note`, { timeout: 20_000 }, async () => {
    const folder = await savedFolder([0]);
    damage(folder.path);
    const { cache, note } = await folder.load();
    assert.deepEqual(cache.units(), []);
    assert.match(note ?? "", /refused|regular|more than/v);
    assert.ok(!existsSync(folder.path));
    assert.deepEqual(readdirSync(join(folder.path, "..")), [`${basename(folder.path)}.damaged`]);
    assert.deepEqual(await folder.load().then((loaded) => loaded.note), undefined);
  });

  test(`a file that was ${name} is replaced by saving, with a note`, { timeout: 20_000 }, async () => {
    const folder = await savedFolder([0]);
    damage(folder.path);
    assert.notEqual((await folder.save(cacheOf([100]))).note, undefined);
    assert.deepEqual(offsetsIn((await folder.load()).cache), [100]);
  });
}

test("engines have files of their own", async () => {
  const folder = await savedFolder([0]);
  const other = await openCacheFolder({ folder: join(folder.path, ".."), engine: "cloister 0.2.0 rv64gc" });
  assert.deepEqual((await other.load()).cache.units(), []);
  await other.save(cacheOf([100]));
  assert.deepEqual(offsetsIn((await folder.load()).cache), [0]);
  assert.throws(() => decodeCache(Uint8Array.from(readFileSync(other.path)), ENGINE), failsWith("cache_invalid"));
});

test("saving removes what engines that are gone have left, and nothing else", async () => {
  const folder = await savedFolder([0]);
  const place = (name: string): string => join(folder.path, "..", name);
  const files = [
    ["old.cloister-units", 31 * DAY],
    ["new.cloister-units", 29 * DAY],
    ["old.cloister-units.damaged", 31 * DAY],
    ["old.cloister-units.x.temporary", DAY],
    ["new.cloister-units.x.temporary", 60],
    ["somebody's.file", 1000 * DAY],
  ] as const;
  for (const [name, seconds] of files) {
    writeFileSync(place(name), name);
    age(place(name), seconds);
  }
  age(folder.path, 100 * DAY);
  await folder.save(cacheOf([]));
  const left = [basename(folder.path), "new.cloister-units", "new.cloister-units.x.temporary", "somebody's.file"];
  assert.deepEqual(readdirSync(place(".")).sort(), left.sort());
});

test("the folder's files are listed with what they hold, and cleared", async () => {
  const folder = await savedFolder([0, 100]);
  const path = join(folder.path, "..");
  writeFileSync(join(path, "x.cloister-units"), "nothing");
  writeFileSync(join(path, "x.cloister-units.damaged"), "12");
  writeFileSync(join(path, "notes"), "mine");
  mkdirSync(join(path, "y.cloister-units"));
  age(folder.path, 10);
  const listed = await listCacheFiles(path);
  const size = statSync(folder.path).size;
  assert.deepEqual(listed.map(({ kind, bytes }) => `${kind} ${bytes}`).sort(), [
    "damaged 2",
    "damaged 7",
    `units ${size}`,
  ]);
  assert.deepEqual(listed.at(-1)?.header, {
    engine: ENGINE,
    units: 2,
    segments: 2,
    codeBytes: 80,
    bodyBytes: 8,
    nativeBytes: 0,
  });
  assert.deepEqual(await clearCacheFiles(path), { files: 3, bytes: size + 9 });
  assert.deepEqual(readdirSync(path).sort(), ["notes", "y.cloister-units"]);
  assert.deepEqual(await listCacheFiles(join(path, "nowhere")), []);
});

test("a folder that others may write to is refused, and so is what is no folder", async () => {
  const open = newFolder();
  mkdirSync(open);
  chmodSync(open, 0o770);
  await assert.rejects(openCacheFolder({ folder: open, engine: ENGINE }), failsWith("option_invalid"));
  const file = newFolder();
  writeFileSync(file, "");
  await assert.rejects(openCacheFolder({ folder: file, engine: ENGINE }), failsWith("option_invalid"));
  await assert.rejects(openCacheFolder({ folder: join(file, "below"), engine: ENGINE }), failsWith("option_invalid"));
  await assert.rejects(openCacheFolder({ folder: newFolder(), engine: "" }), failsWith("option_invalid"));
});

test("where the folder is gone, saving fails with an error that names the file", async () => {
  const folder = await savedFolder([0]);
  rmSync(join(folder.path, ".."), { recursive: true });
  await assert.rejects(folder.save(cacheOf([100])), failsWith("disk_failed"));
});

test("a lock that another process holds is waited for, then done without; one that is stale is taken", async () => {
  const { path } = await savedFolder([0]);
  const folder = await openCacheFolder({ folder: join(path, ".."), engine: ENGINE, waitMs: 40 });
  writeFileSync(`${path}.lock`, "");
  const start = performance.now();
  await folder.save(cacheOf([100]));
  assert.ok(performance.now() - start >= 40);
  assert.ok(existsSync(`${path}.lock`), "it is not ours to remove");
  age(`${path}.lock`, 60);
  await folder.save(cacheOf([200]));
  assert.ok(!existsSync(`${path}.lock`));
  assert.deepEqual(offsetsIn((await folder.load()).cache), [0, 100, 200]);
});

const startSaver = (folder: string, first: number, rounds: number): ChildProcess =>
  spawn(process.execPath, [SAVER, folder, ENGINE, `${first}`, `${rounds}`], { stdio: ["ignore", "pipe", "inherit"] });

async function outputOf(saver: ChildProcess): Promise<string> {
  let output = "";
  saver.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = await once(saver, "close");
  return `${output}${code}`;
}

test(
  "processes that save and load at the same time lose nothing and see no torn file",
  { timeout: 60_000 },
  async () => {
    const folder = await openCacheFolder({ folder: newFolder(), engine: ENGINE });
    const savers = [0, 400, 800, 1200].map((first) => startSaver(join(folder.path, ".."), first, 6));
    const outputs = savers.map(outputOf);
    let loads = 0;
    for (let before = 0; savers.some(({ exitCode, signalCode }) => (exitCode ?? signalCode) === null); loads++) {
      const { cache, note } = await folder.load();
      assert.equal(note, undefined);
      assert.ok(cache.statistics.units >= before);
      before = cache.statistics.units;
    }
    for (const output of await Promise.all(outputs)) assert.equal(output, `${"saved\n".repeat(6)}0`);
    const expected = [0, 400, 800, 1200].flatMap((first) => [0, 2, 4, 6, 8, 10].map((offset) => first + offset));
    assert.deepEqual(offsetsIn((await folder.load()).cache), expected);
    assert.ok(loads > 1);
    assert.deepEqual(readdirSync(join(folder.path, "..")), [basename(folder.path)]);
  },
);

test("a process that is killed while it saves leaves a file that is sound", { timeout: 60_000 }, async () => {
  const path = newFolder();
  for (let round = 0; round < 4; round++) {
    const folder = await openCacheFolder({ folder: path, engine: ENGINE, waitMs: 20 });
    const saver = startSaver(path, round * 400, 100_000);
    if (saver.stdout) await once(saver.stdout, "data");
    saver.kill("SIGKILL");
    await once(saver, "exit");
    const { cache, note } = await folder.load();
    assert.equal(note, undefined);
    assert.ok(cache.statistics.units > round);
    await folder.save(cacheOf([]));
    rmSync(`${folder.path}.lock`, { force: true });
  }
});
