import type { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import { type AccessGroup, findAccessGroups } from "./access-group.ts";
import { IrBlock, KIND, type Value } from "./block.ts";
import { HELPER } from "./helpers.ts";
import type { LocalPool } from "./local-pool.ts";
import type { LoweringTarget } from "./lowering-target.ts";
import { accessSize } from "./signatures.ts";

/** What accesses are lowered with. */
export type AccessLoweringOptions = {
  readonly writer: FunctionWriter;
  readonly target: LoweringTarget;
  readonly locals: LocalPool;
  /** Pushes a value. */
  readonly push: (value: Value) => void;
  /** Pushes an address in one arm of two: nothing of it is kept for later, and it is used nowhere else. */
  readonly pushInArm: (value: Value) => void;
};

const PAGE_BYTES = 4096;

/**
 * Lowers the guest's loads and stores: a look-up in the look-aside buffer, inline, and a helper where that fails. Accesses of a group
 * (`access-group.ts`) are looked up together, at the first.
 */
export class AccessLowering {
  readonly #options: AccessLoweringOptions;
  readonly #writer: FunctionWriter;
  readonly #target: LoweringTarget;
  readonly #locals: LocalPool;
  #block: IrBlock = new IrBlock();
  #groups: ReadonlyMap<Value, AccessGroup> = new Map();
  /** By group: the local that holds the host address of its lowest byte; 0 there: it is not to be had as a whole. */
  readonly #checked: Map<AccessGroup, number> = new Map();

  constructor(options: AccessLoweringOptions) {
    this.#options = options;
    this.#writer = options.writer;
    this.#target = options.target;
    this.#locals = options.locals;
  }

  /** A block begins. */
  begin(block: IrBlock): void {
    this.#block = block;
    this.#groups = findAccessGroups(block);
  }

  /** It ends. */
  end(): void {
    for (const local of this.#checked.values()) this.#locals.giveBack(TYPE.i32, local);
    this.#checked.clear();
  }

  /** Pushes what an operation of kind `load` loads. */
  load(index: Value): void {
    this.#target.flush();
    const opcode = this.#block.low[index] ?? 0;
    const address = this.#block.a[index] ?? 0;
    const group = this.#groups.get(index);
    if (group) return this.#loadOfGroup(index, group);
    this.translate(this.#inLocal(address), accessSize(opcode), HELPER.translateLoad);
    this.#writer.memory(opcode, 0);
  }

  /** Stores what an operation of kind `store` stores. */
  store(index: Value): void {
    this.#target.flush();
    const writer = this.#writer;
    const opcode = this.#block.low[index] ?? 0;
    const group = this.#groups.get(index);
    if (group) return this.#storeOfGroup(index, group);
    const address = this.#inLocal(this.#block.a[index] ?? 0);
    const stored = this.#inLocal(this.#block.b[index] ?? 0);
    const [entry, offset] = this.#probe(address, accessSize(opcode), "write");
    writer.open(OP.if);
    this.#hostOf(entry, offset, address);
    writer.get(stored);
    writer.memory(opcode, 0);
    writer.op(OP.else);
    writer.get(address);
    this.#storeSlowly(stored, accessSize(opcode));
    writer.close();
  }

  /** Pushes the host address of a guest address (in a local). Leaves where it traps. @param helper which to ask in the end */
  translate(address: number, size: number, helper: number): void {
    this.#target.flush();
    const writer = this.#writer;
    const [entry, offset] = this.#probe(address, size, helper === HELPER.translateAtomic ? "write" : "read");
    writer.open(OP.if, TYPE.i32);
    this.#hostOf(entry, offset, address);
    writer.op(OP.else);
    writer.get(address);
    this.#translateSlowly(size, helper);
    writer.close();
  }

  #inLocal(value: Value): number {
    this.#options.push(value);
    const local = this.#locals.take(TYPE.i64);
    this.#writer.set(local);
    return local;
  }

  #loadOfGroup(index: Value, group: AccessGroup): void {
    const writer = this.#writer;
    const opcode = this.#block.low[index] ?? 0;
    const host = this.#checkGroup(group);
    writer.get(host);
    writer.open(OP.if, TYPE.i64);
    writer.get(host);
    writer.memory(opcode, this.#distance(index, group));
    writer.op(OP.else);
    this.#options.pushInArm(this.#block.a[index] ?? 0);
    this.#translateSlowly(accessSize(opcode), HELPER.translateLoad);
    writer.memory(opcode, 0);
    writer.close();
  }

  #storeOfGroup(index: Value, group: AccessGroup): void {
    const writer = this.#writer;
    const opcode = this.#block.low[index] ?? 0;
    const stored = this.#inLocal(this.#block.b[index] ?? 0);
    const host = this.#checkGroup(group);
    writer.get(host);
    writer.open(OP.if);
    writer.get(host);
    writer.get(stored);
    writer.memory(opcode, this.#distance(index, group));
    writer.op(OP.else);
    this.#options.pushInArm(this.#block.a[index] ?? 0);
    this.#storeSlowly(stored, accessSize(opcode));
    writer.close();
  }

  /** Of an access from its group's lowest byte. */
  #distance(index: Value, { lowest }: AccessGroup): number {
    const { kind, a, b, low } = this.#block;
    const address = a[index] ?? 0;
    return kind[address] === KIND.get ? -lowest : (low[b[address] ?? 0] ?? 0) - lowest;
  }

  /** At a group's first access, looks it up. @returns the local of `#checked` */
  #checkGroup(group: AccessGroup): number {
    const known = this.#checked.get(group);
    if (known !== undefined) return known;
    const writer = this.#writer;
    const host = this.#locals.borrow(TYPE.i32);
    this.#checked.set(group, host);
    const lowest = this.#locals.take(TYPE.i64);
    this.#target.getRegister(group.base);
    writer.i64(group.lowest, group.lowest >> 31);
    writer.op(OP.i64Add);
    writer.set(lowest);
    const [entry, offset] = this.#probe(lowest, 1, group.hasStore ? "write" : "read");
    writer.get(lowest);
    writer.op(OP.i32WrapI64);
    writer.i32(PAGE_BYTES - 1);
    writer.op(OP.i32And);
    writer.i32(PAGE_BYTES - group.bytes);
    writer.op(OP.i32LeU);
    writer.op(OP.i32And);
    writer.open(OP.if, TYPE.i32);
    this.#hostOf(entry, offset, lowest);
    writer.op(OP.else);
    writer.i32(0);
    writer.close();
    writer.set(host);
    return host;
  }

  /** Leaves 1 on the stack where the look-aside buffer knows the address. @returns the local that holds the entry's offset */
  #probe(address: number, size: number, kind: "read" | "write"): readonly [entry: number, offset: number] {
    const writer = this.#writer;
    const entry = this.#locals.take(TYPE.i32);
    writer.get(address);
    writer.op(OP.i32WrapI64);
    writer.i32(8);
    writer.op(OP.i32ShrU);
    writer.i32(0x3ff0);
    writer.op(OP.i32And);
    const offset = this.#target.tlb(kind);
    writer.tee(entry);
    writer.memory(OP.i64Load, offset);
    writer.get(address);
    writer.i64(-PAGE_BYTES | (size - 1), -1);
    writer.op(OP.i64And);
    writer.op(OP.i64Eq);
    return [entry, offset];
  }

  #hostOf(entry: number, offset: number, address: number): void {
    const writer = this.#writer;
    writer.get(entry);
    writer.memory(OP.i32Load, offset + 8);
    writer.get(address);
    writer.op(OP.i32WrapI64);
    writer.op(OP.i32Add);
  }

  /** Pops a guest address, and pushes the host address that a helper finds. Leaves where it traps. */
  #translateSlowly(size: number, helper: number): void {
    const writer = this.#writer;
    const host = this.#locals.take(TYPE.i32);
    this.#target.site(size);
    writer.get(this.#target.budget);
    writer.call(helper);
    writer.set(host);
    this.#leaveWhere(host);
    writer.get(host);
  }

  /** Pops a guest address, and has a value (in a local) stored there by the helper. Leaves where it traps. */
  #storeSlowly(stored: number, size: number): void {
    const writer = this.#writer;
    writer.get(stored);
    this.#target.site(size);
    writer.get(this.#target.budget);
    writer.call(HELPER.storeSlowly);
    writer.set(this.#target.budget); // A device may have asked for an end of the slice.
    this.#leaveWhere(this.#target.budget);
  }

  /** Leaves where a helper's answer is 0. */
  #leaveWhere(answer: number): void {
    this.#writer.get(answer);
    this.#writer.op(OP.i32Eqz);
    this.#writer.open(OP.if);
    this.#target.leave();
    this.#writer.close();
  }
}
