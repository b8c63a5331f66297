import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { type CliEnd, startCli } from "../harness/cli-process.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-vm-bench-"));
after(() => rmSync(folder, { recursive: true }));

const bench = (path: string, ...args: readonly string[]): Promise<CliEnd> =>
  startCli(["vm", "bench", ...args], { cwd: folder, env: { PATH: path, HOME: folder } }).ended;

suite("cloister vm bench", () => {
  test("runs the same program on the engine and on QEMU, and says what each did", async () => {
    const { code, stdout, stderr } = await bench(process.env["PATH"] ?? "", "recursion", "--mode", "region", "--json");
    assert.equal(code, 0, stderr);
    const [own, qemu, ...others] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual([own.engine, qemu.engine, others], ["region", "qemu", []]);
    assert.ok(own.instructions > 1e9 && own.instructions === qemu.instructions);
    assert.equal(own.mips, own.instructions / own.seconds / 1e6);
    assert.ok(own.units.compiled.region >= 1 && own.units.compiled.block === 0);
    assert.ok(own.instructionsByTier.region > own.instructions / 2);
    assert.ok(qemu.seconds > 0 && qemu.units === undefined);
  });

  test("goes without QEMU where it is not installed, and says so", async () => {
    const { code, stdout, stderr } = await bench(folder, "recursion", "--mode", "cached");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /QEMU is not installed/);
    const [titles = "", row = "", ...others] = stdout.trimEnd().split("\n");
    assert.match(titles, /^PROGRAM +ENGINE +SECONDS +MIPS/);
    assert.match(row, /^recursion +cached +\d+\.\d\d +\d+ +0 +[1-9]\d* .+ %$/);
    assert.deepEqual(others, []);
  });

  test("refuses a program that it does not have", async () => {
    const { code, stderr } = await bench(folder, "dhrystone");
    assert.equal(code, 2);
    assert.match(stderr, /Expected any of recursion, interpreter, sort; got "dhrystone"/);
  });
});
