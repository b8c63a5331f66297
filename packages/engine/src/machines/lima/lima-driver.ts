import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import type { GuestTransport } from "../guest/port.ts";
import type {
  DriverProbe,
  MachineConsole,
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
import {
  homeOf,
  installGuest,
  processTransport,
  readRecord,
  remoteFactsSchema,
  runTool,
  type ToolAnswer,
  type ToolOptions,
  writeRecord,
} from "../tool/index.ts";
import {
  idsAmong,
  instanceMessage,
  instanceName,
  type LimaInstance,
  parseInstances,
  toMachineState,
} from "./instances.ts";
import { LIMA_USER, PREPARE_SCRIPT } from "./prepare.ts";
import { limaTemplate } from "./template.ts";

/** What the Lima driver stands on. */
export type LimaOptions = {
  /** Of the user: HOME, PATH, LIMA_HOME. */
  readonly env: Readonly<Record<string, string>>;
  /** Where what is made once is kept. */
  readonly cache: string;
};

/** Machines that are instances of Lima: virtual machines of macOS's own framework, or of QEMU. */
export function createLimaDriver(options: LimaOptions): MachineDriver {
  return new LimaDriver(options);
}

const UNTRIED = "Written by Lima's documentation and never run against a real Lima by its makers.";

const LIMITATIONS = [
  UNTRIED,
  "Lima logs in by network, so a machine has one. A packet filter in the machine lets nothing but root out; agents and gates can't become root.",
  "Starts from Lima's own templates (2.0 or newer), which Lima downloads; not from images that Cloister built.",
  "Snapshots are an experiment of Lima's, for QEMU alone; only a stopped machine can be cloned.",
  "The limit of processes is not held. The disk limit is the size of its disk.",
];

const RECORD = "lima.json";
const recordSchema = z.object({ facts: remoteFactsSchema.optional() });
/** A first start downloads an image, boots and waits for cloud-init. */
const START_MS = 900_000;

class LimaDriver implements MachineDriver {
  readonly name = "lima";
  readonly title = "Virtual machine of Lima";
  readonly isolation = "virtual_machine";
  readonly operations: ReadonlySet<OptionalOperation> = new Set(["snapshot_full", "clone", "console"]);
  readonly limitations: readonly string[] = LIMITATIONS;
  readonly #options: LimaOptions;

  constructor(options: LimaOptions) {
    this.#options = options;
  }

  async probe({ env }: ProbeContext): Promise<DriverProbe> {
    const acceleration = process.platform === "darwin" ? "hvf" : "kvm";
    try {
      const { stdout } = await limactl(env, ["--version"], { timeLimitMs: 1400 });
      await limactl(env, ["list", "--format", "json"], { timeLimitMs: 1400 });
      const version = /\d[\w.+-]{0,40}/.exec(stdout)?.[0] ?? "unknown";
      const reason = `limactl ${version} answers; whether it can start machines shows when one is made. ${UNTRIED}`;
      return { usable: true, acceleration, reason, version };
    } catch (error: unknown) {
      const reason = error instanceof Error ? error.message : String(error);
      return { usable: false, acceleration, reason, remedy: "Install Lima 2.0 or newer (macOS: `brew install lima`)." };
    }
  }

  surroundings(_machine: MachineSpec): MachineSurroundings {
    const home = `/home/${LIMA_USER}`;
    const path = "/usr/local/bin:/usr/bin:/bin";
    const env = { PATH: path, HOME: home, USER: LIMA_USER, LANG: "C.UTF-8" };
    return { user: LIMA_USER, home, env, hostPrograms: false, hostNetwork: false };
  }

  async create(machine: MachineSpec): Promise<void> {
    const template = join(machine.folder, "lima.yaml");
    writeFileSync(template, limaTemplate(machine, instanceMessage(homeOf(this.#envOf(machine)))), { mode: 0o600 });
    writeRecord(machine.folder, RECORD, {});
    await this.#run(machine, ["create", `--name=${instanceName(machine.id)}`, template], { timeLimitMs: START_MS });
    await this.start(machine);
  }

  async start(machine: MachineSpec): Promise<void> {
    await this.#run(machine, ["start", instanceName(machine.id)], { timeLimitMs: START_MS });
    await this.#shell(machine, ["sudo", "-n", "sh", "-c", PREPARE_SCRIPT]);
    const facts = await installGuest(
      (script, input) => this.#shell(machine, ["sh", "-c", script], input),
      this.#options.cache,
    );
    writeRecord(machine.folder, RECORD, { facts });
  }

  async stop(machine: MachineSpec): Promise<void> {
    await this.#run(machine, ["stop", instanceName(machine.id)], { timeLimitMs: 120_000 });
  }

  async state(machine: MachineSpec): Promise<MachineState> {
    return toMachineState(await this.#instance(machine));
  }

  connect(machine: MachineSpec): Promise<GuestTransport> {
    const facts = readRecord(machine.folder, RECORD, recordSchema)?.facts;
    if (facts === undefined) throw neverMade(machine);
    const args = shellArguments(machine, ["sudo", "-n", facts.guest, "serve", "--stdio"]);
    return Promise.resolve(processTransport("limactl", args, { env: this.#envOf(machine) }));
  }

  async stats(machine: MachineSpec): Promise<MachineStats> {
    const folder = (await this.#instance(machine))?.dir;
    if (folder === undefined) return {};
    const { stdout } = await runTool("du", ["-sk", folder], { env: this.#envOf(machine), allow: [1] });
    const diskKib = Number(/^\d+/.exec(stdout)?.[0]);
    return Number.isFinite(diskKib) ? { diskKib } : {};
  }

  async destroy(machine: MachineSpec): Promise<void> {
    await this.#run(machine, ["delete", "--force", instanceName(machine.id)], { timeLimitMs: 120_000 });
  }

  async found({ env }: ProbeContext): Promise<readonly string[]> {
    try {
      return idsAmong(await listInstances(env), homeOf(env));
    } catch (error: unknown) {
      if (CloisterError.isInstance(error) && error.code === "machine_unavailable") return []; // No Lima, no machines.
      throw error;
    }
  }

  async remove(id: string, { env }: ProbeContext): Promise<void> {
    if (!(await this.found({ env })).includes(id)) return;
    await limactl(env, ["delete", "--force", instanceName(id)], { timeLimitMs: 120_000 });
  }

  async snapshot(machine: MachineSpec, name: string, kind: SnapshotKind): Promise<SnapshotFacts> {
    if (kind === "disk")
      throw new CloisterError({
        code: "machine_unsupported",
        message: "Lima saves a running machine with its memory, not its disk alone.",
        remedy: "Ask for a full snapshot.",
      });
    const begun = performance.now();
    await this.#snapshot(machine, "create", name);
    const { diskKib = 0 } = await this.stats(machine);
    return { kind, pausedMs: performance.now() - begun, sizeKib: diskKib };
  }

  async restore(machine: MachineSpec, name: string): Promise<void> {
    await this.#snapshot(machine, "apply", name);
  }

  async removeSnapshot(machine: MachineSpec, name: string): Promise<void> {
    await this.#snapshot(machine, "delete", name);
  }

  async clone(source: MachineSpec, into: MachineSpec, snapshot?: string): Promise<void> {
    if (snapshot !== undefined)
      throw new CloisterError({
        code: "machine_unsupported",
        message: "Lima can't clone a snapshot, only a machine.",
        remedy: "Restore the snapshot first, then clone the machine.",
      });
    writeRecord(into.folder, RECORD, {});
    const names = [instanceName(source.id), instanceName(into.id)];
    await this.#run(into, ["clone", ...names], { timeLimitMs: START_MS });
    await this.start(into);
  }

  console(machine: MachineSpec): MachineConsole {
    return { attach: ["limactl", "shell", "--workdir", "/", instanceName(machine.id)] };
  }

  async #snapshot(machine: MachineSpec, action: string, name: string): Promise<void> {
    await this.#run(machine, ["snapshot", action, instanceName(machine.id), "--tag", name], { timeLimitMs: START_MS });
  }

  async #instance(machine: MachineSpec): Promise<LimaInstance | undefined> {
    const instances = await listInstances(this.#envOf(machine));
    return instances.find(({ name }) => name === instanceName(machine.id));
  }

  async #shell(machine: MachineSpec, command: readonly string[], input?: Uint8Array): Promise<string> {
    const options = input === undefined ? {} : { input };
    return (await runTool("limactl", shellArguments(machine, command), { ...options, env: this.#envOf(machine) }))
      .stdout;
  }

  #run(machine: MachineSpec, args: readonly string[], options: Omit<ToolOptions, "env">): Promise<ToolAnswer> {
    return limactl(this.#envOf(machine), args, options);
  }

  #envOf(machine: MachineSpec): Readonly<Record<string, string>> {
    return { ...this.#options.env, ...machine.env };
  }
}

/** Lima quotes each word of a command, so that it arrives as it is. */
function shellArguments(machine: MachineSpec, command: readonly string[]): readonly string[] {
  return ["--tty=false", "shell", "--workdir", "/", instanceName(machine.id), ...command];
}

function limactl(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  options: Omit<ToolOptions, "env">,
): Promise<ToolAnswer> {
  return runTool("limactl", ["--tty=false", ...args], { ...options, env });
}

async function listInstances(env: Readonly<Record<string, string>>): Promise<readonly LimaInstance[]> {
  const { stdout } = await limactl(env, ["list", "--format", "json"], { timeLimitMs: 20_000 });
  try {
    return parseInstances(stdout);
  } catch (cause: unknown) {
    throw new CloisterError({
      code: "machine_failed",
      message: "Expected `limactl list` to print one instance a line as JSON, got something else.",
      cause,
    });
  }
}

function neverMade(machine: MachineSpec): CloisterError {
  return new CloisterError({ code: "machine_failed", message: `Machine ${machine.id} has never been made.` });
}
