import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * The files of the project that the named scenarios work on, by path: a module with `add`, and two tests that pass with
 * `npm test` on Node alone. The task is to add `subtract`, with a test.
 */
export const SAMPLE_PROJECT: Readonly<Record<string, string>> = {
  "package.json": `{
  "name": "sample",
  "private": true,
  "type": "module",
  "scripts": { "test": "node --test" }
}
`,
  "src/math.mjs": `export function add(left, right) {
  return left + right;
}
`,
  "test/math.test.mjs": `import assert from "node:assert/strict";
import { test } from "node:test";
import { add } from "../src/math.mjs";

test("adds two numbers", () => {
  assert.equal(add(2, 3), 5);
});

test("adds a negative number", () => {
  assert.equal(add(2, -3), -1);
});
`,
};

/** Writes the sample project into `folder`, which is created where it is missing. Commits nothing. */
export async function writeSampleProject(folder: string): Promise<void> {
  for (const [path, content] of Object.entries(SAMPLE_PROJECT)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
