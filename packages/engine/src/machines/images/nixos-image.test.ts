import { deepEqual, equal, rejects } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildNixosImage, NIXPKGS_VARIABLE } from "./nixos-image.ts";
import { builtInFolder, readManifest } from "./manifest.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-nixos-"));
after(() => {
  execFileSync("chmod", ["-R", "u+w", folder]);
  rmSync(folder, { recursive: true });
});
const flake = join(builtInFolder(), "nixos");

/**
 * Enough of nixpkgs to evaluate the module and to build what it says: the real one is too large for a test. Options get their defaults,
 * packages are their names, and every name that the module asks for and that is not here is an error.
 */
const STUB = `{
  outputs = _: {
    lib.nixosSystem = { system, modules }:
      let
        lib = {
          mkOption = option: option;
          types = { path = "path"; package = "package"; listOf = type: [ type ]; };
          getName = package: package;
        };
        merge = a: b: a // builtins.mapAttrs (name: value:
          if builtins.isAttrs value && builtins.isAttrs (a.\${name} or null) && !(value ? type) then merge a.\${name} value else value) b;
        runCommand = name: _: script: derivation {
          inherit name system;
          builder = "/bin/sh";
          args = [ "-c" "PATH=/usr/bin:/bin; \${script}" ];
        };
        names = [ "claude-code" "codex" "gemini-cli" "curl" "gh" "git" "jujutsu" "nodejs_24" "ripgrep" "tmux" ];
        pkgs = builtins.listToAttrs (map (name: { inherit name; value = name; }) names) // {
          inherit runCommand;
          callPackage = _: { storePaths, populateImageCommands, ... }: builtins.toFile "disk" (builtins.unsafeDiscardStringContext populateImageCommands);
        };
        folder = name: file: runCommand name { } "mkdir $out; echo \${name} >$out/\${file}";
        base = {
          system.build = { toplevel = "/toplevel"; kernel = folder "kernel" "bzImage"; initialRamdisk = folder "ramdisk" "initrd"; };
          system.boot.loader = { kernelFile = "bzImage"; initrdFile = "initrd"; };
        };
        load = module: if builtins.isPath module then import module { inherit config lib pkgs; modulesPath = /modules; } else module;
        loaded = map load modules;
        defaults = { cloister = builtins.mapAttrs (_: option: option.default or null) (builtins.head loaded).options.cloister; };
        config = builtins.foldl' merge (merge base defaults) (map (module: module.config or module) loaded);
      in { inherit config; };
  };
}`;

/** A Nix with a store of its own, and no way to the network. */
const env = {
  PATH: process.env["PATH"] ?? "",
  HOME: folder,
  NIX_STORE_DIR: join(folder, "nix/store"),
  NIX_STATE_DIR: join(folder, "nix/state"),
  NIX_LOG_DIR: join(folder, "nix/log"),
  NIX_CONFIG: "sandbox = false\nbuild-users-group =\nsubstitute = false",
  [NIXPKGS_VARIABLE]: `path:${join(folder, "nixpkgs")}`,
};

const manifest = { ...readManifest("tiny", { architecture: "amd64" }), builder: "nixos", outputs: ["disk"] } as const;

test("the flake and the module are Nix", () => {
  for (const file of ["flake.nix", "machine.nix"])
    execFileSync("nix-instantiate", ["--parse", join(flake, file)], { env });
});

test("the flake evaluates and builds offline, with the guest agent that it was given", async () => {
  mkdirSync(join(folder, "nixpkgs"));
  writeFileSync(join(folder, "nixpkgs/flake.nix"), STUB);
  const guestProgram = join(folder, "guest");
  writeFileSync(guestProgram, "the guest agent");
  const context = { env, folder: join(folder, "work"), onProgress: (): void => undefined };
  const target = join(folder, "image");
  for (const made of [context.folder, target]) mkdirSync(made);
  await buildNixosImage(context, { manifest, guestProgram, target });
  const files = Object.fromEntries(readdirSync(target).map((name) => [name, readFileSync(join(target, name), "utf8")]));
  deepEqual(files, { vmlinuz: "kernel\n", initrd: "ramdisk\n", "disk.raw": "ln -s /toplevel/init ./files/init" });
});

test("what the flake does not make is refused", async () => {
  const context = { env, folder, onProgress: (): void => undefined };
  const refused = [
    { ...manifest, architecture: "riscv64" },
    { ...manifest, outputs: ["disk", "archive"] as const },
  ];
  for (const wrong of refused)
    await rejects(buildNixosImage(context, { manifest: wrong, guestProgram: "", target: folder }), {
      code: "image_invalid",
    });
  equal(readdirSync(folder).includes("flake"), false);
});
