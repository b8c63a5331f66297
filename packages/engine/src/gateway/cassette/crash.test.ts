import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { cassettePath, createRecorder } from "./recorder.ts";
import { createTemporaryFolder, readAll, sampleRequest } from "./testing/samples.ts";

const PROGRAM = join(import.meta.dirname, "testing/record-loop.ts");

/** Records in another process, and kills it once its cassette has so many bytes. */
async function recordAndKill(folder: string, bytes: number): Promise<void> {
  const path = cassettePath(folder, 7);
  const child = spawn(process.execPath, [PROGRAM, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  for await (const _ of child.stdout)
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= bytes) child.kill("SIGKILL");
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, "SIGKILL");
}

suite("a recorder that is killed", () => {
  for (const bytes of [1, 100_000, 1_000_000]) {
    test(`after ${bytes} bytes leaves a cassette that can be read, and appended to`, { timeout: 60_000 }, async () => {
      using folder = createTemporaryFolder();
      const path = cassettePath(folder.path, 7);
      await recordAndKill(folder.path, bytes);
      const left = (await readAll(path, { onProblem: assert.fail })).map(({ id }) => id);
      const inOrder = left.map((_, index) => String(index + 1));
      assert.deepEqual(left, inOrder);
      assert.ok(left.length >= Math.floor(bytes / 30_000), `${left.length} exchanges of 20 kB in ${bytes} bytes`);

      const recorder = createRecorder({ folder: folder.path, redact: (text) => text, onProblem: assert.fail });
      recorder.begin(sampleRequest({ id: "after" })).end(true);
      await recorder.close();
      assert.deepEqual(
        (await readAll(path)).map(({ id }) => id),
        [...inOrder, "after"],
      );
    });
  }
});
