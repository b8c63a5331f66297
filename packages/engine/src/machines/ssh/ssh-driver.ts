import { CloisterError } from "@cloister/core";
import { z } from "zod";
import type { GuestTransport } from "../guest/port.ts";
import type {
  DriverProbe,
  MachineDriver,
  MachineSpec,
  MachineState,
  MachineStats,
  MachineSurroundings,
  OptionalOperation,
  ProbeContext,
} from "../port.ts";
import {
  homeOf,
  installGuest,
  processTransport,
  readRecord,
  type RemoteFacts,
  remoteFactsSchema,
  removeRecord,
  runTool,
  writeRecord,
} from "../tool/index.ts";
import { parseDestination } from "./destination.ts";
import { endConnection, findConnections } from "./find-connections.ts";
import { runThere, socketPath, sshArguments, type SshClient } from "./ssh-client.ts";

/** What the ssh driver stands on. */
export type SshOptions = {
  /** Of the user: HOME and PATH; CLOISTER_SSH_CONFIG names a configuration to use instead of the user's. */
  readonly env: Readonly<Record<string, string>>;
  /** Where what is made once is kept. */
  readonly cache: string;
};

/** Machines that are folders on another host, which is as isolated as its owner made it. */
export function createSshDriver(options: SshOptions): MachineDriver {
  return new SshDriver(options);
}

const NETWORK = "The network is the other host's own: nothing keeps a machine from reaching what that host reaches.";

const LIMITATIONS = [
  NETWORK,
  "Nothing stands between the machines of one host and account: files, processes and the ports that are carried to 127.0.0.1 are seen by all of its users.",
  "Limits of memory, processor, disk and processes are not held.",
  "What is on a host that can't be reached can't be removed: removing the machine fails until it answers again.",
  "The guest agent's program stays in the account's cache, for the next machine.",
];

const RECORD = "ssh.json";

type SshRecord = { readonly isStopped: boolean; readonly facts: RemoteFacts };

const recordSchema: z.ZodType<SshRecord> = z.object({ isStopped: z.boolean(), facts: remoteFactsSchema });

class SshDriver implements MachineDriver {
  readonly name = "ssh";
  readonly title = "Another host, by SSH";
  readonly isolation = "remote";
  readonly operations: ReadonlySet<OptionalOperation> = new Set();
  readonly limitations: readonly string[] = LIMITATIONS;
  readonly #options: SshOptions;

  constructor(options: SshOptions) {
    this.#options = options;
  }

  async probe({ env }: ProbeContext): Promise<DriverProbe> {
    try {
      const { stderr } = await runTool("ssh", ["-V"], { env, timeLimitMs: 2500 });
      const version = /^[\w.-]+/.exec(stderr)?.[0] ?? "unknown";
      const reason = `${version} is here; whether a host can be reached shows when a machine is made there. ${NETWORK}`;
      return { usable: true, acceleration: "native", reason, version };
    } catch (error: unknown) {
      const reason = error instanceof Error ? error.message : String(error);
      return { usable: false, acceleration: "native", reason, remedy: "Install OpenSSH's client." };
    }
  }

  surroundings(machine: MachineSpec): MachineSurroundings {
    const { user, path } = recallFacts(machine);
    const home = folderOf(machine);
    const env = { PATH: path, HOME: home, USER: user, LANG: "C.UTF-8" };
    return { home, env, hostPrograms: false, hostNetwork: false };
  }

