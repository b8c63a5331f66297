import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Worker } from "node:worker_threads";
import { CloisterError } from "@cloister/core";
import { makeMountPoints } from "./sandbox-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-mount-points-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const newRoot = (): string => {
  const root = join(folder, `${count++}`);
  mkdirSync(root);
  return root;
};

/** A connection of its own: makes the same mount points as the others, at the same time. */
const CONNECTION = `
import { workerData } from "node:worker_threads";
const { makeMountPoints } = await import(workerData.module);
const { root, targets, ready, connections } = workerData;
const waiting = new Int32Array(ready);
Atomics.add(waiting, 0, 1);
while (Atomics.load(waiting, 0) < connections);
makeMountPoints(root, targets);
`;

test("connections that are made at the same time make one set of mount points", async () => {
  const root = newRoot();
  const connections = 2;
  const targets = new Map(
    Array.from({ length: 400 }, (_, index) => [`/opt/${index}/place`, index % 2 === 0 ? "folder" : "file"] as const),
  );
  const ready = new SharedArrayBuffer(4);
  const module = new URL("sandbox-folder.ts", import.meta.url).href;
  const workerData = { module, root, targets, ready, connections };
  const script = new URL(`data:text/javascript,${encodeURIComponent(CONNECTION)}`);
  const ends = Array.from({ length: connections }, () => {
    const worker = new Worker(script, { workerData });
    return new Promise((resolve, reject) => worker.once("error", reject).once("exit", resolve));
  });
  await Promise.all(ends);
  for (const [target, kind] of targets) assert.equal(statSync(join(root, target)).isDirectory(), kind === "folder");
});

const refused: readonly (readonly [what: string, put: (path: string) => void])[] = [
  ["a link", (path) => symlinkSync(tmpdir(), path)],
  ["a file", (path) => writeFileSync(path, "")],
];
for (const [what, put] of refused)
  test(`${what} where a folder should be is refused`, () => {
    const root = newRoot();
    put(join(root, "opt"));
    assert.throws(
      () => makeMountPoints(root, new Map([["/opt/place", "folder"]])),
      (error) => CloisterError.isInstance(error) && error.code === "machine_failed",
    );
  });
