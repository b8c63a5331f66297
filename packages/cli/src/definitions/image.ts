/** Images: what machines start from. */
import { type AnyCommand, defineCommand } from "../program/command-definition.ts";
import { flag, text } from "../program/option-values.ts";
import { JSON_OPTION, type JsonOption } from "./shared-options.ts";

/** Options of `cloister image build`. */
export type ImageBuildOptions = JsonOption & { readonly arch?: string; readonly force?: boolean };
/** Options of `cloister image verify`. */
export type ImageVerifyOptions = JsonOption & { readonly driver?: string };

/** Options of `cloister image import`. */
export type ImageImportOptions = JsonOption & {
  readonly name?: string;
  readonly arch?: string;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
};

/** `cloister image`. */
export const IMAGE: AnyCommand = defineCommand<object>({
  name: "image",
  summary: "images that machines start from: built from a manifest, the same bytes each time",
  args: [],
  options: {},
  children: [
    defineCommand<ImageBuildOptions>({
      name: "build",
      summary: "build an image from a manifest",
      args: [
        {
          name: "manifest",
          help: "a manifest's file, or the name of one that comes with Cloister: tiny, base, agents (default: agents)",
          completes: "files",
        },
      ],
      options: {
        arch: text("name", "build for another architecture than the manifest's: amd64, arm64, riscv64"),
        force: flag("build anew what is there already"),
        json: JSON_OPTION,
      },
      examples: [["image build agents", "a Debian with git, node and the agents' programs"]],
      load: async () => (await import("../commands/image/build.ts")).build,
    }),
    defineCommand<ImageImportOptions>({
      name: "import",
      summary: "make an image of somebody else's disk, in which qemu-guest-agent runs",
      args: [{ name: "disk", help: "a disk image, qcow2 or raw, which is copied", required: true, completes: "files" }],
      options: {
        name: text("name", "what to call the image (default: the name of the file)"),
        arch: text("name", "the disk's architecture: amd64, arm64, riscv64 (default: the host's)"),
        kernel: text("file", "boot this kernel instead of the disk's own boot loader", { completes: "files" }),
        initrd: text("file", "initial file system for that kernel", { completes: "files" }),
        append: text("words", "words for that kernel (default: root=/dev/vda rw)"),
        json: JSON_OPTION,
      },
      examples: [["image import theirs.qcow2 --name theirs", "a disk with a system and qemu-guest-agent in it"]],
      load: async () => (await import("../commands/image/import.ts")).importImage,
    }),
    defineCommand<ImageVerifyOptions>({
      name: "verify",
      summary: "check an image's files, then boot it and list its tools, their versions and logins",
      args: [{ name: "image", help: "name or digest of the image", required: true, completes: "nothing" }],
      options: { driver: text("name", "what to boot it with (default: qemu, or container)"), json: JSON_OPTION },
      load: async () => (await import("../commands/image/verify.ts")).verify,
    }),
    defineCommand<JsonOption>({
      name: "list",
      summary: "list the images",
      args: [],
      options: { json: JSON_OPTION },
      load: async () => (await import("../commands/image/list.ts")).list,
    }),
    defineCommand<JsonOption>({
      name: "prune",
      summary: "remove images that no machine needs and no newer build replaces",
      args: [],
      options: { json: JSON_OPTION },
      load: async () => (await import("../commands/image/prune.ts")).prune,
    }),
  ],
});
