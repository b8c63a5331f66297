import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { isAlive } from "../../../process/index.ts";
import { BUILTIN_TOOLS } from "./index.ts";
import { createOutputBuffer } from "./output-buffer.ts";
import { createShellGroups } from "./shell-groups.ts";
import { runWithin } from "./time-limit.ts";

let workspace = "";
const groups = createShellGroups();

before(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), "cloister-tools-")));
  mkdirSync(join(workspace, "src"));
  mkdirSync(join(workspace, "node_modules"));
  writeFileSync(join(workspace, "src", "a.ts"), "one\ntwo\nthree two\n");
  writeFileSync(
    join(workspace, "src", "long.txt"),
    Array.from({ length: 1500 }, (_, line) => `line ${line + 1}`).join("\n"),
  );
  writeFileSync(join(workspace, "node_modules", "b.ts"), "two\n");
  writeFileSync(join(workspace, "binary"), Buffer.from([0x74, 0x77, 0x6f, 0, 1]));
  writeFileSync(join(workspace, "huge"), Buffer.alloc(5 * 1024 * 1024, "a"));
  symlinkSync("/etc", join(workspace, "etc"));
});
after(() => {
  groups.killAll();
  rmSync(workspace, { recursive: true });
});

async function call(tool: string, input: unknown): Promise<string> {
  const env = { PATH: process.env["PATH"] ?? "" };
  const prepared = BUILTIN_TOOLS[tool]?.prepare(input);
  return (await prepared?.run({ workspace, groups, env, onLife: () => undefined })) ?? "no such tool";
}

suite("the builtin agent's tools", () => {
  const answers: readonly (readonly [string, string, object, RegExp])[] = [
    ["read gives a whole file", "read", { path: "src/a.ts" }, /^one\ntwo\nthree two\n$/],
    [
      "read gives the lines asked for and says what is left",
      "read",
      { path: "src/a.ts", offset: 2, limit: 1 },
      /^two\n\[2 more lines: go on at offset 3\]$/,
    ],
    [
      "read gives 1000 lines at most",
      "read",
      { path: "src/long.txt" },
      /\nline 1000\n\[500 more lines: go on at offset 1001\]$/,
    ],
    [
      "search finds lines, and skips node_modules and binary files",
      "search",
      { pattern: "tw[o]" },
      /^src\/a\.ts:2:two\nsrc\/a\.ts:3:three two$/,
    ],
    [
      "search can look into one file and ignore case",
      "search",
      { pattern: "ONE", path: "src/a.ts", ignore_case: true },
      /^src\/a\.ts:1:one$/,
    ],
    ["search says that there is nothing", "search", { pattern: "nowhere" }, /^No match\.$/],
    ["search stops at 200 lines", "search", { pattern: "line" }, /line 200\n\[stopped at 200 lines\]$/],
    [
      "shell gives both outputs and the exit status",
      "shell",
      { command: "echo out; echo err >&2; exit 3" },
      /^(out\nerr|err\nout)\n\n\[exit status 3\]$/,
    ],
    ["shell has an empty input", "shell", { command: "cat; echo end" }, /^end\n/],
    [
      "shell keeps the ends of a long output",
      "shell",
      { command: "echo first; yes | head -c 9000000; echo last" },
      /^first\n(.|\n)*bytes left out(.|\n)*last\n\n\[exit status 0\]$/,
    ],
    [
      "shell kills what takes too long",
      "shell",
      { command: "sleep 60", timeout_seconds: 0.05 },
      /^\n\[killed after 0\.05 s\]$/,
    ],
    [
      "shell waits for nobody who holds its output",
      "shell",
      { command: "sleep 60 & echo started" },
      /^started\n\n\[exit status 0\]$/,
    ],
  ];
  for (const [name, tool, input, expected] of answers) {
    test(name, async () => assert.match(await call(tool, input), expected));
  }

  const refusals: readonly (readonly [string, string, object, RegExp])[] = [
    [
      "read refuses a path through a link out of the workspace",
      "read",
      { path: "etc/passwd" },
      /outside the workspace/,
    ],
    ["read refuses a binary file", "read", { path: "binary" }, /is a binary file/],
    ["read refuses a file of 5 MiB", "read", { path: "huge" }, /too large/],
    ["read refuses a folder", "read", { path: "src" }, /is not a file/],
    ["read says that a file does not exist", "read", { path: "nothing" }, /does not exist/],
    ["read refuses a line 0", "read", { path: "src/a.ts", offset: 0 }, /offset/],
    ["write refuses a path outside", "write", { path: "../x", content: "" }, /outside the workspace/],
    [
      "edit refuses text that is not there",
      "edit",
      { path: "src/a.ts", old_string: "four", new_string: "" },
      /is not in/,
    ],
    [
      "edit refuses text that is there twice",
      "edit",
      { path: "src/a.ts", old_string: "two", new_string: "" },
      /more than once/,
    ],
    ["search refuses what is no regular expression", "search", { pattern: "(" }, /Invalid regular expression/],
    ["search refuses a path outside", "search", { pattern: "root", path: "etc" }, /outside the workspace/],
    ["shell refuses a call without a command", "shell", {}, /command/],
  ];
  for (const [name, tool, input, expected] of refusals) {
    test(name, () => assert.rejects(async () => call(tool, input), expected));
  }

  test("write makes folders and replaces a file", async () => {
    await call("write", { path: "new/folder/c.txt", content: "first" });
    await call("write", { path: "new/folder/c.txt", content: "ä" });
    assert.equal(readFileSync(join(workspace, "new", "folder", "c.txt"), "utf8"), "ä");
  });

  test("edit takes the new text as it is, dollar signs included", async () => {
    await call("write", { path: "d.txt", content: "a(b)c" });
    await call("edit", { path: "d.txt", old_string: "(b)", new_string: "$&$1" });
    assert.equal(readFileSync(join(workspace, "d.txt"), "utf8"), "a$&$1c");
  });

  test("a command killed for its time takes its children with it", async () => {
    await call("shell", { command: "sleep 60 & echo $! > child; wait", timeout_seconds: 0.2 });
    assert.equal(isAlive(Number(readFileSync(join(workspace, "child"), "utf8"))), false);
  });

  test("a time limit ends a regular expression that backtracks without end", () => {
    const found: boolean[] = [];
    const isWhole = runWithin(50, () => {
      found.push(/a/.test("a"));
      found.push(/(a+)+b/.test("a".repeat(50)));
    });
    assert.deepEqual([isWhole, found], [false, [true]]);
    assert.equal(
      runWithin(1000, () => undefined),
      true,
    );
    assert.throws(() => runWithin(1000, () => void JSON.parse("{")), SyntaxError);
  });

  test("an output buffer keeps what fits whole, whatever the chunks", () => {
    for (const [limit, expected] of [
      [10, "0123456789"],
      [6, "012\n[… 4 bytes left out …]\n789"],
    ] as const) {
      for (const size of [1, 2, 3, 10]) {
        const buffer = createOutputBuffer(limit);
        for (let at = 0; at < 10; at += size) buffer.append(Buffer.from("0123456789".slice(at, at + size)));
        assert.equal(buffer.text(), expected, `chunks of ${size}`);
      }
    }
  });
});
