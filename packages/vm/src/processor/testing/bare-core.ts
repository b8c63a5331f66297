import { CodeCache } from "../../cache/code-cache.ts";
import { floatOperation } from "../../float/operation.ts";
import { DecodedPages } from "../../interpreter/decoded-pages.ts";
import type { Interpreted } from "../../interpreter/generate.ts";
import { encodeUnits } from "../../jit/compile-batch.ts";
import { compileUnit } from "../../jit/compile-unit.ts";
import { discoverBlocks } from "../../jit/discover.ts";
import type { Shape } from "../../jit/request.ts";
import { Units, type UnitsOptions } from "../../jit/units.ts";
import {
  JUMP_CACHE,
  MODE,
  MODE_COUNT,
  RAM_BASE,
  RAM_OFFSET,
  registerOffset,
  SECOND_TLB,
  STATE,
  TLB,
  tlbOffset,
} from "../../memory/layout.ts";
import { emptyEntry, emptyTable } from "../../memory/look-aside-table.ts";
import { createDecoder, type Decode } from "../../riscv/isa/decode.ts";
import { FORMATS } from "../../riscv/isa/format.ts";
import { INSTRUCTIONS, instructionAt } from "../../riscv/isa/instructions.ts";
import { encodeCoreModule } from "../core-module.ts";

const RAM_PAGES = 16;
const PAGES = Math.ceil((RAM_OFFSET + RAM_PAGES * 4096) / 2 ** 16);

/** A set of instructions other than RISC-V's: what is given here stands in for it. */
export type BareInstructions = {
  readonly instructions: readonly Interpreted[];
  readonly decode: Decode;
  readonly hasRounding: (instruction: number) => boolean;
};

const RISC_V: BareInstructions = {
  instructions: INSTRUCTIONS,
  decode: createDecoder(),
  hasRounding: (instruction) => FORMATS[instructionAt(instruction).format].rounding === true,
};

/** A compiled unit: address of its first instruction -> where to go on; 1 where STATE.pc says that. */
export type Unit = (pc: bigint) => bigint;

/**
 * The interpreter and compiled units on a flat RAM of 64 KiB in machine mode: no hart, no board, no translation. Floating point is on;
 * what asks for devices, CSRs or traps fails.
 */
export class BareCore {
  readonly memory: WebAssembly.Memory;
  readonly view: DataView;
  readonly pages: DecodedPages;
  /** Calls of the helpers, by name. */
  readonly calls: Map<string, number> = new Map();
  /** Called when a decoded page is forgotten, with its offset. */
  onForget: (offset: number) => void = () => undefined;
  /** Called before a value is stored by the slow side, with its address. */
  onStore: (address: number) => void = () => undefined;
  /** Called for system instructions, with the operation; they fail otherwise. */
  onSystem: ((operation: number) => void) | undefined;
  readonly #unitHost: Readonly<Record<string, WebAssembly.ImportValue>>;
  readonly #run: () => void;
  readonly #table: WebAssembly.Table;

