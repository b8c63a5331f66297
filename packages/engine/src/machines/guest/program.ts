import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CloisterError } from "@cloister/core";

const run = promisify(execFile);
const COMPILE_TIME_LIMIT_MS = 60_000;

/** Where the sources are: beside the engine's, and beside the bundle of the published package. */
const SOURCE_FOLDERS = ["../../../guest", "../guest"].map((path) => join(import.meta.dirname, path));
const FLAGS = ["-std=c11", "-Os", "-s", "-Wall", "-Wextra", "-ffunction-sections", "-fdata-sections"];
const LINUX_FLAGS = [...FLAGS, "-D_GNU_SOURCE", "-static", "-Wl,--gc-sections"];
const DARWIN_FLAGS = ["-std=c11", "-Os", "-Wall", "-Wextra", "-D_DARWIN_C_SOURCE"];

/** Of each of Debian's architectures: what GNU calls it, and Node. */
const ARCHITECTURES = {
  amd64: { gnu: "x86_64", node: "x64" },
  arm64: { gnu: "aarch64", node: "arm64" },
  riscv64: { gnu: "riscv64", node: "riscv64" },
} as const;

/** Debian's word for an architecture that there is a guest agent for. */
export type GuestArchitecture = keyof typeof ARCHITECTURES;

/** Which guest agent is wanted. */
export type GuestProgramRequest = {
  /** Debian's word: `amd64`, `arm64`, `riscv64`; Node's (`x64`) is understood as well. */
  readonly architecture: string;
  /** Default `linux`. */
  readonly platform?: "linux" | "darwin";
  /** Folder for what is compiled; made where it is missing. */
  readonly cache: string;
};

/**
 * Path of the guest agent for an architecture: shipped with Cloister, or compiled once.
 * @throws CloisterError `machine_unavailable` where there is no compiler for it, with what to install
 */
export async function guestProgram({ architecture, platform = "linux", cache }: GuestProgramRequest): Promise<string> {
  const target = toArchitecture(architecture);
  const sources = sourceFolder();
  const shipped = join(sources, "bin", `${platform}-${target}`, "cloister-guest");
  if (existsSync(shipped)) return shipped;
  const compilers = compilersFor(target, platform);
  const path = join(cache, `cloister-guest-${platform}-${target}-${digest(sources, compilers)}`);
  if (!existsSync(path)) await compile(sources, { target, platform, compilers, path });
  return path;
}

function toArchitecture(word: string): GuestArchitecture {
  for (const [name, { gnu, node }] of Object.entries(ARCHITECTURES))
    if (word === name || word === node || word === gnu) return name as GuestArchitecture;
  throw new CloisterError({
    code: "machine_unavailable",
    message: `Expected one of the architectures ${Object.keys(ARCHITECTURES).join(", ")}; got ${JSON.stringify(word)}.`,
    remedy: "Choose an image of one of them.",
  });
}

function sourceFolder(): string {
  const folder = SOURCE_FOLDERS.find((path) => existsSync(join(path, "protocol.h")));
  if (folder !== undefined) return folder;
  throw new CloisterError({
    code: "machine_unavailable",
    message: "Expected the sources of the guest agent to be part of this installation; they are missing.",
    remedy: "Install Cloister anew.",
  });
}

type Compiler = { readonly command: string; readonly flags: readonly string[] };

/** What may be able to compile it, the best first. */
function compilersFor(target: GuestArchitecture, platform: "linux" | "darwin"): readonly Compiler[] {
  const { gnu, node } = ARCHITECTURES[target];
  if (platform === "darwin")
    return [{ command: "cc", flags: [...DARWIN_FLAGS, "-arch", gnu === "aarch64" ? "arm64" : gnu] }];
  const native = process.platform === "linux" && process.arch === node ? ["musl-gcc", "cc", "gcc"] : [];
  const cross = [`${gnu}-linux-musl-gcc`, `${gnu}-linux-gnu-gcc`];
  return [...native, ...cross].map((command) => ({ command, flags: LINUX_FLAGS }));
}

/** Names the sources and how they are compiled. */
function digest(sources: string, compilers: readonly Compiler[]): string {
  const hash = createHash("sha256").update(JSON.stringify(compilers));
  for (const name of sourceFiles(sources, /\.[ch]$/))
    hash.update(`\0${name}\0`).update(readFileSync(join(sources, name)));
  return hash.digest("hex").slice(0, 16);
}

function sourceFiles(folder: string, pattern: RegExp): readonly string[] {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort();
}

type CompileRequest = {
  readonly target: GuestArchitecture;
  readonly platform: string;
  readonly compilers: readonly Compiler[];
  readonly path: string;
};

/** Compiles under a name of its own and renames: whoever comes at the same time finds all of it or nothing. */
async function compile(sources: string, { target, platform, compilers, path }: CompileRequest): Promise<void> {
  const temporary = `${path}.${process.pid}.${performance.now()}`;
  const failures: string[] = [];
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
  try {
    for (const { command, flags } of compilers) {
      const failure = await tryCompiler(command, [...flags, "-o", temporary, ...sourceFiles(sources, /\.c$/)], sources);
      if (failure === undefined) {
        renameSync(temporary, path);
        return;
      }
      failures.push(failure);
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  throw noCompiler(target, platform, failures);
}

/** @returns what it said, where it failed */
async function tryCompiler(command: string, args: readonly string[], cwd: string): Promise<string | undefined> {
  try {
    await run(command, [...args], { cwd, timeout: COMPILE_TIME_LIMIT_MS, maxBuffer: 1_048_576 });
    return undefined;
  } catch (error: unknown) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: unknown };
    return `${command}: ${code === "ENOENT" ? "not installed" : String(stderr || error).slice(0, 500)}`;
  }
}

function noCompiler(target: GuestArchitecture, platform: string, failures: readonly string[]): CloisterError {
  return new CloisterError({
    code: "machine_unavailable",
    message: `Expected a C compiler for ${platform} on ${target}, to build the guest agent; found none that works (${failures.join("; ")}).`,
    remedy: remedyFor(target, platform),
  });
}

function remedyFor(target: GuestArchitecture, platform: string): string {
  if (platform === "darwin") return "Install Apple's command line tools: xcode-select --install.";
  if (process.platform === "linux" && process.arch === ARCHITECTURES[target].node)
    return "Install one: apt-get install musl-tools, or gcc and libc6-dev.";
  const gnu = ARCHITECTURES[target].gnu;
  return `Install one: apt-get install gcc-${gnu.replace("_", "-")}-linux-gnu, or any that is called ${gnu}-linux-musl-gcc.`;
}
