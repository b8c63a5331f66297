import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { parse } from "yaml";
import type { z } from "zod";
import { hostArchitecture } from "./host-architecture.ts";
import { ARCHITECTURES, manifestSchema } from "./manifest-schema.ts";
import type { ImageManifest } from "./port.ts";

const MAX_MANIFEST_BYTES = 64 * 1024;

/** What a manifest leaves out. */
export type ManifestDefaults = {
  /** Debian's word. Default: this host's. */
  readonly architecture?: string;
};

/** Where the manifests that come with Cloister are: beside the engine's sources, and beside the bundle of the published package. */
const BUILT_IN = ["../../../images", "../images"].map((path) => join(import.meta.dirname, path));

/** Names of the manifests that come with Cloister. */
export function builtInManifests(): readonly string[] {
  const files = readdirSync(builtInFolder()).filter((file) => file.endsWith(".yaml"));
  return files.map((file) => file.slice(0, -".yaml".length)).toSorted();
}

/** The folder of what comes with Cloister to build images from. */
export function builtInFolder(): string {
  return BUILT_IN.find((path) => existsSync(join(path, "tiny.yaml"))) ?? "";
}

/**
 * Reads an image manifest.
 * @param source the name of one that comes with Cloister, or the path of a YAML file (with a `/` or `.` in it)
 * @throws CloisterError `image_invalid` with file, setting and what was expected
 */
export function readManifest(source: string, defaults: ManifestDefaults = {}): ImageManifest {
  const file = manifestFile(source);
  return parseManifest(readSource(file), file, defaults);
}

function parseManifest(text: string, file: string, defaults: ManifestDefaults): ImageManifest {
  const found = manifestSchema.safeParse(parseYaml(text, file));
  if (!found.success) throw invalid(file, found.error.issues.map(describeIssue).join("; "));
  const { architecture, packages, npm, outputs } = found.data;
  return {
    ...found.data,
    packages: unique(packages),
    npm: unique(npm),
    outputs: unique(outputs),
    architecture: architecture ?? checkArchitecture(defaults.architecture ?? hostArchitecture(), file),
  };
}

/** The order in which packages are named makes no other image. */
function unique<Item extends string>(items: readonly Item[]): readonly Item[] {
  return [...new Set(items)].toSorted();
}

function manifestFile(source: string): string {
  if (/[/.\\]/.test(source)) return source;
  const known = builtInManifests();
  if (known.includes(source)) return join(builtInFolder(), `${source}.yaml`);
  throw new CloisterError({
    code: "image_invalid",
    message: `Expected the name of an image (${known.join(", ")}) or the path of a manifest, found ${JSON.stringify(source)}.`,
    remedy: "A path holds a slash or a dot: ./my-image.yaml.",
  });
}

function readSource(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > MAX_MANIFEST_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_MANIFEST_BYTES}`);
    return readFileSync(file, "utf8");
  } catch (error: unknown) {
    throw invalid(file, `it can't be read: ${(error as Error).message}`);
  }
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (error: unknown) {
    throw invalid(file, (error as Error).message.split("\n")[0] ?? "not YAML");
  }
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

function invalid(file: string, why: string): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Expected an image manifest: ${why.replace(/\.$/, "")}.`,
    remedy: "docs/images.md says what a manifest holds.",
    file,
  });
}

function checkArchitecture(name: string, file: string): string {
  if (ARCHITECTURES.some((known) => known === name)) return name;
  throw invalid(file, `architecture: expected one of ${ARCHITECTURES.join(", ")}, found ${JSON.stringify(name)}`);
}
