/** What ends a container that hits its limits, while somebody is connected to it. */
import type { CloisterError } from "@cloister/core";
import type { GuestTransport } from "../guest/port.ts";
import {
  type AppliedLimits,
  groupsNamed,
  type LimitBreach,
  stoppedByLimits,
  watchGroups,
  watchLimits,
} from "../limits/index.ts";
import type { MachineSpec } from "../port.ts";
import { processTransport } from "../tool/index.ts";
import { type EngineContext, runEngine } from "./engine.ts";
import { containerName } from "./names.ts";
import { writtenKib } from "./snapshots.ts";

/** A way into a container. */
export type WatchedCommand = {
  /** Of the engine: starts the guest agent in the container. */
  readonly command: readonly string[];
  /** Whether the engine itself holds the disk limit. */
  readonly hasQuota: boolean;
};

/**
 * Connects to a container's guest agent, and watches the container's limits for as long as that lasts. One that hits a limit is killed, and
 * the connection ends with CloisterError `machine_failed` whose cause is a `LimitBreach`.
 */
export async function connectWatched(
  context: EngineContext,
  machine: MachineSpec,
  { command, hasQuota }: WatchedCommand,
): Promise<GuestTransport> {
  const { engine, env } = context;
  // First, so that nothing is missed of what happens by way of this connection.
  const applied = await groupLimitsOf(context, machine);
  // Where the limit has brought down the container as a whole, its end may be seen before the watch looks.
  const whyEnded = (): CloisterError | undefined => {
    const breach = applied.breach();
    return breach && stopFor(breach, context, machine);
  };
  const transport = processTransport(engine.program, [...engine.globals, ...command], { env, whyEnded });
  const { folder, limits } = machine;
  const disk = { folder, diskMib: limits.diskMib, sizeKib: () => sizeOf(context, machine.id) };
  const watch = watchLimits({
    applied,
    ...(hasQuota ? {} : { disk }),
    onBreach: (breach) => void transport.stream.destroy(stopFor(breach, context, machine)),
  });
  transport.stream.once("close", () => watch[Symbol.dispose]());
  return transport;
}

/**
 * What this host's kernel counts of a container from now on: processes that it ended for want of memory, and those that it refused. Read
 * outside, where nothing in the container can change it. Where the engine runs in a virtual machine of its own, there is nothing to read.
 */
export async function groupLimitsOf(
  context: EngineContext,
  { id, limits }: MachineSpec,
): Promise<Pick<AppliedLimits, "breach">> {
  const args = ["container", "inspect", "--format", "{{.State.Pid}} {{.Id}}", containerName(id)];
  const { stdout } = await runEngine(context, args);
  const [, pid, engineId] = /^(\d+) ([0-9a-f]{64})\s*$/.exec(stdout) ?? [];
  const groups = pid === undefined || engineId === undefined ? [] : groupsNamed(engineId, Number(pid));
  return { breach: watchGroups(groups, limits) };
}

/** Kills the container. Whoever asks for the machine next is told what became of it. */
function stopFor(breach: LimitBreach, context: EngineContext, { id }: MachineSpec): CloisterError {
  runEngine(context, ["kill", containerName(id)]).catch(() => undefined);
  return stoppedByLimits(breach);
}

async function sizeOf(context: EngineContext, id: string): Promise<number | undefined> {
  try {
    return await writtenKib(context, id);
  } catch {
    return undefined; // It is going: then nothing writes.
  }
}
