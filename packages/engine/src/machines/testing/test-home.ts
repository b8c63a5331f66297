import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ImageManifest, openImageStore, readManifest, type StoredImage } from "../images/index.ts";
import { SUITES_VARIABLE } from "../images/debian-sources.ts";
import { machinePlaces, type MachinePlaces } from "../places.ts";

/** Kept between test files and runs: an image is known by what it was built of, and built once. */
const SHARED = join(tmpdir(), `cloister-test-images-${process.getuid?.() ?? 0}`);
const SHARED_PARTS = ["images", "cache"] as const;

/** A home of Cloister for one test file, with the user's home in it. */
export type TestHome = Disposable & {
  readonly folder: string;
  /** What a user's environment would be. */
  readonly env: Readonly<Record<string, string>>;
  readonly places: MachinePlaces;
};

/** Makes a home with no machines. Images, and what is compiled once, are those of all tests. */
export function makeTestHome(): TestHome {
  const folder = mkdtempSync(join(tmpdir(), "cloister-home-"));
  const [state, home] = [join(folder, "state"), join(folder, "user")];
  for (const made of [state, home]) mkdirSync(made, { mode: 0o700 });
  for (const part of SHARED_PARTS) {
    mkdirSync(join(SHARED, part), { recursive: true });
    symlinkSync(join(SHARED, part), join(state, part));
  }
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, CLOISTER_STATE_HOME: state };
  return {
    folder,
    env,
    places: machinePlaces(env),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Builds the image `tiny` where it was not built before, for this host. */
export function tinyImage(home: TestHome): Promise<StoredImage> {
  return buildImage(home, readManifest("tiny"));
}

/**
 * Builds the image `tiny` for embedded machines where it was not built before. The release alone: mirrors renew the updates of this
 * architecture later than their signatures at times, and refuse in between.
 */
export function riscvTinyImage(home: TestHome): Promise<StoredImage> {
  return buildImage(home, readManifest("tiny", { architecture: "riscv64" }), { [SUITES_VARIABLE]: "release?" });
}

function buildImage(
  { env, places }: TestHome,
  manifest: ImageManifest,
  settings: Readonly<Record<string, string>> = {},
): Promise<StoredImage> {
  const store = openImageStore({ folder: places.images, cache: places.cache, env: { ...env, ...settings } });
  return store.build(manifest, { onProgress: () => undefined });
}
