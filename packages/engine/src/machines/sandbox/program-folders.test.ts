import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { findProgramPlaces } from "./program-folders.ts";

describe("of the host's programs, a sandbox shows", () => {
  const base = mkdtempSync(join(tmpdir(), "cloister-programs-"));
  const home = join(base, "home/user");
  const at = (path: string): string => join(home, path);

  before(() => {
    for (const file of [
      ".nvm/bin/node",
      ".nvm/lib/node_modules/agent/main.js",
      ".local/share/agent/1.0/agent",
      ".ssh/bin/key",
      ".pyenv/shims/python",
    ]) {
      mkdirSync(dirname(at(file)), { recursive: true });
      writeFileSync(at(file), "");
      chmodSync(at(file), 0o755);
    }
    mkdirSync(at(".local/bin"));
    mkdirSync(at("tools"));
    symlinkSync("../lib/node_modules/agent/main.js", at(".nvm/bin/agent"));
    symlinkSync("../share/agent/1.0/agent", at(".local/bin/agent"));
    symlinkSync(at(".ssh/bin/key"), at(".local/bin/key"));
    symlinkSync("nowhere", at(".local/bin/broken"));
  });
  after(() => rmSync(base, { recursive: true }));

  const cases: readonly (readonly [string, string[], string[]])[] = [
    ["nothing but the system's, where PATH has only that", ["/usr/bin", "/bin"], []],
    ["an npm prefix's programs and packages", [".nvm/bin"], [".nvm/bin", ".nvm/lib/node_modules"]],
    [
      "the one file that a link leads to, but no secret",
      [".local/bin"],
      [".local/bin", ".local/share/agent/1.0/agent"],
    ],
    ["no folder of secrets", [".ssh/bin"], []],
    ["no shims", [".pyenv/shims"], []],
    ["not the home folder, nor what it lies in", [".", "..", "../.."], []],
    ["no folder that is not there, and no relative one", ["missing"], []],
  ];
  for (const [name, path, places] of cases) {
    it(name, () => {
      const entries = path.map((entry) => join(entry.startsWith("/") ? "/" : home, entry));
      const found = findProgramPlaces({ path: [...entries, "relative", ""].join(":"), home, extra: [] });
      assert.deepEqual([...found.places].toSorted(), places.map(at).toSorted());
      assert.equal(
        found.path.split(":").every((entry) => entry.startsWith("/")),
        true,
      );
    });
  }

  it("further folders that are asked for", () => {
    assert.deepEqual(findProgramPlaces({ path: "", home, extra: [at("tools")] }).places, [at("tools")]);
  });
});
