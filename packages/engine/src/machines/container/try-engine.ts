import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_MACHINE_LIMITS } from "@cloister/core";
import { boundaryOptions, GUEST_PATH, mountOptions } from "./boundary.ts";
import { type Engine, type EngineProgram, plainEngine, runEngine } from "./engine.ts";

/** What an engine is tried with. */
export type Trial = {
  readonly env: Readonly<Record<string, string>>;
  readonly cache: string;
  /** The guest agent's program. */
  readonly guest: string;
  /** When it must be over, on the monotonic clock. */
  readonly end: number;
};

/** An image that holds nothing, for engines that can't start from an empty folder. */
const EMPTY_IMAGE = "cloister-empty:1";
const EMPTY_ARCHIVE = "\0".repeat(1024);
const REMOVE_MS = 10_000;
const LIMITS = { ...DEFAULT_MACHINE_LIMITS, memoryMib: 256, cpus: 1, processes: 256 };

/** Runs the guest agent in a container that holds nothing else, within the boundary of every machine. Rejects where that fails. */
export async function tryEngine(engine: Engine, trial: Trial): Promise<void> {
  const boundary = boundaryOptions(engine.program, LIMITS);
  const mounts = mountOptions([{ from: trial.guest, to: GUEST_PATH, writable: false }]);
  const root = await emptyRoot(engine.program, trial);
  const options = [...boundary, ...engine.create, ...mounts, "--entrypoint", GUEST_PATH];
  const name = `cloister-probe-${randomBytes(6).toString("hex")}`;
  // Its input is empty, so that the agent greets, and ends.
  const args = ["run", "--rm", "--name", name, ...options, ...root, "serve", "--stdio"];
  try {
    await runEngine({ engine, env: trial.env }, args, timeLeft(trial));
  } catch (error: unknown) {
    void removeTrial(engine, trial, name);
    throw error;
  }
}

/** An engine that was stopped half way leaves the container. Nobody waits for this: a probe has no time left. */
async function removeTrial(engine: Engine, { env }: Trial, name: string): Promise<void> {
  try {
    await runEngine({ engine, env }, ["rm", "--force", name], { timeLimitMs: REMOVE_MS });
  } catch {
    // It was not made, or it has removed itself.
  }
}

/** What to start from that holds nothing: podman takes an empty folder, docker an image alone. */
async function emptyRoot(program: EngineProgram, trial: Trial): Promise<readonly string[]> {
  if (program === "podman") {
    const folder = join(trial.cache, "empty-root");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return ["--rootfs", folder];
  }
  const context = { engine: plainEngine(program), env: trial.env };
  const { stdout } = await runEngine(context, ["images", "--quiet", EMPTY_IMAGE], timeLeft(trial));
  if (stdout.trim() === "")
    await runEngine(context, ["import", "-", EMPTY_IMAGE], { ...timeLeft(trial), input: EMPTY_ARCHIVE });
  return [EMPTY_IMAGE];
}

function timeLeft({ end }: Trial): { readonly timeLimitMs: number } {
  return { timeLimitMs: Math.max(1, end - performance.now()) };
}
