import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, suite, test } from "node:test";
import { GIT_IMAGE, IMAGE_ENV, SHARED_IMAGES } from "../packages/cli/test/harness/embedded-image.ts";
import { createTestRepository } from "../packages/cli/test/harness/test-repository.ts";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "cloister-package-"));
const home = join(folder, "home");
const env = {
  ...process.env,
  ...IMAGE_ENV,
  PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
  HOME: home,
  CLOISTER_STATE_HOME: join(home, "state"),
};
/** An emulated machine that boots on a busy host, and works there. */
const LONGEST_MS = 10 * 60_000;

const PLAN = `---
gates:
  machine: test "$(uname -m)" = riscv64
---
## Task: Write one
Write 1 to one.txt.
`;

type Call = { readonly cwd: string; readonly input?: string };

function run(command: string, args: readonly string[], { cwd, input = "" }: Call = { cwd: folder }): string {
  return execFileSync(command, [...args], { cwd, env, input, encoding: "utf8", timeout: LONGEST_MS });
}

/** The program of the installed package. */
const program = join(folder, "node_modules", ".bin", "cloister");
const cloister = (...args: readonly string[]): string => run(program, args);

function install(): void {
  run(process.execPath, [join(root, "scripts", "build.ts")]);
  run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: join(root, "dist", "package") });
  const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), '{"private":true}\n');
  // Node itself is an optional dependency of 60 MB, and is here already.
  run("npm", ["install", "--silent", "--omit=optional", "--ignore-scripts", `./${tarball}`]);
}

suite("the package that is published", () => {
  for (const made of [env.CLOISTER_STATE_HOME, SHARED_IMAGES]) mkdirSync(made, { recursive: true });
  symlinkSync(SHARED_IMAGES, join(env.CLOISTER_STATE_HOME, "images"));
  install();
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  test("installs, and does the whole job", () => {
    assert.match(cloister("--version"), /^\d+\.\d+\.\d+\n$/);
    const summary = cloister("demo", "--json").trim().split("\n").at(-1) ?? "";
    const { reason, iterations } = JSON.parse(summary) as { reason: string; iterations: number };
    assert.deepEqual({ reason, iterations }, { reason: "done", iterations: 4 });
    cloister("testkit", "mock-agent", "claude", join(folder, "agents"));
    assert.match(run(join(folder, "agents", "claude"), ["--version"]), /Claude Code/);
  });

  test("has the guest agent, compiled, for the machines of this host and of its own engine", () => {
    const programs = join(folder, "node_modules", "cloister", "guest", "bin");
    for (const machines of ["linux-amd64", "linux-riscv64"]) {
      const program = join(programs, machines, "cloister-guest");
      accessSync(program, constants.X_OK);
      assert.equal(readFileSync(program).subarray(0, 4).toString("latin1"), "\x7fELF");
    }
  });

  test("boots Linux in its own engine, which compiles in a thread beside it", () => {
    const { kernel, initrd } = JSON.parse(cloister("image", "build", "tiny", "--arch", "riscv64", "--json"));
    const boot = ["--kernel", kernel, "--initrd", initrd, "--append", "console=ttyS0 quiet rdinit=/bin/sh"];
    const statistics = join(folder, "statistics.json");
    const input = "echo answer $((6 * 7)); poweroff -f\n";
    const printed = run(program, ["vm", "run", ...boot, "--stats", statistics], { cwd: folder, input });
    assert.match(printed, /^answer 42\r?$/m);
    const { units } = JSON.parse(readFileSync(statistics, "utf8"));
    assert.ok(units.compiled.block > 100 && units.compiled.region > 0);
  });

  test("makes machines of its own engine", () => {
    cloister("machine", "create", "--driver", "embedded", "--image", "tiny", "--name", "try", "--memory", "128");
    assert.equal(cloister("machine", "exec", "try", "--", "uname", "-m"), "riscv64\n");
    cloister("machine", "rm", "try");
    assert.equal(cloister("machine", "list", "--json"), "");
  });

  test("runs a plan in a machine of its own engine", () => {
    using repository = createTestRepository({
      project: { "plan.md": PLAN, "agent.sh": "echo 1 >one.txt\necho TASK_COMPLETE\n" },
    });
    const manifest = join(folder, "image.yaml");
    writeFileSync(manifest, GIT_IMAGE.manifest);
    cloister("image", "build", manifest);
    const agent = ["--agent", "command", "--agent-command", "sh agent.sh"];
    const machine = ["--machine", `embedded:${GIT_IMAGE.name}`];
    const printed = run(program, ["run", "plan.md", ...agent, ...machine, "--json"], { cwd: repository.root });
    const { reason, branch } = JSON.parse(printed.trim().split("\n").at(-1) ?? "");
    assert.equal(reason, "done");
    assert.equal(repository.git("show", `${branch}:one.txt`), "1");
  });
});
