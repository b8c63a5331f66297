import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, suite, test } from "node:test";
import { assemble, ECHO, POWER_OFF, PRINT } from "./bare-metal.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-vm-snapshot-"));
after(() => rmSync(folder, { recursive: true }));

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs `cloister vm run` with an input. */
async function run(input: string, ...args: readonly string[]): Promise<Ended> {
  const entry = new URL("../../bin/cloister.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [entry, "vm", "run", ...args], { cwd: folder, timeout: 60_000 });
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

suite("snapshots of cloister vm run", () => {
  test("a machine is saved at its prompt, and goes on there as often as one likes", async () => {
    const kernel = assemble(folder, "echo", ECHO);
    const saved = await run("", "--kernel", kernel, "--memory", "16", "--save", "prompt", "--save-on", ">");
    assert.deepEqual(saved, { code: 0, stdout: ">", stderr: "" });
    assert.equal(statSync(join(folder, "prompt")).mode & 0o777, 0o600);
    for (const input of ["abcq", "xyzq"])
      assert.deepEqual(await run(input, "--restore", "prompt"), { code: 0, stdout: input, stderr: "" });
  });

  test("nothing is saved of a machine that ends before, and that is an error", async () => {
    const kernel = assemble(folder, "hello", `${PRINT("h")}${POWER_OFF}`);
    const { code, stderr } = await run("", "--kernel", kernel, "--memory", "16", "--save", "none", "--save-on", "hi");
    assert.notEqual(code, 0);
    assert.match(stderr, /before its console showed the text/);
    assert.equal(statSync(join(folder, "none"), { throwIfNoEntry: false }), undefined);
  });

  test("a machine of other parts and a file that is no snapshot are refused", async () => {
    const kernel = assemble(folder, "waiting", ECHO);
    await run("", "--kernel", kernel, "--memory", "16", "--save", "sixteen", "--save-on", ">");
    const other = await run("", "--restore", "sixteen", "--memory", "17");
    assert.match(other.stderr, /has 16 MiB of memory, the machine 17/);
    const none = await run("", "--restore", "waiting");
    assert.match(none.stderr, /is none: its first bytes are others/);
    assert.ok(other.code !== 0 && none.code !== 0);
  });
});
