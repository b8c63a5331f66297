import { createReadStream } from "node:fs";
import { CloisterError } from "@cloister/core";
import type { MachineImage } from "../port.ts";
import { type EngineContext, runEngine } from "./engine.ts";

/** A name that can't be taken for an option. */
const IMAGE_NAME = /^[A-Za-z0-9][\w./:@-]{0,254}$/;
/** Large archives take a while. */
const IMPORT_MS = 600_000;

const imports = new Map<string, Promise<void>>();

/**
 * The engine's name of an image. An archive of Cloister's is imported once, under its digest; nothing is ever pulled.
 * @throws CloisterError `image_invalid` where there is none.
 */
export async function ensureImage(context: EngineContext, image: MachineImage | string | undefined): Promise<string> {
  if (image === undefined) throw missing("no image was named");
  if (typeof image === "string") return localImage(context, image);
  const { archive, digest } = image;
  if (archive === undefined) throw missing(`image ${digest.slice(0, 12)} was built without an archive for containers`);
  const name = `cloister-image:${digest.slice(0, 12)}`;
  if (!(await hasImage(context, name))) await importOnce(context, name, archive);
  return name;
}

async function localImage(context: EngineContext, name: string): Promise<string> {
  if (!IMAGE_NAME.test(name)) throw missing(`${JSON.stringify(name)} is no name of an image`);
  if (await hasImage(context, name)) return name;
  const { program } = context.engine;
  throw missing(
    `${program} has no image ${name} on this host`,
    `Get it with \`${program} pull ${name}\`: Cloister does not.`,
  );
}

/** Tells whether the engine has an image of that name. */
export async function hasImage(context: EngineContext, name: string): Promise<boolean> {
  const { stdout } = await runEngine(context, ["images", "--quiet", name]);
  return stdout.trim() !== "";
}

/** Side by side, each import would leave an image without a name. */
async function importOnce(context: EngineContext, name: string, archive: string): Promise<void> {
  const key = `${context.engine.program} ${name}`;
  const running = imports.get(key) ?? importArchive(context, name, archive).finally(() => imports.delete(key));
  imports.set(key, running);
  await running;
}

async function importArchive(context: EngineContext, name: string, archive: string): Promise<void> {
  const input = createReadStream(archive);
  await runEngine(context, ["import", "-", name], { input, timeLimitMs: IMPORT_MS });
}

function missing(
  what: string,
  remedy = "Name an image that the engine has, or one that `cloister image build` made.",
): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Expected an image for a container, but ${what}.`,
    remedy,
  });
}