  async create(machine: MachineSpec): Promise<void> {
    if (machine.mounts.length > 0)
      throw new CloisterError({
        code: "machine_unsupported",
        message: "A folder of this host can't be mounted on another host.",
        remedy: "Leave the mounts out: files go in with `cloister machine put`.",
      });
    const client = this.#clientOf(machine);
    const run = async (script: string, input?: Uint8Array): Promise<string> =>
      (await runThere(client, script, input === undefined ? {} : { input })).stdout;
    const facts = await installGuest(run, this.#options.cache);
    // Before there is anything of the machine there: what was never made need not be removed from a host that does not answer.
    remember(machine, { isStopped: true, facts });
    await run(`umask 077; mkdir -p "$HOME/.cache/cloister/machines/${machine.id}"`);
    remember(machine, { isStopped: false, facts });
  }

  start(machine: MachineSpec): Promise<void> {
    remember(machine, { isStopped: false, facts: recallFacts(machine) });
    return Promise.resolve();
  }

  /** Nothing of a machine runs there but what goes through its connection. */
  async stop(machine: MachineSpec): Promise<void> {
    const facts = recallFacts(machine);
    await this.#endConnection(machine);
    remember(machine, { isStopped: true, facts });
  }

  async state(machine: MachineSpec): Promise<MachineState> {
    const record = recall(machine);
    if (record === undefined) return "missing";
    const there = await this.#ask(machine, `test -d "${folderOf(machine)}" && echo there || echo missing`);
    if (there.trim() !== "there") return "missing";
    return record.isStopped ? "stopped" : "running";
  }

  connect(machine: MachineSpec): Promise<GuestTransport> {
    const { guest } = recallFacts(machine);
    const client = this.#clientOf(machine);
    const variables = `HOME="${folderOf(machine)}" CLOISTER_MACHINE=${machine.id}`;
    const script = `cd "${folderOf(machine)}" && ${variables} exec "${guest}" serve --stdio`;
    return Promise.resolve(processTransport("ssh", sshArguments(client, script), { env: client.env }));
  }

  async stats(machine: MachineSpec): Promise<MachineStats> {
    const answer = await this.#ask(machine, `du -sk "${folderOf(machine)}" 2>/dev/null || true`);
    const diskKib = Number(/^\d+/.exec(answer)?.[0]);
    return Number.isFinite(diskKib) ? { diskKib } : {};
  }

  async destroy(machine: MachineSpec): Promise<void> {
    // First what still connects for one who was killed: it would make the folder anew.
    await this.#endConnection(machine);
    if (recall(machine) !== undefined) {
      const folder = `"${folderOf(machine)}"`;
      // Some tools write-protect their folders.
      await this.#ask(machine, `test ! -d ${folder} || { chmod -R u+rwX ${folder}; rm -rf ${folder}; }`);
    }
    await this.#endConnection(machine);
    removeRecord(machine.folder, RECORD);
  }

  /** On this host a machine has but its shared connection. */
  found({ env }: ProbeContext): Promise<readonly string[]> {
    return Promise.resolve([...new Set(findConnections(env).map(({ id }) => id))]);
  }

  async remove(id: string, { env }: ProbeContext): Promise<void> {
    const own = findConnections(env).filter((connection) => connection.id === id);
    for (const socket of new Set(own.map((connection) => connection.socket))) await endConnection(socket, env);
  }

  async #ask(machine: MachineSpec, script: string): Promise<string> {
    return (await runThere(this.#clientOf(machine), script, { timeLimitMs: 20_000 })).stdout;
  }

  async #endConnection(machine: MachineSpec): Promise<void> {
    const env = this.#envOf(machine);
    await endConnection(socketPath(machine.socketFolder, homeOf(env)), env);
  }

  #envOf(machine: MachineSpec): Readonly<Record<string, string>> {
    return { ...this.#options.env, ...machine.env };
  }

  #clientOf(machine: MachineSpec): SshClient {
    const env = this.#envOf(machine);
    const destination = parseDestination(typeof machine.image === "string" ? machine.image : "");
    return { destination, socket: socketPath(machine.socketFolder, homeOf(env)), env };
  }
}

function remember(machine: MachineSpec, record: SshRecord): void {
  writeRecord(machine.folder, RECORD, record);
}

function recall(machine: MachineSpec): SshRecord | undefined {
  return readRecord(machine.folder, RECORD, recordSchema);
}

function recallFacts(machine: MachineSpec): RemoteFacts {
  const record = recall(machine);
  if (record !== undefined) return record.facts;
  throw new CloisterError({ code: "machine_failed", message: `Machine ${machine.id} has never been made.` });
}

function folderOf(machine: MachineSpec): string {
  return `${recallFacts(machine).home}/.cache/cloister/machines/${machine.id}`;
}
