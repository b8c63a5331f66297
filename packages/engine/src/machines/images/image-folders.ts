import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeLeftovers, startBuildFolder } from "./build-folder.ts";
import { hashFile } from "./hash.ts";
import { type ImageRecord, imageDigest, readRecord, RECORD_FILE, storedImage } from "./image-record.ts";
import type { StoredImage } from "./port.ts";

const DIGEST = /^[0-9a-f]{64}$/;

/** An image that is there, and what is written down of it. */
export type KeptImage = { readonly record: ImageRecord; readonly image: StoredImage };

/** Images on disk: one folder each, named by digest, moved into place whole. */
export class ImageFolders {
  readonly #store: string;

  /** @param store made where it is missing */
  constructor(store: string) {
    this.#store = store;
    mkdirSync(store, { recursive: true });
  }

  /** The newest first. */
  list(): readonly KeptImage[] {
    const kept = this.#digests().flatMap((digest) => this.read(digest) ?? []);
    return kept.toSorted((a, b) => b.record.builtAt - a.record.builtAt);
  }

  /** An image by its whole digest. */
  read(digest: string): KeptImage | undefined {
    const folder = join(this.#store, digest);
    const record = readRecord(folder);
    return record?.digest === digest ? { record, image: storedImage(folder, record) } : undefined;
  }

  /** Finds out what of an image is not as it was built. @returns sentences */
  async check(digest: string): Promise<readonly string[]> {
    const folder = join(this.#store, digest);
    const record = readRecord(folder);
    if (record === undefined) return [`${RECORD_FILE} is missing or can't be read`];
    const problems = imageDigest(record) === digest ? [] : [`${RECORD_FILE} is not that of this image`];
    for (const [name, expected] of Object.entries(record.files)) {
      const found = await describeFile(join(folder, name)).catch(() => undefined);
      if (found === undefined) problems.push(`${name} is missing`);
      else if (found.sha256 !== expected.sha256) problems.push(`${name} has changed: its hash is ${found.sha256}`);
    }
    return problems;
  }

  /**
   * Moves a built image into place. One that is there and intact stays, so that machines that run from it are not disturbed; only what
   * is written down of it is renewed.
   */
  async keep(built: string, record: ImageRecord): Promise<StoredImage> {
    const folder = join(this.#store, record.digest);
    writeFileSync(join(built, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
    if ((await this.check(record.digest)).length === 0) renameSync(join(built, RECORD_FILE), join(folder, RECORD_FILE));
    else {
      this.remove(record.digest);
      renameSync(built, folder);
    }
    return storedImage(folder, record);
  }

  /** Removes images but those of `keep`, and what is left of builds that did not end. @returns the digests removed */
  prune(keep: ReadonlySet<string>): readonly string[] {
    removeLeftovers(this.#store);
    const removed = this.#digests().filter((digest) => !keep.has(digest));
    for (const digest of removed) this.remove(digest);
    return removed;
  }

  /** Removes an image at one go: what is half removed has no digest for a name. Nothing where there is none. */
  remove(digest: string): void {
    const folder = join(this.#store, digest);
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) return;
    using trash = startBuildFolder(this.#store);
    renameSync(folder, join(trash.make("removed"), digest));
  }

  #digests(): readonly string[] {
    return readdirSync(this.#store).filter((name) => DIGEST.test(name));
  }
}

/** Hash and size of every file in a folder. */
export async function describeFiles(folder: string): Promise<ImageRecord["files"]> {
  const described = readdirSync(folder)
    .toSorted()
    .map(async (name) => [name, await describeFile(join(folder, name))] as const);
  return Object.fromEntries(await Promise.all(described));
}

async function describeFile(path: string): Promise<ImageRecord["files"][string]> {
  return { sha256: await hashFile(path), bytes: statSync(path).size };
}
