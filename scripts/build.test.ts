import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` };

test("the package that is published installs, and does the whole job", () => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-package-"));
  try {
    const run = (command: string, args: readonly string[], cwd: string): string =>
      execFileSync(command, [...args], { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    run(process.execPath, [join(root, "scripts", "build.ts")], root);
    run("npm", ["pack", "--silent", "--pack-destination", folder], join(root, "dist", "package"));
    const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    writeFileSync(join(folder, "package.json"), '{"private":true}\n');
    // Node itself is an optional dependency of 60 MB, and is here already.
    run("npm", ["install", "--silent", "--omit=optional", "--ignore-scripts", `./${tarball}`], folder);
    const program = join(folder, "node_modules", ".bin", "cloister");
    assert.match(run(program, ["--version"], folder), /^\d+\.\d+\.\d+\n$/);
    const summary = run(program, ["demo", "--json"], folder).trim().split("\n").at(-1) ?? "";
    const { reason, iterations } = JSON.parse(summary) as { reason: string; iterations: number };
    assert.deepEqual({ reason, iterations }, { reason: "done", iterations: 4 });
    run(program, ["testkit", "mock-agent", "claude", join(folder, "agents")], folder);
    assert.match(run(join(folder, "agents", "claude"), ["--version"], folder), /Claude Code/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