  constructor({ instructions, decode, hasRounding }: BareInstructions = RISC_V) {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
    this.memory = memory;
    this.view = new DataView(memory.buffer);
    const bytes = new Uint8Array(memory.buffer);
    for (const { offset, tableBytes, modeBytes } of [TLB, SECOND_TLB])
      for (let table = offset; table < offset + MODE_COUNT * modeBytes; table += tableBytes)
        emptyTable(bytes.subarray(table, table + tableBytes));
    bytes.fill(0xff, JUMP_CACHE.offset, JUMP_CACHE.offset + MODE_COUNT * JUMP_CACHE.modeBytes);
    this.view.setInt32(STATE.mode, MODE.machine, true);
    this.view.setInt32(STATE.floatEnabled, 1, true);
    this.pages = new DecodedPages({
      memory,
      decode,
      hasRounding,
      threshold: 0,
      onForget: (offset) => {
        this.onForget(offset);
        this.#forgetFetches(offset);
      },
      onCode: () => undefined,
    });
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 16 });
    this.#table = table;
    const host = { memory, table, ...this.#helpers() };
    const core = new WebAssembly.Module(encodeCoreModule(true, instructions));
    const { run, ...helpers } = new WebAssembly.Instance(core, { host }).exports;
    this.#run = run as () => void;
    this.#unitHost = { ...host, ...(helpers as Readonly<Record<string, WebAssembly.ImportValue>>) };
  }

  /** Puts instructions into RAM: 32 bits each. @param address in RAM */
  write(address: number, instructions: readonly number[]): void {
    for (const [index, bits] of instructions.entries())
      this.view.setInt32(address - RAM_BASE + RAM_OFFSET + index * 4, bits, true);
  }

  /** Makes the look-aside buffers know an address's page, for reads and writes. @param at where it is in RAM */
  map(address: number, at: number = address): void {
    for (const kind of [TLB.read, TLB.write]) this.#fill(kind, address, RAM_OFFSET - RAM_BASE + at - address);
  }

  setRegister(register: number, value: bigint): void {
    this.view.setBigUint64(registerOffset(register), value, true);
  }

  register(register: number): bigint {
    return this.view.getBigUint64(registerOffset(register), true);
  }

  /** Interprets from an address on; loops end once as many instructions were run. @returns address of the next one */
  interpret(address: number, budget: number): number {
    this.view.setBigUint64(STATE.pc, BigInt(address), true);
    this.view.setInt32(STATE.budget, budget, true);
    this.#run();
    return Number(this.view.getBigUint64(STATE.pc, true));
  }

  /** Compiled units of this core: blocks that never become regions, of no cache, but for what is said otherwise. */
  createUnits(options: Partial<Omit<UnitsOptions, "memory" | "table" | "pages" | "host">> = {}): Units {
    return new Units({
      memory: this.memory,
      table: this.#table,
      pages: this.pages,
      host: this.#unitHost,
      shapes: ["block"],
      firstThreshold: 1,
      blockThreshold: 1,
      regionThreshold: 0,
      growthThreshold: 0,
      patience: 0,
      cache: new CodeCache(),
      ...options,
    });
  }

  /** Compiles the code at addresses to units. */
  compile(addresses: readonly number[], shape: Shape = "block"): readonly Unit[] {
    const bodies = addresses.map((address) => {
      const blocks = discoverBlocks({
        code: new DataView(this.memory.buffer, RAM_OFFSET + (address - (address % 4096)) - RAM_BASE, 4096),
        offset: address % 4096,
        shape,
        inlines: true,
        limit: 100,
        decode: RISC_V.decode,
        flowOf: (index) => instructionAt(index).flow,
      });
      const kind = { mode: MODE.machine, shape, border: 4096 - (address % 4096) };
      return compileUnit(blocks, kind, (index) => instructionAt(index).semantics);
    });
    return this.instantiate(bodies);
  }

  /** The function of a unit. @param record of it, of UNITS */
  functionOf(record: number): unknown {
    return this.#table.get(this.view.getInt32(record, true));
  }

  /** Makes units of their bodies. */
  instantiate(bodies: readonly Uint8Array[]): readonly Unit[] {
    const module = new WebAssembly.Module(encodeUnits(bodies, true));
    const { exports } = new WebAssembly.Instance(module, { host: this.#unitHost });
    return bodies.map((_, index) => {
      const code = exports[`u${index}`] as (pc: bigint, depth: number, unit: number) => bigint;
      return (pc) => code(pc, 0, 0);
    });
  }

  #count(name: string): void {
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
  }

  /** Makes a page known to a look-aside buffer. */
  #fill(kind: number, address: number, addend: number): void {
    const entry = tlbOffset(MODE.machine, kind) + ((address >>> 12) & (TLB.entries - 1)) * TLB.entryBytes;
    this.view.setInt32(entry, address & ~4095, true);
    this.view.setInt32(entry + 4, 0, true);
    this.view.setInt32(entry + 8, addend, true);
  }

  #forgetFetches(offset: number): void {
    const table = tlbOffset(MODE.machine, TLB.fetch);
    for (let entry = table; entry < table + TLB.tableBytes; entry += TLB.entryBytes)
      if (this.view.getInt32(entry + 8, true) === offset) emptyEntry(this.view, entry);
  }

  #helpers(): Readonly<Record<string, (...values: number[]) => number | void>> {
    const host = (address: number): number => address - RAM_BASE + RAM_OFFSET;
    const fails = (name: string) => (): never => {
      throw new Error(`${name} at ${this.view.getBigUint64(STATE.pc, true).toString(16)}`);
    };
    return {
      load: () => {
        const address = this.view.getUint32(STATE.address, true);
        this.#count("load");
        this.#fill(TLB.read, address, RAM_OFFSET - RAM_BASE);
        return host(address);
      },
      store: (size) => {
        const address = this.view.getUint32(STATE.address, true);
        this.#count("store");
        this.onStore(address);
        for (let index = 0; index < (size ?? 0); index++)
          this.view.setUint8(host(address) + index, this.view.getUint8(STATE.value + index));
        return 1;
      },
      fetch: () => {
        const address = this.view.getUint32(STATE.pc, true);
        this.#count("fetch");
        this.#fill(TLB.fetch, address, this.pages.open(Math.floor(address / 4096), MODE.machine));
        return 1;
      },
      decode: (record = 0) => {
        this.#count("decode");
        return this.pages.decode(record, () =>
          this.view.getUint16(host(this.view.getUint32(STATE.pc, true) + 2), true),
        );
      },
      float: (operation = 0) => {
        this.#count("float");
        return floatOperation(this.view, operation);
      },
      system: (operation = 0) => {
        if (!this.onSystem) return fails("system")();
        this.onSystem(operation);
        return 1;
      },
      atomic: fails("atomic"),
      loadReserved: fails("loadReserved"),
      hot: () => undefined,
    };
  }
}
