import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRawDiff, parseStatus } from "./parse.ts";

const MODES = "100644 100644";
const HASHES = `${"a".repeat(40)} ${"b".repeat(40)}`;

test("status names commit, branch and every kind of entry", () => {
  const output = [
    `# branch.oid ${"a".repeat(40)}`,
    "# branch.head main",
    `1 .M N... ${MODES} 100644 ${HASHES} with space.txt`,
    `1 A. N... ${MODES} 100644 ${HASHES} staged.txt`,
    `2 R. N... ${MODES} 100644 ${HASHES} R100 new.txt`,
    "old.txt",
    `u UU N... ${MODES} 100644 100644 ${HASHES} ${"c".repeat(40)} conflict.txt`,
    "? untracked\nline.txt",
    "",
  ].join("\0");
  const status = parseStatus(output);
  assert.equal(status.head, "a".repeat(40));
  assert.equal(status.branch, "main");
  assert.deepEqual(
    status.entries.map(({ path, untracked, unstaged }) => [path, untracked, unstaged]),
    [
      ["with space.txt", false, true],
      ["staged.txt", false, false],
      ["new.txt", false, false],
      ["conflict.txt", false, true],
      ["untracked\nline.txt", true, true],
    ],
  );
});

test("a detached head has no branch, and a repository without commits no head", () => {
  assert.deepEqual(parseStatus("# branch.oid (initial)\0# branch.head (detached)\0"), {
    head: undefined,
    branch: undefined,
    entries: [],
  });
});

test("a diff gives status and size of each file, and their sum", () => {
  const output = [
    `:${MODES} ${HASHES} M`,
    "changed.txt",
    `:000000 100644 ${HASHES} A`,
    "picture.png",
    `:${MODES} ${HASHES} R090`,
    "from.txt",
    "to.txt",
    "3\t1\tchanged.txt",
    "-\t-\tpicture.png",
    "2\t0\t",
    "from.txt",
    "to.txt",
    "",
  ].join("\0");
  assert.deepEqual(parseRawDiff(output), {
    stat: { files: 3, insertions: 5, deletions: 1 },
    files: [
      { path: "changed.txt", status: "modified", insertions: 3, deletions: 1 },
      { path: "picture.png", status: "added" },
      { path: "to.txt", status: "renamed", oldPath: "from.txt", insertions: 2, deletions: 0 },
    ],
  });
});

test("no output is no change", () => {
  assert.deepEqual(parseRawDiff(""), { stat: { files: 0, insertions: 0, deletions: 0 }, files: [] });
});
