import type { ImageManifest } from "./port.ts";
import { runBuildTool, type ToolContext } from "./build-tool.ts";

/** How each tool says its version. mke2fs says it on the other stream, with the libraries'. */
const ASK: Readonly<Record<string, readonly string[]>> = {
  apt: ["apt-get", "--version"],
  dpkg: ["dpkg-deb", "--version"],
  mke2fs: ["sh", "-c", "mke2fs -V 2>&1"],
  mmdebstrap: ["mmdebstrap", "--version"],
  nix: ["nix", "--version"],
  npm: ["npm", "--version"],
  tar: ["tar", "--version"],
};

/**
 * Versions of the tools that a manifest needs: other versions may give other bytes.
 * @throws CloisterError `machine_unavailable` where one is missing
 */
export async function toolVersions(context: ToolContext, manifest: ImageManifest): Promise<Record<string, string>> {
  const needed = neededTools(manifest);
  const versions = await Promise.all(
    needed.map(async (name) => [name, firstLine(await runBuildTool(context, ASK[name] ?? []))] as const),
  );
  return Object.fromEntries(versions);
}

function neededTools({ builder, node, outputs }: ImageManifest): readonly string[] {
  if (builder === "nixos") return ["nix"];
  return [
    "apt",
    "dpkg",
    "tar",
    ...(outputs.includes("disk") ? ["mke2fs"] : []),
    ...(builder === "debian" ? ["mmdebstrap"] : []),
    ...(node === undefined ? [] : ["npm"]),
  ];
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}
