import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { anchorPaths } from "./anchor-paths.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-anchor-"));
writeFileSync(join(folder, "agent.mjs"), "");
after(() => rmSync(folder, { recursive: true }));

const CASES: readonly (readonly [string, string])[] = [
  ["node agent.mjs", `node ${folder}/agent.mjs`],
  ["./agent.mjs --fast", `${folder}/agent.mjs --fast`],
  ["agent.mjs", "agent.mjs"],
  ["node missing.mjs", "node missing.mjs"],
  ["node 'agent.mjs'", "node 'agent.mjs'"],
  ["cat {prompt_file} | node agent.mjs", `cat {prompt_file} | node ${folder}/agent.mjs`],
  ["", ""],
];

for (const [command, expected] of CASES)
  test(`"${command}" is anchored where it names files`, () => assert.equal(anchorPaths(command, folder), expected));
