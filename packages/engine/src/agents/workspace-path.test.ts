import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { resolveInWorkspace } from "./workspace-path.ts";

suite("a path is resolved in the workspace", () => {
  let base = "";
  let workspace = "";

  before(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), "cloister-path-")));
    workspace = join(base, "work");
    mkdirSync(join(workspace, "src"), { recursive: true });
    mkdirSync(join(base, "work-beside"));
    writeFileSync(join(workspace, "src", "a.ts"), "");
    writeFileSync(join(base, "secret"), "");
    symlinkSync(join(base, "secret"), join(workspace, "link-out"));
    symlinkSync(base, join(workspace, "folder-out"));
    symlinkSync(join(base, "not-there"), join(workspace, "link-to-nowhere"));
    symlinkSync("src", join(workspace, "link-in"));
    symlinkSync("loop", join(workspace, "loop"));
    symlinkSync(workspace, join(base, "work-link"));
  });
  after(() => rmSync(base, { recursive: true }));

  const inside: readonly (readonly [string, string])[] = [
    ["src/a.ts", "src/a.ts"],
    [".", ""],
    ["src/../src/a.ts", "src/a.ts"],
    ["new/folder/file", "new/folder/file"],
    ["link-in/a.ts", "src/a.ts"],
    ["link-in/new", "src/new"],
    ["..hidden", "..hidden"],
  ];
  for (const [path, expected] of inside) {
    test(`"${path}" is inside`, () => assert.equal(resolveInWorkspace(workspace, path), join(workspace, expected)));
  }

  for (const path of [
    "..",
    "../secret",
    "../work-beside/x",
    "/etc/passwd",
    "link-out",
    "folder-out/secret",
    "folder-out/new",
    "link-to-nowhere",
    "link-to-nowhere/x",
    "loop",
    "src/a.ts/../../../secret",
  ]) {
    test(`"${path}" is refused as outside`, () => {
      assert.throws(() => resolveInWorkspace(workspace, path), /is outside the workspace/);
    });
  }

  test("an absolute path inside is taken, and so is one through a link to the workspace", () => {
    assert.equal(resolveInWorkspace(workspace, join(workspace, "src")), join(workspace, "src"));
    assert.equal(resolveInWorkspace(join(base, "work-link"), "src"), join(workspace, "src"));
  });
});
