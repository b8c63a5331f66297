import { chmodSync, copyFileSync, cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import type { ImageBuild, ImageContents } from "./build-image.ts";
import { runBuildTool, type ToolContext } from "./build-tool.ts";
import { IMAGE_FILES } from "./image-record.ts";
import { builtInFolder } from "./manifest.ts";

/** Names the nixpkgs to build from, as a flake reference; default: the one that the flake names. */
export const NIXPKGS_VARIABLE = "CLOISTER_NIXPKGS";

/** Nix's words for the architectures that the flake is for. */
const SYSTEMS: Readonly<Record<string, string>> = { amd64: "x86_64-linux", arm64: "aarch64-linux" };
/** What `nix build --json` answers. */
const answerSchema = z.tuple([z.object({ outputs: z.object({ out: z.string() }) })]);
const FLAKES = ["--extra-experimental-features", "nix-command flakes"];

/**
 * Builds NixOS by the flake that comes with Cloister. Nix keeps what it downloads and builds in its own store.
 * @throws CloisterError `machine_unavailable` where there is no Nix, `image_invalid` for what the flake does not make
 */
export async function buildNixosImage(
  context: ToolContext,
  { manifest, guestProgram, target }: ImageBuild,
): Promise<ImageContents> {
  const system = SYSTEMS[manifest.architecture];
  if (system === undefined || manifest.outputs.includes("archive")) throw notMade();
  const flake = join(context.folder, "flake");
  cpSync(join(builtInFolder(), "nixos"), flake, { recursive: true });
  copyFileSync(guestProgram, join(flake, "cloister-guest"));
  chmodSync(join(flake, "cloister-guest"), 0o755);
  context.onProgress(`building NixOS for ${system}: the first time takes long`);
  const nixpkgs = context.env[NIXPKGS_VARIABLE] ?? "";
  const source = nixpkgs === "" ? [] : ["--override-input", "nixpkgs", nixpkgs];
  const build = ["nix", ...FLAKES, "build", "--no-link", "--json", "--no-write-lock-file", ...source];
  const said = await runBuildTool(context, [...build, `path:${flake}#packages.${system}.image`]);
  const [built] = answerSchema.parse(JSON.parse(said));
  const made = Object.values(IMAGE_FILES).filter((name) => existsSync(join(built.outputs.out, name)));
  for (const name of made) {
    copyFileSync(join(built.outputs.out, name), join(target, name));
    chmodSync(join(target, name), 0o644);
  }
  return { packages: [], npm: [] };
}

function notMade(): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: "NixOS images are made for amd64 and arm64, and as disks alone.",
    remedy: "Correct the manifest's architecture or outputs, or use the builder debian.",
  });
}
