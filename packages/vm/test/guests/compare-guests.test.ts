import { equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkNames, createCheckDisk } from "./guest-disk.ts";

const PROGRAM = fileURLToPath(new URL("./compare-guests.ts", import.meta.url));

for (const option of ["--checks", "--runs"])
  test(`${option} of a name that there is not is refused, with those that there are`, () => {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, option, "nothing"], { encoding: "utf8" });
    equal(status, 1);
    match(stderr, /expected some of .*(python|region).*; got "nothing"/);
  });

test("every check of the guests' disk is a script that bash can read", () => {
  const script = createCheckDisk(checkNames());
  equal(script.length % 512, 0);
  const { status, stderr } = spawnSync("bash", ["-n"], { input: script, encoding: "utf8" });
  equal(stderr, "");
  equal(status, 0);
  for (const name of checkNames()) {
    const [, body = ""] = Buffer.from(script).toString().split(`check ${name} <<'@@@'\n`);
    equal(spawnSync("bash", ["-n"], { input: body.slice(0, body.indexOf("@@@\n")) }).status, 0, name);
  }
});
