import { hash } from "node:crypto";
import { guestProgram } from "../guest/program.ts";
import { removeLeftovers, startBuildFolder } from "./build-folder.ts";
import { buildImage } from "./build-image.ts";
import { importFiles, manifestOf } from "./import-disk.ts";
import { canonicalJson, hashFile } from "./hash.ts";
import { hostArchitecture } from "./host-architecture.ts";
import { describeFiles, ImageFolders } from "./image-folders.ts";
import { type ImageRecord, imageDigest } from "./image-record.ts";
import { settleManifest } from "./manifest-schema.ts";
import type { DiskImport, ImageManifest, ImageStore, StoredImage } from "./port.ts";
import { toolVersions } from "./tool-versions.ts";

/** Where images lie, and what they are built with. */
export type ImageStoreOptions = {
  /** One folder an image, by digest. Made where it is missing. */
  readonly folder: string;
  /** Where the guest agent is compiled to. */
  readonly cache: string;
  /** The user's environment: PATH, npm's settings, `CLOISTER_DEBIAN_MIRROR`. */
  readonly env: Readonly<Record<string, string>>;
};

type BuildOptions = Parameters<ImageStore["build"]>[1];

/** Of what this code makes of a manifest: to be raised with every change of it, or images of the former kind are taken for the same. */
const RECIPE = 3;
const DIGEST_BEGINNING = /^[0-9a-f]{6,64}$/;

/** Opens the images of this user; see `port.ts` for what is promised. */
export function openImageStore(options: ImageStoreOptions): ImageStore {
  const folders = new ImageFolders(options.folder);
  return {
    list: () => folders.list().map(({ image }) => image),
    find: (nameOrDigest, architecture = hostArchitecture()) => find(folders, nameOrDigest, architecture),
    build: (manifest, build) => buildOrFind(folders, options, { manifest, ...build }),
    importDisk: (disk, running) => importImage(folders, options, { disk, ...running }),
    check: (image) => folders.check(image.digest),
    prune: (keep) => Promise.resolve(folders.prune(keep)),
  };
}

/** A name goes before a digest; the beginning of two digests is that of neither. */
function find(folders: ImageFolders, nameOrDigest: string, architecture: string): StoredImage | undefined {
  const images = folders.list().map(({ image }) => image);
  const named = images.filter(({ name }) => name === nameOrDigest);
  const best = named.find((image) => image.architecture === architecture) ?? named[0];
  if (best !== undefined || !DIGEST_BEGINNING.test(nameOrDigest)) return best;
  const begun = images.filter(({ digest }) => digest.startsWith(nameOrDigest));
  return begun.length === 1 ? begun[0] : undefined;
}

async function buildOrFind(
  folders: ImageFolders,
  { folder, cache, env }: ImageStoreOptions,
  { manifest: written, force = false, ...running }: BuildOptions & { readonly manifest: ImageManifest },
): Promise<StoredImage> {
  const manifest = settleManifest(written);
  removeLeftovers(folder);
  const program = await guestProgram({ architecture: manifest.architecture, cache });
  using work = startBuildFolder(folder);
  const context = { ...running, env, folder: work.make("work") };
  const tools = await toolVersions(context, manifest);
  const inputs = hash(
    "sha256",
    canonicalJson({ recipe: RECIPE, manifest, tools, guestProgram: await hashFile(program) }),
  );
  const known = folders.list().find(({ record }) => record.inputs === inputs);
  if (known !== undefined && !force) return known.image;
  const target = work.make("image");
  const contents = await buildImage(context, { manifest, guestProgram: program, target });
  running.onProgress("hashing");
  // Awaited here: what was built is removed with its folder when this function ends.
  return await keep(folders, target, { manifest, inputs, tools, ...contents });
}

type ImportOptions = Parameters<ImageStore["importDisk"]>[1];

async function importImage(
  folders: ImageFolders,
  { folder, cache, env }: ImageStoreOptions,
  { disk, ...running }: ImportOptions & { readonly disk: DiskImport },
): Promise<StoredImage> {
  const manifest = manifestOf(disk);
  removeLeftovers(folder);
  const program = await guestProgram({ architecture: manifest.architecture, cache });
  using work = startBuildFolder(folder);
  const target = work.make("image");
  await importFiles({ ...running, env, folder: work.make("work") }, { disk, guestProgram: program, target });
  running.onProgress("hashing");
  // Nothing was built: its files are all that it is made from.
  return await keep(folders, target, { manifest, inputs: "", tools: {}, packages: [], npm: [] });
}

/** Moves what lies in `target` into place, under its digest. */
async function keep(
  folders: ImageFolders,
  target: string,
  facts: Omit<ImageRecord, "format" | "digest" | "files" | "builtAt">,
): Promise<StoredImage> {
  const files = await describeFiles(target);
  const digest = imageDigest({ manifest: facts.manifest, files });
  return folders.keep(target, { ...facts, format: 1, digest, files, builtAt: Date.now() });
}
