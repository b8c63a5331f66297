import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { EMPTY_REGISTRY, evolveRegistry, type MachineEvent, type MachineRegistry } from "@cloister/core";
import {
  type Journal,
  JournalConflict,
  type JournalReader,
  openJournal,
  openJournalReader,
  type StoredRecord,
} from "../../journal/index.ts";
import { makeFirstGeneration, makeNextGeneration, newestGeneration } from "./generations.ts";

/** What a registry is made of. */
export type RegistryOptions = {
  /** The path of its first journal. Its folder is made where there is none. */
  readonly journal: string;
  /** ms since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
  /** Told of each event of this process once it is on the disk. */
  readonly onEvent?: (event: MachineEvent) => void;
  /** How many records a journal has before it is sealed; more where there are many machines. */
  readonly sealAfter?: number;
};

/** The registry of a user's machines. Several processes may have it open, and write it at the same time. */
export interface Registry extends Disposable {
  /** The machines as they are now, whoever wrote of them. Costs microseconds where nothing has changed. */
  read(): MachineRegistry;
  /** Writes events down whatever else has happened: results. @throws {JournalDamage} where the journal is not as it was written. */
  write(...events: readonly MachineEvent[]): void;
  /**
   * Writes down what `decide` makes of the machines as they are: intents. It is asked again where somebody else was faster, so that no two
   * processes decide on the same state. What it throws is thrown.
   * @returns the value of the last decision
   * @throws {JournalDamage} where the journal is not as it was written.
   */
  decide<Value>(decide: (registry: MachineRegistry) => Decision<Value>): Value;
}

/** What to write down, and what to return once it is on the disk. */
export type Decision<Value> = { readonly events: readonly MachineEvent[]; readonly value: Value };

/** Opening a journal of this length takes some 20 ms. */
const SEAL_AFTER = 2000;
/** The first record of a journal holds every machine: where there are many, sealing pays later. */
const SEAL_AFTER_PER_MACHINE = 8;

/** Opens the registry; makes it where there is none. */
export function openRegistry(options: RegistryOptions): Registry {
  mkdirSync(dirname(options.journal), { recursive: true, mode: 0o700 });
  makeFirstGeneration(options.journal);
  return new JournaledRegistry(options);
}

/** One journal, open to read and write, and how far it is folded. */
type Generation = {
  readonly path: string;
  readonly reader: JournalReader;
  readonly writer: Journal;
  registry: MachineRegistry;
  last: Pick<StoredRecord, "hash" | "time"> & { readonly length: number };
};

class JournaledRegistry implements Registry {
  readonly #options: RegistryOptions;
  #generation: Generation;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#generation = openGeneration(newestGeneration(options.journal));
    this.#followSeals();
  }

  read(): MachineRegistry {
    if (this.#generation.reader.changed()) foldNews(this.#generation);
    this.#followSeals();
    return this.#generation.registry;
  }

  write(...events: readonly MachineEvent[]): void {
    this.decide(() => ({ events, value: undefined }));
  }

  decide<Value>(decide: (registry: MachineRegistry) => Decision<Value>): Value {
    for (;;) {
      const { events, value } = decide(this.read());
      if (events.length > 0 && !this.#append(events)) continue;
      for (const event of events) this.#options.onEvent?.(event);
      this.#sealWhereLong();
      return value;
    }
  }

  [Symbol.dispose](): void {
    closeGeneration(this.#generation);
  }

  /** @returns false where somebody else has written since the last look */
  #append(events: readonly MachineEvent[]): boolean {
    const { writer, last } = this.#generation;
    const time = (this.#options.now ?? Date.now)();
    try {
      writer.append(
        events.map(({ type, ...data }) => ({ type, time, data })),
        { expected: last.length },
      );
    } catch (error: unknown) {
      if (!(error instanceof JournalConflict)) throw error;
      foldNews(this.#generation);
      return false;
    }
    foldNews(this.#generation);
    return true;
  }

  /** Whoever seals, or finds a seal without a successor, makes the successor. */
  #sealWhereLong(): void {
    const { registry, last } = this.#generation;
    const longest = (this.#options.sealAfter ?? SEAL_AFTER) + registry.machines.length * SEAL_AFTER_PER_MACHINE;
    if (last.length >= longest && !registry.sealed) this.#append([{ type: "registry_sealed" }]);
    this.#followSeals();
  }

  #followSeals(): void {
    while (this.#generation.registry.sealed) this.#follow(this.#generation);
  }

  #follow({ path, registry, last }: Generation): void {
    const head = { length: last.length, hash: last.hash };
    const next = makeNextGeneration(this.#options.journal, { path, registry, head, sealedAt: last.time });
    closeGeneration(this.#generation);
    this.#generation = openGeneration(next);
  }
}

function openGeneration(path: string): Generation {
  const writer = openJournal(path, { create: true });
  const reader = openJournalReader(path);
  const generation = { path, reader, writer, registry: EMPTY_REGISTRY, last: { length: 0, hash: "", time: 0 } };
  foldNews(generation);
  return generation;
}

function foldNews(generation: Generation): void {
  for (const { type, time, data, position, hash } of generation.reader.read({ from: generation.last.length + 1 })) {
    generation.registry = evolveRegistry(generation.registry, { type, ...data } as MachineEvent, time);
    generation.last = { length: position, hash, time };
  }
}

/** The reader first: the writer folds its sidecar files in unless a reader is connected. */
function closeGeneration({ reader, writer }: Generation): void {
  reader.close();
  writer.close();
}
