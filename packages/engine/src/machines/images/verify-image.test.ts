import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { ImageManifest } from "./port.ts";
import { type RunInMachine, verifyImage } from "./verify-image.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-verify-"));
const programs = join(folder, "bin");
const home = join(folder, "home");
after(() => rmSync(folder, { recursive: true }));

const SAYS: Readonly<Record<string, string>> = {
  git: "git version 2.39.5",
  node: "v24.21.0",
  rg: "ripgrep 13.0.0\n-SIMD -AVX",
  tmux: "tmux 3.3a",
  claude: "2.1.329 (Claude Code)",
  codex: "codex-cli 0.1.0",
  gemini: `9${"9".repeat(500)}.0.0`,
  "dpkg-query": "1:2.36-9+deb12u14",
};

before(() => {
  for (const made of [programs, join(home, ".claude")]) mkdirSync(made, { recursive: true });
  for (const [name, text] of Object.entries(SAYS))
    writeFileSync(join(programs, name), `#!/bin/sh\necho '${text}'\n`, { mode: 0o755 });
  writeFileSync(join(programs, "gh"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  writeFileSync(join(home, ".claude/.credentials.json"), "SECRET");
});

/** Runs programs of the folder above as a machine would run its own. */
function runWith(variables: Readonly<Record<string, string>>): RunInMachine {
  const env = { PATH: programs, HOME: home, ...variables };
  return ([file = "", ...args]) => {
    const answer = spawnSync(file === "sh" ? "/bin/sh" : file, args, { env, encoding: "utf8" });
    return answer.error === undefined
      ? Promise.resolve({ code: answer.status ?? 1, stdout: answer.stdout })
      : Promise.reject(answer.error);
  };
}

const manifest: ImageManifest = {
  name: "mine",
  builder: "debian",
  architecture: "amd64",
  release: "bookworm",
  packages: ["gh", "git", "libc6", "ripgrep", "tmux"],
  npm: ["@anthropic-ai/claude-code@2.1.329", "@google/gemini-cli@0.61.0", "@openai/codex@0.169.0", "npm@11.19.1"],
  node: "24.21.0",
  diskMib: 512,
  outputs: ["disk"],
};

test("each tool is listed with what was expected and what was found", async () => {
  const rows = await verifyImage(manifest, runWith({ OPENAI_API_KEY: "SECRET" }));
  deepEqual(
    rows.map(({ tool, expected, found, ok }) => [tool, expected, found, ok]),
    [
      ["cloister-guest", "any version", "", false],
      ["node", "24.21.0", "24.21.0", true],
      ["gh", "any version", "", false],
      ["git", "any version", "2.39.5", true],
      ["libc6", "any version", "1:2.36-9+deb12u14", true],
      ["ripgrep", "any version", "13.0.0", true],
      ["tmux", "any version", "3.3a", true],
      ["claude", "2.1.329", "2.1.329", true],
      ["gemini", "0.61.0", "9".repeat(60), false],
      ["codex", "0.169.0", "0.1.0", false],
      ["npm", "11.19.1", "", false],
      ["claude login", "either", "logged in: ~/.claude/.credentials.json", true],
    ],
  );
  equal(JSON.stringify(rows).includes("SECRET"), false);
});

test("a login is found in a file or a variable, by its name alone", async () => {
  const small = { ...manifest, packages: [], npm: ["@anthropic-ai/claude-code@2.1.329", "@openai/codex@0.1.0"] };
  const logins = async (variables: Readonly<Record<string, string>>): Promise<unknown> => {
    const rows = await verifyImage(small, runWith(variables));
    return rows.filter(({ tool }) => tool.endsWith("login")).map(({ found }) => found);
  };
  const file = "logged in: ~/.claude/.credentials.json";
  deepEqual(await logins({}), [file, "not logged in"]);
  deepEqual(await logins({ OPENAI_API_KEY: "SECRET", ANTHROPIC_API_KEY: "SECRET" }), [
    `${file}, ANTHROPIC_API_KEY`,
    "logged in: OPENAI_API_KEY",
  ]);
  deepEqual(await logins({ HOME: folder, OPENAI_API_KEY: "" }), ["not logged in", "not logged in"]);
});
