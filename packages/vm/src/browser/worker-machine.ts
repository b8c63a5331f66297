import { VmError } from "../error.ts";
import type { MachineEnd } from "../machine/machine.ts";
import type {
  MachineCall,
  MachineCalls,
  PageMessage,
  WorkerMachineOptions,
  WorkerMachineStatistics,
  WorkerMessage,
} from "./messages.ts";
import type { WorkerHandle } from "./worker-port.ts";

/** A machine in a web worker. What its methods do is said at `Machine`. */
export interface WorkerMachine {
  readonly console: WorkerConsole;
  run(): Promise<MachineEnd>;
  pause(): Promise<void>;
  reset(): Promise<void>;
  stats(): Promise<WorkerMachineStatistics>;
  snapshot(): Promise<Uint8Array>;
  restore(snapshot: Uint8Array): Promise<void>;
  /** Ends the worker, whatever the machine does. */
  close(): void;
}

/** Its serial console. */
export interface WorkerConsole {
  /** Types into the console. @returns resolves when the guest's serial port has taken the last byte */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Listens to what the guest prints: anything, of any length.
   * @param listener resolves when it has done with the bytes; the machine is held up while it lags far behind
   * @returns stops listening
   */
  onData(listener: (bytes: Uint8Array) => void | Promise<void>): () => void;
}

/**
 * Makes a machine in a web worker, as `createMachine` does here.
 * @param worker runs `machine-worker.ts`; it belongs to the machine from now on
 * @throws VmError as `createMachine`; `machine_failed` where the worker can't be started
 */
export async function createWorkerMachine(worker: WorkerHandle, options: WorkerMachineOptions): Promise<WorkerMachine> {
  const machine = new RemoteMachine(worker);
  try {
    await machine.create(options);
    return machine;
  } catch (error) {
    machine.close();
    throw error;
  }
}

type Answers = { readonly resolve: (value: unknown) => void; readonly reject: (error: VmError) => void };

/** The page's end of the messages. */
class RemoteMachine implements WorkerMachine {
  readonly console: WorkerConsole;
  readonly #worker: WorkerHandle;
  readonly #listeners = new Set<(bytes: Uint8Array) => void | Promise<void>>();
  readonly #waiting = new Map<number, Answers>();
  #nextId = 0;
  #ended: VmError | undefined;

  constructor(worker: WorkerHandle) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }) => void this.#receive(data as WorkerMessage));
    worker.addEventListener("error", ({ message }) => this.#end(message ?? "its script can't be loaded"));
    this.console = {
      write: (bytes) => this.#call({ name: "write", argument: bytes }),
      onData: (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
    };
  }

  create(options: WorkerMachineOptions): Promise<void> {
    return this.#call({ name: "create", argument: options });
  }

  run(): Promise<MachineEnd> {
    return this.#call({ name: "run", argument: undefined });
  }

  pause(): Promise<void> {
    return this.#call({ name: "pause", argument: undefined });
  }

  reset(): Promise<void> {
    return this.#call({ name: "reset", argument: undefined });
  }

  stats(): Promise<WorkerMachineStatistics> {
    return this.#call({ name: "stats", argument: undefined });
  }

  snapshot(): Promise<Uint8Array> {
    return this.#call({ name: "snapshot", argument: undefined });
  }

  restore(snapshot: Uint8Array): Promise<void> {
    return this.#call({ name: "restore", argument: snapshot });
  }

  close(): void {
    this.#worker.terminate();
    this.#end("it was closed");
  }

  #call<Call extends MachineCall>(call: Call): ReturnType<MachineCalls[Call["name"]]> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#ended !== undefined) reject(this.#ended);
    else {
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.#send({ kind: "call", id, call });
    }
    return promise as ReturnType<MachineCalls[Call["name"]]>;
  }

  #send(message: PageMessage): void {
    this.#worker.postMessage(message, []);
  }

  async #receive(message: WorkerMessage): Promise<void> {
    if (message.kind === "output") return this.#show(message.bytes);
    const answers = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === "answer") answers?.resolve(message.value);
    else answers?.reject(new VmError(message.failure.code, message.failure.message));
  }

  async #show(bytes: Uint8Array): Promise<void> {
    await Promise.allSettled([...this.#listeners].map(async (listener) => listener(bytes)));
    this.#send({ kind: "taken", bytes: bytes.length });
  }

  /** Nothing is answered any more. */
  #end(reason: string): void {
    this.#ended ??= new VmError("machine_failed", `the machine's worker ended: ${reason}`);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
