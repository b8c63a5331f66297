import type { MachineSpec, SnapshotFacts } from "../port.ts";
import { homeOf } from "../tool/index.ts";
import { type EngineContext, runEngine } from "./engine.ts";
import { containerName, HOME_LABEL, MACHINE_LABEL } from "./names.ts";
import { containerState } from "./state.ts";

const COMMIT_MS = 600_000;

/** Saves a container's files as an image. It stands still meanwhile, so that no file is half written. */
export async function commit(context: EngineContext, machine: MachineSpec, image: string): Promise<SnapshotFacts> {
  const name = containerName(machine.id);
  const isRunning = (await containerState(context, machine.id)) === "running";
  const begun = performance.now();
  if (isRunning) await runEngine(context, ["pause", name]);
  let pausedMs = 0;
  try {
    const labels = [`${MACHINE_LABEL}=${machine.id}`, `${HOME_LABEL}=${homeOf(context.env)}`];
    const changes = labels.flatMap((label) => ["--change", `LABEL ${label}`]);
    await runEngine(context, ["commit", "--pause=false", ...changes, name, image], { timeLimitMs: COMMIT_MS });
  } finally {
    if (isRunning) await runEngine(context, ["unpause", name]);
    pausedMs = isRunning ? performance.now() - begun : 0;
  }
  return { kind: "disk", pausedMs, sizeKib: await writtenKib(context, machine.id) };
}

/** What a container has written besides its image, in KiB. */
export async function writtenKib(context: EngineContext, id: string): Promise<number> {
  const args = ["container", "inspect", "--size", "--format", "{{.SizeRw}}", containerName(id)];
  const { stdout } = await runEngine(context, args);
  // podman prints a pointer's value, or nothing for nothing.
  return Math.ceil((Number(stdout.trim()) || 0) / 1024);
}
