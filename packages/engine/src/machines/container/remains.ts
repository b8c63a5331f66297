import { CloisterError } from "@cloister/core";
import { homeOf } from "../tool/index.ts";
import { ENGINE_PROGRAMS, type EngineContext, plainEngine, runEngine } from "./engine.ts";
import { containerName, HOME_LABEL, idIn } from "./names.ts";

const REMOVE_MS = 30_000;

/** Ids of the machines of this home of which an engine still has a container or an image. */
export async function foundIds(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const lists = await Promise.all(ENGINE_PROGRAMS.map((program) => idsOf({ engine: plainEngine(program), env })));
  return [...new Set(lists.flat())];
}

async function idsOf(context: EngineContext): Promise<readonly string[]> {
  const mine = ["--filter", `label=${HOME_LABEL}=${homeOf(context.env)}`];
  try {
    const containers = await linesOf(context, ["ps", "--all", ...mine, "--format", "{{.Names}}"]);
    const images = await linesOf(context, ["images", ...mine, "--format", "{{.Repository}}:{{.Tag}}"]);
    return [...containers, ...images].flatMap((name) => idIn(name) ?? []);
  } catch (error: unknown) {
    if (CloisterError.isInstance(error)) return []; // Not installed, or its engine does not run: then nothing of it can be seen.
    throw error;
  }
}

/** Removes what any of the engines has of a machine. */
export async function removeRemains(id: string, env: Readonly<Record<string, string>>): Promise<void> {
  for (const program of ENGINE_PROGRAMS) {
    const context = { engine: plainEngine(program), env };
    if ((await idsOf(context)).includes(id)) await removeAll(context, id);
  }
}

/** Removes a machine's container and images from an engine. Idempotent. */
export async function removeAll(context: EngineContext, id: string): Promise<void> {
  await removeContainer(context, id);
  const images = await linesOf(context, ["images", "--format", "{{.Repository}}:{{.Tag}}"]);
  for (const image of images)
    if (image.includes("cloister-snapshot:") && idIn(image) === id) await removeImage(context, image);
}

/** Removes a machine's container. Idempotent. */
export async function removeContainer(context: EngineContext, id: string): Promise<void> {
  const now = context.engine.program === "podman" ? ["--time", "0"] : [];
  await runIdempotent(context, ["rm", "--force", "--volumes", ...now, containerName(id)]);
}

/** Takes an image's name away; with its last name it goes, where nothing stands on it. Idempotent. */
export async function removeImage(context: EngineContext, image: string): Promise<void> {
  await runIdempotent(context, ["rmi", image]);
}

/** Whatever is not there is removed already. */
async function runIdempotent(context: EngineContext, args: readonly string[]): Promise<void> {
  try {
    await runEngine(context, args, { timeLimitMs: REMOVE_MS });
  } catch (error: unknown) {
    if (
      !(error instanceof Error) ||
      !/no such (container|image)|image not known|no container with/i.test(error.message)
    )
      throw error;
  }
}

async function linesOf(context: EngineContext, args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await runEngine(context, args);
  return stdout.split("\n").filter((line) => line !== "");
}
