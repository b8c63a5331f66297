import { CloisterError } from "@cloister/core";
import type { GuestTransport } from "../guest/port.ts";
import { guestProgram } from "../guest/program.ts";
import type {
  DriverProbe,
  MachineDriver,
  MachineSpec,
  MachineState,
  MachineStats,
  MachineSurroundings,
  OptionalOperation,
  ProbeContext,
  SnapshotFacts,
  SnapshotKind,
} from "../port.ts";
import { homeOf } from "../tool/index.ts";
import { createWithQuota } from "./disk-limit.ts";
import { boundaryOptions, GUEST_PATH, mountOptions } from "./boundary.ts";
import { type Engine, type EngineContext, runEngine } from "./engine.ts";
import { type EngineFinding, findEngine } from "./find-engine.ts";
import { ensureImage, hasImage } from "./images.ts";
import { cloneImage, containerName, HOME_LABEL, MACHINE_LABEL, snapshotImage } from "./names.ts";
import { PREPARE_USER } from "./prepare-user.ts";
import { type ContainerRecord, recall, recallMade, remember } from "./record.ts";
import { foundIds, removeAll, removeContainer, removeImage, removeRemains } from "./remains.ts";
import { commit, writtenKib } from "./snapshots.ts";
import { containerState } from "./state.ts";
import { parseStats } from "./stats.ts";
import { connectWatched } from "./watch-container.ts";

/** What the container driver stands on. */
export type ContainerOptions = {
  /** Of the user: HOME and PATH; CLOISTER_CONTAINER_ENGINE and CLOISTER_CONTAINER_RUNTIME choose among engines and runtimes. */
  readonly env: Readonly<Record<string, string>>;
  /** Where what is made once is kept. */
  readonly cache: string;
};

/** Machines that are containers of podman or docker: one each, without a network, with an ordinary user for the work. */
export function createContainerDriver(options: ContainerOptions): MachineDriver {
  return new ContainerDriver(options);
}

/** A probe answers within 3 s. */
const PROBE_MS = 2800;
/** Where a machine is to be made, an answer that comes late is better than none. */
const SEARCH_MS = 60_000;

const LIMITATIONS = [
  "A container shares the host's kernel: a hole in the kernel is a way out. With CLOISTER_CONTAINER_RUNTIME=runsc gVisor stands between.",
  "Without quotas in the engine's storage (overlay on XFS with pquota, btrfs, zfs) the disk limit is watched while a command or run has the machine open: for a moment more can be written.",
  "That a limit of memory or processes was hit is read from this host's control groups: tried with version 1; for version 2 only the kernel's own files were. Where the engine runs in a virtual machine of its own (macOS), there are none.",
  "Without root, podman leaves these limits out where control groups are of version 1. With gVisor its own threads count as processes: it needs some hundreds.",
  "Where the engine runs as root, the container's root is the host's, with six capabilities; agents and gates run as another user.",
  "In a writable mount, the machine's user writes as number 1000 of the container, whoever that is on the host.",
  "Written for docker by its documentation, and never run against a docker engine by its makers. Never run with SELinux enforcing.",
];

class ContainerDriver implements MachineDriver {
  readonly name = "container";
  readonly title = "Container (podman or docker)";
  readonly isolation = "container";
  readonly operations: ReadonlySet<OptionalOperation> = new Set(["pause", "snapshot_disk", "clone", "mounts"]);
  readonly limitations: readonly string[] = LIMITATIONS;
  readonly #options: ContainerOptions;
  #finding: Promise<EngineFinding> | undefined;

  constructor(options: ContainerOptions) {
    this.#options = options;
  }

