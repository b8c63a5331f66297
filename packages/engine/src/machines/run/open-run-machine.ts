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
import type { OpenMachine } from "../manager/port.ts";
import { openMachines } from "../open-machines.ts";
import type { RunMachine } from "./port.ts";
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

/** Where bundles lie in a machine, below the home of its user. */
const GUEST_FOLDER = ".cache/cloister";
const MEBIBYTE = 1024 ** 2;

/**
 * Makes a machine for a run and opens it.
 * @throws CloisterError `machine_unavailable`, `machine_failed`, `resources_short`
 */
export async function openRunMachine(options: RunMachineOptions): Promise<OpenRunMachine> {
  const { choice, run, marker, env, onDecision, carryPorts, notify } = options;
  await using stack = new AsyncDisposableStack();
  const machines = stack.use(openMachines(env));
  const driver = (await machines.drivers()).find(({ name }) => name === choice.driver);
  notify(`machine: ${choice.driver}: ${driver?.reason ?? "unknown"}`);
  const made = await machines.create({ ...choice, run, env: { [MARKER_VARIABLE]: marker } });
  stack.defer(() => machines.remove(made.id));
  const opened = stack.use(await machines.open(made.id, { onDecision, carryPorts }));
  const copy = openCopy(options, opened);
  await assertGit(opened);
  const held = stack.move();
  return {
    ...toRunMachine(opened, copy),
    id: made.id,
    acceleration: driver?.acceleration ?? "native",
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
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
    guestFolder: join(surroundings.home, GUEST_FOLDER),
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
