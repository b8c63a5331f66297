import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { runBuildTool, type ToolContext } from "./build-tool.ts";
import { type DebianSource, MIRROR_VARIABLE, SUITES_VARIABLE } from "./debian-sources.ts";

/** Packages of one Debian release and architecture, which need not be the host's. */
export interface DebianArchive {
  /** Lines of a sources.list: what it reads. */
  readonly sources: readonly string[];
  /** What a package depends on, at its newest version: for packages that only point to others. */
  dependencies(name: string): Promise<readonly string[]>;
  /** Downloads a package, checked against the archive's signature, and unpacks its files without installing it. */
  unpack(name: string): Promise<UnpackedPackage>;
  /** Downloads packages with what they need, and those that every Debian has, likewise checked. @returns paths, in order */
  collect(names: readonly string[]): Promise<readonly string[]>;
}

/** A package's files. */
export type UnpackedPackage = { readonly folder: string; readonly version: string };

/**
 * Opens an archive with an apt of its own below the build's folder: nothing of the host's apt is changed. Leaves out, and says so, those
 * of the sources whose lists do not fit their signature, where the user allows that.
 */
export async function openDebianArchive(
  context: ToolContext,
  architecture: string,
  wanted: readonly DebianSource[],
): Promise<DebianArchive> {
  const aptFolder = join(context.folder, "apt");
  const sources = await trustedSources(context, architecture, wanted);
  const apt = aptOptions(aptFolder, architecture, sources);
  await updateLists(context, apt);
  const describe = async (name: string, field: string): Promise<string> => {
    const said = await runBuildTool(context, ["apt-cache", ...apt, "show", "--no-all-versions", name]).catch(() => "");
    const value = new RegExp(`^${field}: (.+)$`, "m").exec(said)?.[1];
    if (value === undefined) throw noPackage(name, architecture);
    return value;
  };
  return {
    sources,
    dependencies: async (name) =>
      (await describe(name, "Depends")).split(",").map((item) => item.trim().split(" ")[0] ?? ""),
    unpack: async (name) => {
      const version = await describe(name, "Version");
      const folder = join(context.folder, `package-${name}`);
      const files = join(folder, "files");
      mkdirSync(files, { recursive: true });
      await runBuildTool(context, ["apt-get", ...apt, "download", name], { cwd: folder });
      const archive = readdirSync(folder).find((file) => file.endsWith(".deb"));
      if (archive === undefined) throw noPackage(name, architecture);
      await runBuildTool(context, ["dpkg-deb", "--extract", join(folder, archive), files]);
      return { folder: files, version };
    },
    collect: async (names) => {
      const install = ["install", "--download-only", "--yes", "--no-install-recommends", "?essential", ...names];
      await runBuildTool(context, ["apt-get", ...apt, ...install]);
      const archives = join(aptFolder, "cache/archives");
      const files = readdirSync(archives).filter((file) => file.endsWith(".deb"));
      return files.toSorted().map((file) => join(archives, file));
    },
  };
}

function aptOptions(folder: string, architecture: string, sources: readonly string[]): readonly string[] {
  for (const made of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(folder, made), { recursive: true });
  writeFileSync(join(folder, "status"), "");
  writeFileSync(join(folder, "sources.list"), `${sources.join("\n")}\n`);
  const settings = [
    `Dir::State::status=${join(folder, "status")}`,
    `Dir::State::lists=${join(folder, "lists")}`,
    `Dir::Cache=${join(folder, "cache")}`,
    `Dir::Etc::sourcelist=${join(folder, "sources.list")}`,
    "Dir::Etc::sourceparts=/dev/null",
    "Dir::Etc::preferencesparts=/dev/null",
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    "Acquire::Languages=none",
    // Otherwise root's apt downloads as a user that can't write here.
    "APT::Sandbox::User=root",
    "quiet=2",
  ];
  return settings.flatMap((setting) => ["-o", setting]);
}

/** @returns the lines of all sources but the optional ones that a mirror has wrong lists of */
async function trustedSources(
  context: ToolContext,
  architecture: string,
  wanted: readonly DebianSource[],
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { line, isOptional } of wanted)
    if (!isOptional || (await isTrusted(context, architecture, line))) lines.push(line);
  return lines;
}

async function isTrusted(context: ToolContext, architecture: string, line: string): Promise<boolean> {
  try {
    await updateLists(context, aptOptions(join(context.folder, "apt-trial"), architecture, [line]));
    return true;
  } catch (error: unknown) {
    if (!isMismatch(error)) throw error;
    context.onProgress(
      `warning: left out, as ${SUITES_VARIABLE} allows, since its lists do not fit their signature: ${line}`,
    );
    return false;
  }
}

async function updateLists(context: ToolContext, apt: readonly string[]): Promise<void> {
  await runBuildTool(context, ["apt-get", ...apt, "update"]).catch((error: unknown) => {
    throw isMismatch(error) ? explainMismatch(error) : error;
  });
}

/** A mirror that is being renewed has lists that do not fit their signed hashes; so has one that somebody tampers with. They are refused. */
function isMismatch(error: unknown): error is CloisterError {
  return CloisterError.isInstance(error) && /Mirror sync in progress|Hash Sum mismatch/.test(error.message);
}

function explainMismatch({ code, message }: CloisterError): CloisterError {
  return new CloisterError({
    code,
    message,
    remedy: `Build later, or name another mirror with ${MIRROR_VARIABLE}. ${SUITES_VARIABLE}="release updates? security" builds without Debian's updates where they are what is wrong; "security?" does so for those of security, which the image then lacks.`,
  });
}

function noPackage(name: string, architecture: string): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Debian has no package ${name} for ${architecture} in this release.`,
    remedy: "Correct the manifest's release, architecture or packages.",
  });
}
