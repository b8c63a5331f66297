import { createWriteStream, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Acceleration, CloisterError, type MachineChoice } from "@cloister/core";
import { MARKER_VARIABLE } from "../../process/marker.ts";
import { HostTree } from "../code/host-tree.ts";
import { WorkspaceCopy } from "../code/workspace-copy.ts";
import type { EgressDecision } from "../egress/port.ts";
import { runInGuest } from "../guest/run-in-guest.ts";
import { EGRESS_PORT } from "../manager/open-machine.ts";
import type { MachineManager, OpenMachine } from "../manager/port.ts";
import { openMachines } from "../open-machines.ts";
import { machinePlaces } from "../places.ts";
import type { RunMachine } from "./port.ts";
import { shareMachine, type SharedPlace } from "./share-machine.ts";
import { createGuestStarter } from "./start-in-machine.ts";

/** What a run's machine is made of. */
export type RunMachineOptions = {
  readonly choice: MachineChoice;
  /** The run's id: the machine ends with it. */
  readonly run: string;
  /** Marks the processes on the host that belong to it, so that nothing survives the run: what `markerFor` returns. */
  readonly marker: string;
  /** Absolute path, the same here and there. */
  readonly workspace: string;
  readonly branch: string;
  /** Of the run, on the host. */
  readonly folder: string;
  /** The caller's environment: values of secrets are in it. */
  readonly env: Readonly<Record<string, string>>;
  /** For git on the host. */
  readonly gitEnv: Readonly<Record<string, string>>;
  /** Ports of 127.0.0.1 that the machine reaches: the model gateway's. */
  readonly carryPorts: readonly number[];
  readonly notify: (line: string) => void;
  readonly onDecision: (decision: EgressDecision) => void;
};

/** The machine of a run, with what the journal says of it. */
export type OpenRunMachine = RunMachine & { readonly id: string; readonly acceleration: Acceleration };

/** Where bundles lie in a machine, below the home of its user; each run in it has a folder of its own there. */
const GUEST_FOLDER = ".cache/cloister";
const MEBIBYTE = 1024 ** 2;
/** Of the connections that a virtual machine takes at a time, one is left for people. */
const MOST_IN_A_VIRTUAL_MACHINE = 3;

/**
 * Makes a machine for a run and opens it.
 * @throws CloisterError `machine_unavailable`, `machine_failed`, `resources_short`
 */
export async function openRunMachine(options: RunMachineOptions): Promise<OpenRunMachine> {
  const { choice, env, onDecision, carryPorts, notify } = options;
  await using stack = new AsyncDisposableStack();
  const machines = stack.use(openMachines(env));
  const driver = (await machines.drivers()).find(({ name }) => name === choice.driver);
  notify(`machine: ${choice.driver}: ${driver?.reason ?? "unknown"}`);
  const place = stack.use(await takePlace(machines, options, driver?.isolation));
  const egressPort = EGRESS_PORT + place.seat;
  const opened = stack.use(await machines.open(place.machine, { onDecision, carryPorts, egressPort }));
  const copy = openCopy(options, opened);
  await assertGit(opened);
  const held = stack.move();
  return {
    ...toRunMachine(opened, copy),
    id: place.machine,
    acceleration: driver?.acceleration ?? "native",
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** A machine that ends with the run, or a place in one that ends with the last run in it. */
async function takePlace(
  manager: MachineManager,
  { choice, run, marker, env }: RunMachineOptions,
  isolation: string | undefined,
): Promise<SharedPlace> {
  const { perMachine = 1, ...wanted } = choice;
  if (perMachine > 1) {
    const most = isolation === "virtual_machine" ? MOST_IN_A_VIRTUAL_MACHINE : perMachine;
    const seats = Math.min(perMachine, most);
    return shareMachine({ manager, places: machinePlaces(env), choice: wanted, perMachine: seats });
  }
  const { id } = await manager.create({ ...wanted, run, env: { [MARKER_VARIABLE]: marker } });
  return { machine: id, seat: 0, [Symbol.asyncDispose]: () => manager.remove(id) };
}

function toRunMachine(opened: OpenMachine, copy: WorkspaceCopy): Omit<RunMachine, keyof AsyncDisposable> {
  const { guest, env, surroundings } = opened;
  const { user } = surroundings;
  return {
    startProcess: createGuestStarter(guest, user),
    env,
    asRoot: user === "root",
    isApart: true,
    bringIn: (files = []) => copy.bringIn(files),
    bringOut: () => copy.bringOut(),
    makeFolder: (path) => copy.makeFolder(path),
    fetch: (path, maxBytes) => fetchFile(opened, path, maxBytes),
    hasProgram: async (file) => (await tryInGuest(opened, ["/bin/sh", "-c", 'command -v -- "$1"', "sh", file])) === 0,
  };
}

function openCopy(options: RunMachineOptions, { guest, env, surroundings, spec }: OpenMachine): WorkspaceCopy {
  const { workspace, branch, gitEnv } = options;
  const folder = join(options.folder, "machine");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return new WorkspaceCopy({
    guest,
    host: new HostTree({ workspace, folder, env: gitEnv }),
    workspace,
    branch,
    folder,
    guestFolder: join(surroundings.home, GUEST_FOLDER, options.run),
    user: surroundings.user,
    env,
    maxBytes: spec.limits.diskMib * MEBIBYTE,
  });
}

async function assertGit(opened: OpenMachine): Promise<void> {
  if ((await tryInGuest(opened, ["/bin/sh", "-c", "command -v git"])) === 0) return;
  throw new CloisterError({
    code: "machine_failed",
    message: "Expected git in the machine, found none: code goes in and out by it.",
    remedy: "Choose an image that has git: cloister image list.",
  });
}

async function tryInGuest({ guest, env }: OpenMachine, argv: readonly string[]): Promise<number> {
  const allow = [1, 2, 126, 127];
  return (await runInGuest(guest, { argv, cwd: "/", env, allow })).code;
}

/** Most files that are asked for are not there: that is no error. */
async function fetchFile({ guest, env }: OpenMachine, path: string, maxBytes: number): Promise<void> {
  const { code } = await runInGuest(guest, {
    argv: ["/bin/sh", "-c", '[ -f "$1" ] && [ ! -L "$1" ]', "sh", path],
    cwd: "/",
    env,
    allow: [1],
  });
  if (code !== 0) return;
  mkdirSync(dirname(path), { recursive: true });
  await pipeline(
    Readable.from(guest.getFile(path, { maxBytes })),
    createWriteStream(path, { mode: 0o600, flags: "w" }),
  );
}
