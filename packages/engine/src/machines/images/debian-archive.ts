import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { runBuildTool, type ToolContext } from "./build-tool.ts";
import { openLists } from "./debian-lists.ts";
import type { DebianSource } from "./debian-sources.ts";
import { trustedSources } from "./trusted-sources.ts";

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
 * Opens an archive with an apt of its own below the build's folder: nothing of the host's apt is changed. Leaves out or
 * replaces, and says so, those of the sources whose lists do not fit their signature, where the user allows that.
 */
export async function openDebianArchive(
  context: ToolContext,
  architecture: string,
  wanted: readonly DebianSource[],
): Promise<DebianArchive> {
  const aptFolder = join(context.folder, "apt");
  const sources = await trustedSources(context, architecture, wanted);
  const apt = await openLists(context, { folder: aptFolder, architecture, sources });
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

function noPackage(name: string, architecture: string): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Debian has no package ${name} for ${architecture} in this release.`,
    remedy: "Correct the manifest's release, architecture or packages.",
  });
}