  async probe({ env }: ProbeContext): Promise<DriverProbe> {
    return (await findEngine({ ...this.#options, env, timeLimitMs: PROBE_MS })).probe;
  }

  surroundings(_machine: MachineSpec): MachineSurroundings {
    const home = "/home/agent";
    const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const env = { PATH: path, HOME: home, USER: "agent", LANG: "C.UTF-8" };
    return { user: "agent", home, env, hostPrograms: false, hostNetwork: false };
  }

  async create(machine: MachineSpec): Promise<void> {
    const engine = await this.#engine();
    const context = this.#contextOf(machine, engine);
    const image = await ensureImage(context, machine.image);
    await this.#make(machine, { engine, image, isRestoring: false });
    await runEngine(context, ["start", containerName(machine.id)]);
    if (typeof machine.image === "string") await this.#prepareUser(machine, engine);
  }

  async start(machine: MachineSpec): Promise<void> {
    const record = recallMade(machine);
    const context = this.#contextOf(machine, record.engine);
    if (record.isRestoring) {
      // A crash may have left half of one, under its name.
      await removeContainer(context, machine.id);
      await this.#make(machine, record);
    }
    if ((await containerState(context, machine.id)) === "paused") await this.resume(machine);
    else await runEngine(context, ["start", containerName(machine.id)]);
  }

  async stop(machine: MachineSpec): Promise<void> {
    const context = this.#contextOf(machine, recallMade(machine).engine);
    // What stands still can't be asked to end.
    if ((await containerState(context, machine.id)) === "paused") await this.resume(machine);
    await runEngine(context, ["stop", "--time", "2", containerName(machine.id)]);
  }

  async state(machine: MachineSpec): Promise<MachineState> {
    const record = recall(machine);
    if (record === undefined) return "missing";
    const state = await containerState(this.#contextOf(machine, record.engine), machine.id);
    return state === "missing" && record.isRestoring ? "stopped" : state;
  }

  connect(machine: MachineSpec): Promise<GuestTransport> {
    const { engine, hasQuota = false } = recallMade(machine);
    const command = [
      "exec",
      "--interactive",
      "--user",
      "0:0",
      containerName(machine.id),
      GUEST_PATH,
      "serve",
      "--stdio",
    ];
    return connectWatched(this.#contextOf(machine, engine), machine, { command, hasQuota });
  }

  async stats(machine: MachineSpec): Promise<MachineStats> {
    const context = this.#contextOf(machine, recallMade(machine).engine);
    const diskKib = await writtenKib(context, machine.id);
    if ((await containerState(context, machine.id)) !== "running") return { diskKib };
    const answer = await runEngine(context, ["stats", "--no-stream", "--format", "json", containerName(machine.id)]);
    return { ...parseStats(answer.stdout), diskKib };
  }

  async destroy(machine: MachineSpec): Promise<void> {
    const record = recall(machine);
    if (record === undefined) await removeRemains(machine.id, this.#options.env);
    else await removeAll(this.#contextOf(machine, record.engine), machine.id);
  }

  found({ env }: ProbeContext): Promise<readonly string[]> {
    return foundIds(env);
  }

  remove(id: string, { env }: ProbeContext): Promise<void> {
    return removeRemains(id, env);
  }

  async pause(machine: MachineSpec): Promise<void> {
    await runEngine(this.#contextOf(machine, recallMade(machine).engine), ["pause", containerName(machine.id)]);
  }

  async resume(machine: MachineSpec): Promise<void> {
    await runEngine(this.#contextOf(machine, recallMade(machine).engine), ["unpause", containerName(machine.id)]);
  }

  async snapshot(machine: MachineSpec, name: string, kind: SnapshotKind): Promise<SnapshotFacts> {
    if (kind === "full")
      throw new CloisterError({
        code: "machine_unsupported",
        message: "A container's memory can't be saved, only its disk.",
        remedy: "Ask for a snapshot of the disk, or choose the qemu driver.",
      });
    return commit(this.#contextOf(machine, recallMade(machine).engine), machine, snapshotImage(machine.id, name));
  }

  async restore(machine: MachineSpec, name: string): Promise<void> {
    const { engine } = recallMade(machine);
    const context = this.#contextOf(machine, engine);
    // A name of its own: the snapshot can be removed while the container stands on it.
    const image = cloneImage(machine.id);
    await runEngine(context, ["tag", await this.#snapshotOf(context, machine, name), image]);
    // Written first: whoever finds no container then makes the new one instead of taking the machine for lost.
    remember(machine, { engine, image, isRestoring: true });
    await removeContainer(context, machine.id);
    await this.#make(machine, { engine, image, isRestoring: true });
  }

  async removeSnapshot(machine: MachineSpec, name: string): Promise<void> {
    const context = this.#contextOf(machine, recallMade(machine).engine);
    await removeImage(context, snapshotImage(machine.id, name));
  }

  async clone(source: MachineSpec, into: MachineSpec, snapshot?: string): Promise<void> {
    const { engine } = recallMade(source);
    const context = this.#contextOf(source, engine);
    const image = cloneImage(into.id);
    // A name of its own: the clone's files stay when the source goes.
    if (snapshot === undefined) await commit(context, source, image);
    else await runEngine(context, ["tag", await this.#snapshotOf(context, source, snapshot), image]);
    await this.#make(into, { engine, image, isRestoring: false });
    await runEngine(context, ["start", containerName(into.id)]);
  }

  async #snapshotOf(context: EngineContext, machine: MachineSpec, name: string): Promise<string> {
    const image = snapshotImage(machine.id, name);
    if (await hasImage(context, image)) return image;
    throw new CloisterError({
      code: "machine_failed",
      message: `Machine ${machine.id} has no snapshot named ${name}.`,
    });
  }

  /** Makes the container, stopped. */
  async #make(machine: MachineSpec, record: ContainerRecord): Promise<void> {
    remember(machine, record);
    const { engine, image } = record;
    const context = this.#contextOf(machine, engine);
    const guest = await guestProgram({ architecture: process.arch, cache: this.#options.cache });
    const mounts = mountOptions([{ from: guest, to: GUEST_PATH, writable: false }, ...machine.mounts]);
    const name = containerName(machine.id);
    const labels = ["--label", `${MACHINE_LABEL}=${machine.id}`, "--label", `${HOME_LABEL}=${homeOf(context.env)}`];
    const identity = ["--name", name, "--hostname", name, ...labels];
    const options = [...identity, ...boundaryOptions(engine.program, machine.limits), ...engine.create, ...mounts];
    const hasQuota = await createWithQuota(context, machine.limits.diskMib, (quota) =>
      runEngine(context, ["create", ...options, ...quota, "--entrypoint", GUEST_PATH, image, "hold"]),
    );
    remember(machine, { ...record, isRestoring: false, hasQuota });
  }

  async #prepareUser(machine: MachineSpec, engine: Engine): Promise<void> {
    const command = ["exec", "--user", "0:0", containerName(machine.id), "/bin/sh", "-c", PREPARE_USER];
    await runEngine(this.#contextOf(machine, engine), command);
  }

  /** The engine for new machines. It is looked for once, with the time that it takes. */
  async #engine(): Promise<Engine> {
    this.#finding ??= findEngine({ ...this.#options, timeLimitMs: SEARCH_MS });
    const { engine, probe } = await this.#finding;
    if (engine !== undefined) return engine;
    this.#finding = undefined; // It may be mended meanwhile.
    const { reason, remedy } = probe;
    throw new CloisterError({ code: "machine_unavailable", message: reason, ...(remedy !== undefined && { remedy }) });
  }

  #contextOf(machine: MachineSpec, engine: Engine): EngineContext {
    return { engine, env: { ...this.#options.env, ...machine.env } };
  }
}
