import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { COMMANDS } from "../definitions/index.ts";
import { fishCompletion } from "./fish.ts";
import { listPlaces } from "./places.ts";
import { bashCompletion, zshCompletion } from "./posix-shells.ts";

const PLACES = listPlaces(COMMANDS);
let folder = "";

before(() => {
  folder = mkdtempSync(join(tmpdir(), "cloister-completion-"));
  execFileSync("git", ["init", "--quiet"], { cwd: folder });
  for (const run of ["20260107-090000-aaaa", "20260108-090000-bbbb"])
    mkdirSync(join(folder, ".cloister", "runs", run), { recursive: true });
  writeFileSync(join(folder, "my plan.md"), "");
  writeFileSync(join(folder, "notes.md"), "");
  writeFileSync(join(folder, "completion.bash"), bashCompletion(PLACES));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Asks bash itself what it offers for the last of `words`. */
function offersOfBash(words: readonly string[]): string[] {
  const script =
    'source ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cloister; printf "%s\\n" "${COMPREPLY[@]}"';
  const printed = execFileSync("bash", ["--norc", "-c", script, "bash", ...words], { cwd: folder, encoding: "utf8" });
  return printed.split("\n").filter((line) => line !== "");
}

const OFFERS: readonly (readonly [typed: readonly string[], offered: readonly string[]])[] = [
  [
    ["cloister", "re"],
    ["resume", "report"],
  ],
  [
    ["cloister", "run", "--max-"],
    ["--max-iterations", "--max-cost", "--max-tokens", "--max-runtime"],
  ],
  [
    ["cloister", "run", "--agent", "co"],
    ["codex", "copilot", "command"],
  ],
  [["cloister", "run", "m"], ["my plan.md"]],
  [["cloister", "run", "plan.md", "--in"], ["--in-place"]],
  [["cloister", "run", "-p", "x"], []],
  [
    ["cloister", "status", ""],
    ["20260107-090000-aaaa", "20260108-090000-bbbb"],
  ],
  [["cloister", "steer", "--run", "20260108"], ["20260108-090000-bbbb"]],
  [
    ["cloister", "report", "--format", ""],
    ["md", "html", "json"],
  ],
  [["cloister", "completion", "z"], ["zsh"]],
  [
    ["cloister", "testkit", ""],
    ["model-server", "mock-agent"],
  ],
  [["cloister", "testkit", "model-server", "--p"], ["--port"]],
];

for (const [typed, offered] of OFFERS)
  test(`bash offers ${offered.join(" ") || "nothing"} after "${typed.join(" ")}"`, () => {
    assert.deepEqual(offersOfBash(typed).sort(), [...offered].sort());
  });

test("every command and option has its place in every script", () => {
  for (const script of [bashCompletion(PLACES), zshCompletion(PLACES), fishCompletion(PLACES)])
    for (const { path, options } of PLACES) {
      for (const word of path) assert.ok(script.includes(word), word);
      for (const { flags } of options)
        for (const flag of flags) assert.ok(script.includes(flag.replace(/^-+/, "")), flag);
    }
});

test("quotes in a help text do not break the fish script", () => {
  const script = fishCompletion([
    { path: [], commands: [{ name: "x", help: "it's \\ odd" }], options: [], argument: "nothing" },
  ]);
  assert.match(script, /-d 'it\\'s \\\\ odd'/);
});
