import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { writePrograms } from "./generate-vm-programs.ts";

test("the programs that ship are what Debian 12's compiler makes of the benchmark's kernels", () => {
  const shipped = new URL("../packages/cli/src/commands/vm/bench-programs.ts", import.meta.url);
  assert.equal(writePrograms(), readFileSync(shipped, "utf8"));
});
