import { createMemoryDisk } from "../disk/memory-disk.ts";
import { createOverlayDisk } from "../disk/overlay-disk.ts";
import { VmError } from "../error.ts";
import { createMachine } from "../machine/create-machine.ts";
import type { MachineHost } from "../machine/host.ts";
import type { Machine, MachineEnd } from "../machine/machine.ts";
import { CacheKeeper } from "./cache-keeper.ts";
import type {
  Failure,
  MachineCalls,
  PageMessage,
  WorkerMachineOptions,
  WorkerMachineStatistics,
  WorkerMessage,
} from "./messages.ts";
import { OutputFlow } from "./output-flow.ts";

/** What the service of a machine needs of its worker. */
export type MachineServiceOptions = {
  readonly host: MachineHost;
  /** May memory be shared with the compiler's worker? */
  readonly shared: boolean;
  readonly send: (message: WorkerMessage) => void;
};

/** One machine, served by messages. */
export class MachineService {
  readonly #options: MachineServiceOptions;
  readonly #flow: OutputFlow = new OutputFlow();
  #created: Machine | undefined;
  #keeper: CacheKeeper | undefined;
  readonly #calls: MachineCalls = {
    create: (options) => this.#create(options),
    run: async () => this.#run(),
    pause: async () => this.#machine.pause(),
    reset: async () => this.#machine.reset(),
    write: async (bytes) => this.#machine.console.write(bytes),
    stats: async () => this.#stats(),
    snapshot: async () => this.#machine.snapshot(),
    restore: async (snapshot) => this.#machine.restore(snapshot),
  };

  constructor(options: MachineServiceOptions) {
    this.#options = options;
  }

  /** Takes a message of the page; answers it, if it is a call. */
  async receive(message: PageMessage): Promise<void> {
    if (message.kind === "taken") return this.#flow.taken(message.bytes);
    const { id, call } = message;
    const serve: (argument: never) => Promise<unknown> = this.#calls[call.name];
    try {
      this.#options.send({ kind: "answer", id, value: await serve(call.argument as never) });
    } catch (error) {
      this.#options.send({ kind: "failure", id, failure: toFailure(error) });
    }
  }

  get #machine(): Machine {
    if (this.#created === undefined) throw new VmError("machine_failed", "there is no machine yet: create it first");
    return this.#created;
  }

  async #create({ drives = [], cache = true, ...options }: WorkerMachineOptions): Promise<void> {
    const { host, shared, send } = this.#options;
    this.#keeper = cache && options.mode !== "interpreter" ? await CacheKeeper.open() : undefined;
    this.#created = await createMachine({
      ...options,
      shared,
      ...(this.#keeper === undefined ? {} : { cache: this.#keeper.cache }),
      // What the guest changes is in an overlay: snapshots have it.
      drives: drives.map((bytes) => createOverlayDisk(createMemoryDisk(bytes))),
      host: { ...host, breathe: () => this.#breathe() },
      serial: {
        transmit: (bytes) => {
          this.#flow.sent(bytes.length);
          send({ kind: "output", bytes });
        },
      },
    });
  }

  #stats(): WorkerMachineStatistics {
    const statistics = this.#machine.stats();
    return this.#keeper === undefined ? statistics : { ...statistics, cache: this.#keeper.cache.statistics };
  }

  #run(): Promise<MachineEnd> {
    const running = this.#machine.run();
    void this.#keeper?.keepDuring(running, this.#options.host);
    return running;
  }

  /** A machine that prints faster than the page shows it is held up, as by a slow line. */
  async #breathe(): Promise<void> {
    await this.#options.host.breathe();
    await this.#flow.untilRoom();
  }
}

function toFailure(error: unknown): Failure {
  if (error instanceof VmError) return { code: error.code, message: error.message };
  return { code: "machine_failed", message: String(error) };
}
