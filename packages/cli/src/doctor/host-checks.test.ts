import assert from "node:assert/strict";
import { test } from "node:test";
import { runChecks } from "./check.ts";
import { checkFreeSpace, checkGitVersion, checkLocale, checkNode, HOST_CHECKS } from "./host-checks.ts";

const GIBIBYTE = 1024 ** 3;

const LEVELS: readonly (readonly [name: string, level: string, found: { level: string; remedy?: string }])[] = [
  ["Node 24.15", "ok", checkNode("24.15.0")],
  ["Node 26", "ok", checkNode("26.0.0")],
  ["Node 24.14", "fail", checkNode("24.14.9")],
  ["Node 20", "fail", checkNode("20.20.2")],
  ["git 2.30", "ok", checkGitVersion("git version 2.30.0\n")],
  ["git 2.50 as Apple names it", "ok", checkGitVersion("git version 2.50.1 (Apple Git-155)")],
  ["git 2.29", "fail", checkGitVersion("git version 2.29.3")],
  ["git that names no version", "fail", checkGitVersion("hello")],
  ["plenty of space", "ok", checkFreeSpace(100 * GIBIBYTE)],
  ["little space", "warn", checkFreeSpace(GIBIBYTE)],
  ["no space", "fail", checkFreeSpace(0)],
  ["a UTF-8 locale", "ok", checkLocale({ LANG: "de_DE.utf8" })],
  ["LC_ALL over LANG", "warn", checkLocale({ LANG: "C.UTF-8", LC_ALL: "C" })],
  ["no locale", "warn", checkLocale({})],
];

for (const [name, level, found] of LEVELS)
  test(`${name}: ${level}`, () => {
    assert.equal(found.level, level);
    assert.equal(found.remedy === undefined, level === "ok", "what is wrong has a remedy");
  });

test("this host passes the checks that the tests themselves need", async () => {
  const context = {
    cwd: import.meta.dirname,
    env: { PATH: process.env["PATH"] ?? "" },
    interactive: false,
    columns: 80,
  };
  const rows = await runChecks(HOST_CHECKS, context);
  const failed = rows.filter(({ level, name }) => level === "fail" && name !== "disk");
  assert.deepEqual(failed, []);
});

test("without git on PATH the row fails and says so", async () => {
  const context = { cwd: "/", env: { PATH: "/nowhere" }, interactive: false, columns: 80 };
  const rows = await runChecks(HOST_CHECKS, context);
  assert.deepEqual(
    rows.filter(({ name }) => name === "git"),
    [{ name: "git", level: "fail", found: "git can't be run (ENOENT)", remedy: "Install git." }],
  );
});

test("a check that throws has failed, and the others are shown", async () => {
  const boom = { name: "boom", run: () => Promise.reject(new Error("broken")) };
  const fine = { name: "fine", run: () => ({ level: "ok", found: "yes" }) as const };
  const rows = await runChecks([boom, fine], { cwd: "/", env: {}, interactive: false, columns: 80 });
  assert.deepEqual(
    rows.map(({ name, level, found }) => [name, level, found]),
    [
      ["boom", "fail", "broken"],
      ["fine", "ok", "yes"],
    ],
  );
});
