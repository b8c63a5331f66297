// Installs real coding-agent CLIs from npm, outside the lockfile, for recordings and end-to-end tests.
// Usage: node scripts/install-agents.ts [--with opencode,copilot,qwen]
// Result: .cache/agents/bin/{claude,codex,gemini,…}. Idempotent: what is there in the wanted version is left alone.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";

/** How one agent is had from npm. */
type AgentPackage = {
  /** What `npm install` takes: exact versions; the platform's package alone where there is one (no install script is needed then). */
  readonly spec: string;
  /** The program in the agent's own folder: a native one, or JavaScript that needs Node 24. */
  readonly program: string;
};

const ARCH = process.arch === "arm64" ? "arm64" : "x64";
const CODEX_TARGET = `${ARCH === "arm64" ? "aarch64" : "x86_64"}-unknown-linux-musl`;
const ALWAYS: readonly string[] = ["claude", "codex", "gemini"];

const PACKAGES: Readonly<Record<string, AgentPackage>> = {
  claude: {
    spec: `@anthropic-ai/claude-code-linux-${ARCH}@2.1.329`,
    program: `node_modules/@anthropic-ai/claude-code-linux-${ARCH}/claude`,
  },
  codex: {
    spec: `codex-program@npm:@openai/codex@0.169.0-linux-${ARCH}`,
    program: `node_modules/codex-program/vendor/${CODEX_TARGET}/bin/codex`,
  },
  gemini: {
    spec: "@google/gemini-cli@0.61.0",
    program: "node_modules/@google/gemini-cli/bundle/gemini.js",
  },
  opencode: {
    spec: `opencode-linux-${ARCH}@1.18.33`,
    program: `node_modules/opencode-linux-${ARCH}/bin/opencode`,
  },
  copilot: {
    spec: "@github/copilot@1.0.102",
    program: "node_modules/@github/copilot/npm-loader.js",
  },
  qwen: {
    spec: "@qwen-code/qwen-code@0.24.4",
    program: "node_modules/@qwen-code/qwen-code/cli-entry.js",
  },
};

const root = join(import.meta.dirname, "..", ".cache", "agents");
const { values } = parseArgs({ options: { with: { type: "string", default: "" } } });
const extra = values.with.split(",").filter((name) => name !== "");
for (const name of [...ALWAYS, ...extra]) installAgent(name);

function installAgent(name: string): void {
  const wanted = PACKAGES[name];
  if (wanted === undefined) fail(`unknown agent "${name}". Known: ${Object.keys(PACKAGES).join(", ")}.`);
  const folder = join(root, name);
  const stamp = join(folder, ".installed");
  const program = join(folder, wanted.program);
  if (!existsSync(program) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted.spec) {
    process.stderr.write(`installing ${name} (${wanted.spec})…\n`);
    npmInstall(folder, wanted.spec);
    if (!existsSync(program)) fail(`${wanted.spec} holds no ${wanted.program}.`);
    writeFileSync(stamp, wanted.spec);
  }
  linkProgram(name, program);
}

function npmInstall(folder: string, spec: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  // This Node first on PATH: npm then checks engines, and picks versions, against Node 24 rather than the system's.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}` };
  const child = spawnSync("npm", ["install", "--prefix", folder, ...options, spec], {
    cwd: folder,
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (child.status !== 0) fail(`npm could not install ${spec} (exit ${child.status ?? child.signal}).`);
}

/** Puts the program on `bin/`: a link to a native one; for JavaScript a wrapper that runs it on this Node. */
function linkProgram(name: string, program: string): void {
  const link = join(root, "bin", name);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  if (program.endsWith(".js")) {
    writeFileSync(link, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, { mode: 0o755 });
  } else {
    chmodSync(program, 0o755);
    symlinkSync(program, link);
  }
}

function fail(message: string): never {
  process.stderr.write(`install-agents: ${message}\n`);
  process.exit(1);
}
