import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openNativeKey } from "./native-key.ts";

const root = mkdtempSync(join(tmpdir(), "native-key-"));
after(() => rmSync(root, { recursive: true }));

test("whoever asks first makes a key, all others get the same, and nobody else can read it", async () => {
  const path = join(root, "keys", "code");
  const keys = await Promise.all(Array.from({ length: 8 }, () => openNativeKey(path)));
  assert.equal(keys[0]?.length, 32);
  for (const key of keys) assert.deepEqual(key, keys[0]);
  assert.deepEqual(await openNativeKey(path), keys[0]);
  assert.notDeepEqual(await openNativeKey(join(root, "keys", "other")), keys[0]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(root, "keys")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(root, "keys")).sort(), ["code", "other"]);
});

for (const [name, make] of [
  ["is of another length", (path) => writeFileSync(path, "short")],
  ["is longer", (path) => writeFileSync(path, "x".repeat(33))],
  ["is a folder", (path) => mkdirSync(path)],
  ["is a link", (path) => symlinkSync("/dev/zero", path)],
] as const satisfies readonly (readonly [string, (path: string) => void])[])
  test(`a key that ${name} is none, and stays as it is`, async () => {
    const folder = mkdtempSync(join(root, "folder-"));
    const path = join(folder, "code");
    make(path);
    assert.equal(await openNativeKey(path), undefined);
    assert.deepEqual(readdirSync(folder), ["code"]);
  });

test("a key in a folder that others may write to is none", async () => {
  const folder = mkdtempSync(join(root, "folder-"));
  chmodSync(folder, 0o777);
  assert.equal(await openNativeKey(join(folder, "code")), undefined);
  assert.deepEqual(readdirSync(folder), []);
});
