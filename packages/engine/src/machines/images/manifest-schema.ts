import { CloisterError } from "@cloister/core";
import { z } from "zod";
import type { ImageManifest, ImportedManifest } from "./port.ts";

const MAX_DISK_MIB = 1024 * 1024;
/** What images can be built for, in Debian's words. */
export const ARCHITECTURES = ["amd64", "arm64", "riscv64"] as const;

/** Debian's name: https://www.debian.org/doc/debian-policy/ch-controlfields.html#source */
const debianPackage = z.string().regex(/^[a-z0-9][a-z0-9+.-]{1,99}$/, "expected the name of a Debian package");
/** A version and nothing else: no range, no tag, no address. */
const npmPackage = z
  .string()
  .regex(
    /^(@[a-z0-9][a-z0-9._-]{0,99}\/)?[a-z0-9][a-z0-9._-]{0,99}@\d+\.\d+\.\d+(-[0-9A-Za-z.-]{1,99})?$/,
    "expected an npm package with exact version, such as @openai/codex@0.169.0",
  );

const release = z.string().regex(/^[a-z]{2,20}$/, "expected the name of a Debian release, such as bookworm");
const node = z.string().regex(/^\d+\.\d+\.\d+$/, "expected an exact version, such as 24.21.0");
const nodeOrNone = z.string().regex(/^(\d+\.\d+\.\d+|none)$/, "expected an exact version, such as 24.21.0, or none");
const packages = z.array(debianPackage).max(500);
const diskMib = z.int().min(16).max(MAX_DISK_MIB);
const variant = z.strictObject({
  release: release.exactOptional(),
  packages: packages.exactOptional(),
  node: nodeOrNone.exactOptional(),
  diskMib: diskMib.exactOptional(),
});

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "expected lower case letters, digits and dashes, 40 at most");

/** Bounds on what is written down of a disk that somebody else built. Kernels read 2048 characters, of which some are Cloister's. */
export const importedManifestSchema: z.ZodType<ImportedManifest> = z.strictObject({
  name,
  builder: z.literal("imported"),
  architecture: z.enum(ARCHITECTURES),
  kernelArguments: z
    .string()
    .regex(/^[\x20-\x7e]{1,1500}$/, "expected words for a kernel, 1500 plain characters at most")
    .exactOptional(),
});

/** A manifest as it is written: with the architecture left open, images are for the host's. */
export type WrittenManifest = Omit<ImageManifest, "architecture"> & { readonly architecture?: string };

/** Bounds on a manifest, whoever wrote it: its words go into command lines. */
export const manifestSchema: z.ZodType<WrittenManifest> = z
  .strictObject({
    name,
    builder: z.enum(["debian", "busybox", "nixos"]).default("debian"),
    architecture: z.enum(ARCHITECTURES).exactOptional(),
    release: release.default("bookworm"),
    packages: packages.default([]),
    npm: z.array(npmPackage).max(100).default([]),
    node: node.exactOptional(),
    diskMib: diskMib.default(2048),
    outputs: z
      .array(z.enum(["disk", "archive"]))
      .min(1)
      .default(["disk", "archive"]),
    architectures: z.partialRecord(z.enum(ARCHITECTURES), variant).exactOptional(),
  })
  .refine(({ npm, node }) => npm.length === 0 || node !== undefined, {
    path: ["node"],
    message: "expected a version: the npm packages need one to run",
  })
  .refine(
    ({ builder, packages, npm, node }) =>
      builder === "debian" || (packages.length + npm.length === 0 && node === undefined),
    {
      path: ["builder"],
      message: "expected debian: no other builder installs packages, npm packages or node",
    },
  );

/**
 * The manifest for the architecture that it names, with what is different there and nothing left to choose.
 * @throws CloisterError `image_invalid` where that goes beyond the bounds, such as npm packages without Node
 */
export function settleManifest({ architectures = {}, ...common }: ImageManifest): ImageManifest {
  const { node, ...different } = architectures[common.architecture] ?? {};
  const { node: commonNode, ...rest } = { ...common, ...different };
  const chosen = node ?? commonNode;
  const manifest = { ...rest, ...(chosen === undefined || chosen === "none" ? {} : { node: chosen }) };
  const checked = manifestSchema.safeParse(manifest);
  if (checked.success) return { ...manifest, packages: [...new Set(manifest.packages)].toSorted() };
  throw new CloisterError({
    code: "image_invalid",
    message: `Expected image ${common.name} to be possible for ${common.architecture}: ${checked.error.issues.map(({ message }) => message).join("; ")}.`,
    remedy: "docs/images.md says what a manifest holds.",
  });
}

/** Tells whether a value is a manifest with nothing left open. */
export function isManifest(value: unknown): value is ImageManifest {
  const found = manifestSchema.safeParse(value);
  return found.success && found.data.architecture !== undefined;
}
