import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { COMMANDS } from "../definitions/index.ts";
import { createRecordingTerminal } from "../testing/recording-terminal.ts";
import { runCli } from "../testing/run-cli.ts";
import { executeCommandLine } from "./run-command-line.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "cloister-cli-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Loads the program and prints the modules that came along. */
const PRINT_LOADED = `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
await import("./create-program.ts");
console.log(loaded.join("\\n"));
`;

test("--version prints the version alone", async () => {
  const printed = await runCli(["--version"], { cwd: folder });
  assert.deepEqual(printed, { code: 0, stdout: `${manifest.version}\n`, stderr: "" });
});

test("the command line is read without the engine and without a schema library", () => {
  const args = ["--input-type=module", "-e", PRINT_LOADED];
  const loaded = execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" });
  assert.doesNotMatch(loaded, /packages\/(engine|testkit)\/|node_modules\/(zod|ai|yaml|@ai-sdk)\//);
  assert.match(loaded, /node_modules\/commander\//);
});

test("--help lists every command", async () => {
  const { code, stdout } = await runCli(["--help"], { cwd: folder });
  assert.equal(code, 0);
  for (const { name, summary } of COMMANDS)
    assert.match(stdout, new RegExp(`^  ${name} .*${summary.slice(0, 20)}`, "m"));
});

for (const { name, options } of COMMANDS)
  test(`${name} --help shows how it is used`, async () => {
    const terminal = createRecordingTerminal();
    assert.equal(await executeCommandLine([name, "--help"], terminal), 0);
    assert.match(terminal.output, new RegExp(`^Usage: cloister ${name}`));
    for (const { help } of Object.values(options)) assert.ok(terminal.output.includes(help.slice(0, 12)), help);
  });

const USAGE_ERRORS: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["rnu"], /^error: unknown command 'rnu'.*Did you mean run\?/],
  [["run", "--agnet", "claude"], /^error: unknown option '--agnet'.*Did you mean --agent\?/],
  [["run", "a.md", "b.md"], /^error: too many arguments/],
  [["run", "--agent", "nobody"], /Expected one of auto, claude, codex/],
  [
    ["run", "--max-iterations", "0"],
    /--max-iterations <n>' argument '0' is invalid. Expected a whole number, 1 or more/,
  ],
  [["run", "--max-cost", "free"], /Expected US dollars/],
  [["run", "--max-runtime", "soon"], /Expected a time above zero, such as 90s/],
  [["run", "--gate", "npm test"], /Expected name=command/],
  [["run", "--gate", "a=x", "--gate", "a=y"], /found "a" twice/],
  [["run", "plan.md", "-p", "do it"], /Expected a plan or a prompt, found both/],
  [["run", "--prompt"], /argument missing/],
  [["steer"], /missing required argument 'text'/],
  [["completion", "tcsh"], /Expected one of bash, zsh, fish/],
  [["report", "--format", "pdf"], /Expected one of md, html, json/],
  [["testkit"], /^Usage: cloister testkit/],
  [[], /^Usage: cloister/],
];

for (const [args, message] of USAGE_ERRORS)
  test(`"cloister ${args.join(" ")}" is refused with exit code 2`, async () => {
    const terminal = createRecordingTerminal({ cwd: folder });
    assert.equal(await executeCommandLine(args, terminal), 2);
    assert.equal(terminal.output, "");
    assert.match(terminal.notes, message);
    assert.doesNotMatch(terminal.notes, /\n\s+at /, "no stack trace");
  });

test("with --json an error is one line of JSON on standard error", async () => {
  const { code, stdout, stderr } = await runCli(["run", "--json", "--max-cost", "-"], { cwd: folder });
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  const { message, ...rest } = JSON.parse(stderr) as Record<string, unknown>;
  assert.deepEqual(rest, { type: "error", code: "usage_invalid", remedy: "See: cloister run --help", exitCode: 2 });
  assert.match(String(message), /US dollars/);
});

test("what follows -- is an argument, not an option", async () => {
  const terminal = createRecordingTerminal();
  assert.equal(await executeCommandLine(["completion", "--", "--json"], terminal), 2);
  assert.match(terminal.notes, /^error: Expected one of bash/);
});

test("a defect is told in two lines, with its details in the state folder", async () => {
  const write = (): never => {
    throw new TypeError("a defect\u001B[2J");
  };
  const terminal = createRecordingTerminal({ env: { XDG_STATE_HOME: folder }, write });
  assert.equal(await executeCommandLine(["completion", "bash"], terminal), 1);
  const [file = ""] = readdirSync(join(folder, "cloister"));
  assert.equal(
    terminal.notes,
    `error: Cloister failed unexpectedly: a defect\n       Details: ${join(folder, "cloister", file)}\n`,
  );
  assert.match(
    readFileSync(join(folder, "cloister", file), "utf8"),
    /completion bash\nTypeError: a defect[^]*\n\s+at /,
  );
});

test("CLOISTER_DEBUG=1 shows where a defect happened", async () => {
  const write = (): never => {
    throw new TypeError("a defect");
  };
  const terminal = createRecordingTerminal({ env: { XDG_STATE_HOME: folder, CLOISTER_DEBUG: "1" }, write });
  assert.equal(await executeCommandLine(["completion", "bash"], terminal), 1);
  assert.match(terminal.notes, /\n\s+at /);
});

test("a state folder that can't be written does not hide the defect", async () => {
  const write = (): never => {
    throw new TypeError("a defect");
  };
  const terminal = createRecordingTerminal({ env: { XDG_STATE_HOME: "/dev/null" }, write });
  assert.equal(await executeCommandLine(["completion", "bash"], terminal), 1);
  assert.match(terminal.notes, /a defect\n.*CLOISTER_DEBUG=1/);
});
