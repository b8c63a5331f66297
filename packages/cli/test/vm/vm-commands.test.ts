import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, suite, test } from "node:test";
import { type CliEnd, type CliProcess, startCli } from "../harness/cli-process.ts";
import { until } from "../harness/until.ts";
import { assemble, ECHO, FAIL, POWER_OFF, PRINT, PRINT_DEVICES, report } from "./bare-metal.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-vm-"));
after(() => rmSync(folder, { recursive: true }));

function start(...args: string[]): CliProcess {
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  return startCli(["vm", ...args], { cwd: folder, env, longestMs: 60_000 });
}

const vm = (...args: string[]): Promise<CliEnd> => start(...args).ended;

suite("cloister vm run", () => {
  test("ends with the guest's power-off, and says what was run", async () => {
    const kernel = assemble(folder, "hello", `${PRINT("h")}${PRINT("i")}${POWER_OFF}`);
    const { code, stdout } = await vm("run", "--kernel", kernel, "--stats", "stats.json", "--mode", "interpreter");
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "hi" });
    const statistics = JSON.parse(readFileSync(join(folder, "stats.json"), "utf8"));
    assert.ok(statistics.instructions > 8);
    assert.ok(statistics.wallSeconds > 0 && statistics.cpuSeconds > 0);
    assert.deepEqual(statistics.units.compiled, { block: 0, region: 0 });
    assert.ok(statistics.exits.slice >= 1);
  });

  test("fails where the guest says that it failed", async () => {
    const { code, stderr } = await vm("run", "--kernel", assemble(folder, "failing", FAIL));
    assert.equal(code, 1);
    assert.match(stderr, /failure, with code 3/);
  });

  test("keeps what comes from a pipe until the guest listens, and lets it go on after the pipe's end", async () => {
    const entry = new URL("../../bin/cloister.js", import.meta.url).pathname;
    const kernel = assemble(folder, "echo", ECHO);
    const child = spawn(process.execPath, [entry, "vm", "run", "--kernel", kernel], { cwd: folder, timeout: 60_000 });
    child.stdin.end(`${"0123456789".repeat(200)}q`);
    const exited = new Promise((resolve) => child.once("close", resolve));
    assert.equal(await text(child.stdout), `>${"0123456789".repeat(200)}q`);
    assert.equal(await exited, 0);
  });

  test("starts firmware in place of a kernel", async () => {
    const { code, stdout } = await vm("run", "--bios", assemble(folder, "firmware", `${PRINT("f")}${POWER_OFF}`));
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "f" });
  });

  test("gives the guest a network card, shared folders and a socket device where it is told to", async () => {
    // Of network card, entropy, 9P, sockets and four empty slots.
    const numbers = String.fromCharCode(...[1, 4, 9, 19, 0, 0, 0, 0].map((number) => number + 0x30));
    const kernel = assemble(folder, "devices", `${PRINT_DEVICES}${POWER_OFF}`);
    const devices = [
      "--network",
      "user",
      "--allow-host",
      "10.0.2.2:80",
      "--share",
      ".,work,readonly",
      "--vsock",
      "socket",
    ];
    const { code, stdout, stderr } = await vm("run", "--kernel", kernel, ...devices);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: numbers, stderr: "" });
    assert.equal(existsSync(join(folder, "socket")), false);
  });

  test("ends by a signal", async () => {
    const running = start("run", "--kernel", assemble(folder, "spinning", `${PRINT("x")} 1: j 1b\n`));
    await until("the guest prints", () => running.output() === "x");
    running.kill("SIGTERM");
    assert.equal((await running.ended).code, 143);
  });

  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no kernel", [], /Expected a kernel/],
    ["a kernel that is not there", ["--kernel", "missing"], /missing: Expected a file with the kernel/],
    ["too much memory", ["--kernel", "hello", "--memory", "4000"], /from 16 to 3500/],
    ["a mode that is none", ["--kernel", "hello", "--mode", "fast"], /Expected one of auto/],
    ["a drive that is none", ["--kernel", "hello", "--drive", "disk,size=3"], /size=3/],
    ["a share without a tag", ["--kernel", "hello", "--share", "."], /no folder or no tag/],
    ["a share of what is no folder", ["--kernel", "hello", "--share", "nowhere,tag"], /Expected a folder to share/],
    ["hosts to reach without a network", ["--kernel", "hello", "--allow-host", "a.test:80"], /--network user/],
    ["a network of another kind", ["--kernel", "hello", "--network", "tap"], /Expected one of user/],
    ["a socket where none can be", ["--kernel", "hello", "--vsock", "nowhere/socket"], /can't be made/],
  ];
  for (const [name, args, message] of refused)
    test(`refuses ${name}`, async () => {
      assemble(folder, "hello", POWER_OFF);
      const { code, stderr } = await vm("run", ...args);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
});

suite("cloister vm test", () => {
  const good = assemble(folder, "good", report("1"));
  const bad = assemble(folder, "bad", report("(7 << 1) | 1"));
  const silent = assemble(folder, "silent", report("0"));

  for (const mode of ["interpreter", "block", "region"])
    test(`passes where all programs do, in mode ${mode}`, async () => {
      const { code, stdout } = await vm("test", "--mode", mode, good, good);
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "pass good\npass good\n" });
    });

  test("says which failed, and which did not report", async () => {
    const { code, stdout } = await vm("test", "--timeout", "1", bad, good, silent);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "fail bad 7\npass good\ntimeout silent\n" });
  });
});

suite("cloister vm disasm", () => {
  test("prints a program's instructions", async () => {
    const { code, stdout } = await vm("disasm", assemble(folder, "listed", "add a0, a1, a2\n c.mv a0, a1\n ecall\n"));
    assert.equal(code, 0);
    assert.match(stdout, /^80000000 {2}10000437 {2}lui s0,0x10000$/m);
    assert.match(stdout, /^80000008 {2}00c58533 {2}add a0,a1,a2$/m);
    assert.match(stdout, /^8000000c {2}852e {6}c\.mv a0,a1$/m);
    assert.match(stdout, /ecall\n$/);
  });

  test("refuses an address that is none", async () => {
    assert.equal((await vm("disasm", "--address", "there", join(folder, "good"))).code, 2);
  });
});
