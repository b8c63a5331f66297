import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ForeignImage } from "../port.ts";
import { canonicalJson } from "./hash.ts";
import { importedManifestSchema, isManifest } from "./manifest-schema.ts";
import type { ImageManifest, ImportedManifest, StoredImage } from "./port.ts";

/** Files of an image, by the name that they have in its folder. */
export const IMAGE_FILES = {
  /** As the distribution has it. */
  compressedKernel: "vmlinuz",
  /** The same, uncompressed: boots faster on an emulated processor. */
  kernel: "vmlinux",
  initrd: "initrd",
  disk: "disk.raw",
  archive: "rootfs.tar",
  /** The guest agent, beside a disk that has none. */
  guestProgram: "cloister-guest",
} as const;

/** The file that makes a folder an image. */
export const RECORD_FILE = "manifest.json";

/** What is written down of an image. */
export type ImageRecord = {
  /** Of this record. */
  readonly format: 1;
  readonly digest: string;
  readonly manifest: ImageManifest | ImportedManifest;
  /** By file: its hash and size. */
  readonly files: Readonly<Record<string, ImageFile>>;
  /** Names what it was built from: manifest, guest agent and tools. */
  readonly inputs: string;
  /** Versions of the tools that built it. */
  readonly tools: Readonly<Record<string, string>>;
  /** Debian packages in it, as `name=version`. */
  readonly packages: readonly string[];
  /** npm packages in it, dependencies included, as `name@version`, with the hash that npm checked. */
  readonly npm: readonly { readonly name: string; readonly integrity: string }[];
  /** ms since the epoch. */
  readonly builtAt: number;
};

/** SHA-256 as hexadecimal digits, and size. */
export type ImageFile = { readonly sha256: string; readonly bytes: number };

const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** No path: a record must not lead out of its folder. */
const fileName = z.enum(Object.values(IMAGE_FILES));

const recordSchema: z.ZodType<ImageRecord> = z.object({
  format: z.literal(1),
  digest: digestSchema,
  manifest: z.union([importedManifestSchema, z.custom<ImageManifest>(isManifest)]),
  files: z.partialRecord(fileName, z.object({ sha256: digestSchema, bytes: z.int() })),
  inputs: z.string(),
  tools: z.record(z.string(), z.string()),
  packages: z.array(z.string()),
  npm: z.array(z.object({ name: z.string(), integrity: z.string() })),
  builtAt: z.number(),
});

/** What names an image: its contents, and what it was meant to be. Not what it was built with, or when. */
export function imageDigest({ files, manifest }: Pick<ImageRecord, "files" | "manifest">): string {
  return hash("sha256", canonicalJson({ files, manifest }));
}

/** Reads what is written down of an image; undefined where the folder holds none. */
export function readRecord(folder: string): ImageRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(join(folder, RECORD_FILE), "utf8")));
  } catch {
    return undefined; // Not an image, or half of one: as if it was not there.
  }
}

/** The image that lies in a folder, as drivers use it. */
export function storedImage(folder: string, record: ImageRecord): StoredImage {
  const { digest, manifest, files, builtAt } = record;
  const place = (key: string, ...names: readonly string[]): Record<string, string> => {
    const name = names.find((candidate) => candidate in files);
    return name === undefined ? {} : { [key]: join(folder, name) };
  };
  return {
    digest,
    name: manifest.name,
    architecture: manifest.architecture,
    manifest,
    builtAt,
    sizeKib: Math.ceil(allocatedBytes(folder, Object.keys(files)) / 1024),
    ...place("kernel", IMAGE_FILES.kernel, IMAGE_FILES.compressedKernel),
    ...place("initrd", IMAGE_FILES.initrd),
    ...place("disk", IMAGE_FILES.disk),
    ...place("archive", IMAGE_FILES.archive),
    ...(manifest.builder === "imported" && { foreign: foreignImage(folder, manifest) }),
  };
}

function foreignImage(folder: string, { kernelArguments }: ImportedManifest): ForeignImage {
  const guestProgram = join(folder, IMAGE_FILES.guestProgram);
  return { guestProgram, ...(kernelArguments !== undefined && { kernelArguments }) };
}

/** What files take up: a disk has holes. */
function allocatedBytes(folder: string, names: readonly string[]): number {
  const sizes = names.map((name) => (statSync(join(folder, name), { throwIfNoEntry: false })?.blocks ?? 0) * 512);
  return sizes.reduce((sum, size) => sum + size, 0);
}
