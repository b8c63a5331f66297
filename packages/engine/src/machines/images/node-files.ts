import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { CloisterError } from "@cloister/core";
import type { ImageRecord } from "./image-record.ts";
import { type InstalledPackage, npmInstall } from "./npm-install.ts";
import type { ImageManifest } from "./port.ts";
import type { ToolContext } from "./build-tool.ts";

/** Where npm packages lie in an image: beside what its users install themselves, never among it. */
const PACKAGES_FOLDER = "usr/local/lib/cloister";
const PROGRAMS_FOLDER = "usr/local/bin";

/** Node's word for a processor, and the one that programs built for Linux with musl bear. */
type Processor = { readonly cpu: string; readonly triple: string };

/** By Debian's word. */
const PROCESSORS: Readonly<Record<string, Processor>> = {
  amd64: { cpu: "x64", triple: "x86_64-unknown-linux-musl" },
  arm64: { cpu: "arm64", triple: "aarch64-unknown-linux-musl" },
};

/** Agents whose install script would link a native program, or that would start it by way of Node: where it is, in the packages' folder. */
const NATIVE_PROGRAMS: Readonly<Record<string, (processor: Processor) => string>> = {
  claude: ({ cpu }) => `node_modules/@anthropic-ai/claude-code-linux-${cpu}/claude`,
  codex: ({ cpu, triple }) => `node_modules/@openai/codex-linux-${cpu}/vendor/${triple}/bin/codex`,
};

/** Where Node and the npm packages go. */
export type NodeTarget = { readonly manifest: ImageManifest; readonly root: string };

/**
 * Installs Node and the manifest's npm packages for the image's processor.
 * @returns what npm installed, dependencies included
 * @throws CloisterError `image_invalid` where there is no Node for the processor, `machine_failed` with npm's words
 */
export async function installNode(context: ToolContext, { manifest, root }: NodeTarget): Promise<ImageRecord["npm"]> {
  const { node, npm, architecture } = manifest;
  if (node === undefined) return [];
  const processor = PROCESSORS[architecture];
  if (processor === undefined) throw noNode(architecture);
  context.onProgress(`installing Node ${node} and ${npm.length} npm packages`);
  const folder = join(root, PACKAGES_FOLDER);
  const nodePackage = `node-linux-${processor.cpu}`;
  const packages = [`${nodePackage}@${node}`, ...npm];
  const installed = await npmInstall(context, { folder, packages, cpu: processor.cpu });
  placeNode(root, join(folder, "node_modules", nodePackage));
  for (const found of installed.filter(({ path }) => isNamed(npm, path))) linkPrograms(root, found, processor);
  return installed.map(({ path, version, integrity }) => ({ name: `${nameOf(path)}@${version}`, integrity }));
}

/** Node's own files go where its users look for them; npm installs for all users beside them. */
function placeNode(root: string, from: string): void {
  const programs = join(root, PROGRAMS_FOLDER);
  mkdirSync(programs, { recursive: true });
  renameSync(join(from, "bin/node"), join(programs, "node"));
  renameSync(join(from, "include"), join(root, "usr/local/include"));
  rmSync(from, { recursive: true });
  rmSync(join(from, "../.bin"), { recursive: true, force: true });
}

function linkPrograms(root: string, { path, programs }: InstalledPackage, processor: Processor): void {
  for (const [name, file] of Object.entries(programs)) {
    const native = NATIVE_PROGRAMS[name]?.(processor);
    const program = join(root, PACKAGES_FOLDER, native ?? join(path, file));
    if (!existsSync(program)) throw noProgram(name, native ?? file);
    chmodSync(program, 0o755);
    symlinkSync(relative(join(root, PROGRAMS_FOLDER), program), join(root, PROGRAMS_FOLDER, name));
  }
}

function isNamed(npm: readonly string[], path: string): boolean {
  return npm.some((item) => path === `node_modules/${item.slice(0, item.lastIndexOf("@"))}`);
}

/** Packages within packages have the paths of both. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

function noNode(architecture: string): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `npm has no Node for ${architecture}: expected amd64 or arm64.`,
    remedy: "Leave out node and npm; Debian's package nodejs can go among the packages.",
  });
}

function noProgram(name: string, file: string): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `Expected the program ${name} at ${file} of its npm package, found none.`,
  });
}
