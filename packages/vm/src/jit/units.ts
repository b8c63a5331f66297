import type { DecodedPages } from "../interpreter/decoded-pages.ts";
import type { Semantics } from "../ir/port.ts";
import { type Mode, RAM_BASE, RAM_OFFSET, UNITS } from "../memory/layout.ts";
import { FIRST_FUNCTION } from "../interpreter/generate.ts";
import { type MemoryDescription, standardImports, TYPE_INDEX, TYPES } from "../processor/core-module.ts";
import type { Decode } from "../riscv/isa/decode.ts";
import type { Flow } from "../riscv/isa/instruction.ts";
import { encodeModule } from "../wasm/module.ts";
import { compileUnit } from "./compile-unit.ts";
import { discoverBlocks } from "./discover.ts";

/** What compiled units need of the rest. */
export type UnitsOptions = {
  readonly memory: WebAssembly.Memory;
  readonly memoryDescription: MemoryDescription;
  readonly table: WebAssembly.Table;
  readonly pages: DecodedPages;
  readonly host: Readonly<Record<string, WebAssembly.ImportValue>>;
  readonly shape: "block" | "region";
  readonly decode: Decode;
  readonly flowOf: (instruction: number) => Flow;
  readonly semanticsOf: (instruction: number) => Semantics;
};

/** A place that became hot. */
type Request = { readonly address: number; readonly mode: Mode };

/** The compiled units of a machine. */
export class Units {
  readonly #options: UnitsOptions;
  readonly #view: DataView;
  readonly #byPage: Map<number, number[]> = new Map();
  #requests: Request[] = [];
  #freeIndices: number[] = [];
  #nextIndex = 1;
  /** How many were compiled since the machine was made. */
  compiled = 0;

  constructor(options: UnitsOptions) {
    this.#options = options;
    this.#view = new DataView(options.memory.buffer);
  }

  /** A place in the guest's code is hot: it will be compiled with the next batch. */
  request(address: number, mode: Mode): void {
    this.#requests.push({ address, mode });
  }

  /** How many places wait. */
  get waiting(): number {
    return this.#requests.length;
  }

  /** Compiles what waits, and has it entered from now on. */
  compileWaiting(): void {
    const requests = this.#requests;
    this.#requests = [];
    const bodies = requests.flatMap((request) => {
      const body = this.#compile(request);
      return body ? [{ ...request, body }] : [];
    });
    if (bodies.length === 0) return;
    const module = new WebAssembly.Module(this.#encode(bodies.map(({ body }) => body)));
    const { exports } = new WebAssembly.Instance(module, { host: this.#options.host });
    bodies.forEach(({ address, mode }, index) => this.#install(address, mode, exports[`u${index}`]));
  }

  #encode(bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    return encodeModule({
      types: TYPES,
      imports: standardImports(this.#options.memoryDescription),
      functions: bodies.map((body) => [TYPE_INDEX.unit, body]),
      exports: bodies.map((_, index) => [`u${index}`, FIRST_FUNCTION + index]),
    });
  }

  #compile({ address, mode }: Request): Uint8Array | undefined {
    const { memory, decode, flowOf, semanticsOf, shape } = this.#options;
    const page = new DataView(memory.buffer, RAM_OFFSET + Math.floor((address - RAM_BASE) / 4096) * 4096, 4096);
    const blocks = discoverBlocks({ page, offset: address % 4096, shape, limit: 500, decode, flowOf });
    return blocks.length === 0 ? undefined : compileUnit(blocks, mode, semanticsOf);
  }

  #install(address: number, mode: Mode, unit: unknown): void {
    const record = this.#options.pages.recordOf(address, mode);
    if (record === undefined) return;
    const index = this.#takeIndex();
    this.#options.table.set(index, unit);
    const unitRecord = UNITS.offset + index * UNITS.recordBytes;
    this.#view.setInt32(unitRecord, index, true);
    this.#options.pages.enter(record, unitRecord);
    const page = Math.floor(address / 4096);
    const list = this.#byPage.get(page);
    if (list) list.push(index);
    else this.#byPage.set(page, [index]);
    this.compiled++;
  }

  #takeIndex(): number {
    const index = this.#freeIndices.pop() ?? this.#nextIndex++;
    const { table } = this.#options;
    if (index >= table.length) table.grow(Math.max(1024, table.length));
    return index;
  }

  /** Forgets the units of a page. The caller empties the jump cache. @returns true where there were any */
  forget(page: number): boolean {
    const list = this.#byPage.get(page);
    if (!list) return false;
    this.#byPage.delete(page);
    for (const index of list) this.#options.table.set(index, null);
    this.#freeIndices.push(...list);
    return true;
  }
}
