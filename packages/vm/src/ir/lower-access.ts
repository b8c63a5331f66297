import type { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import { type AccessGroup, findAccessGroups } from "./access-group.ts";
import { IrBlock, KIND, type Value } from "./block.ts";
import { HELPER } from "./helpers.ts";
import type { LocalPool } from "./local-pool.ts";
import { LookUp } from "./look-up.ts";
import type { LoweringTarget } from "./lowering-target.ts";
import { accessSize } from "./signatures.ts";

/** What accesses are lowered with. */
export type AccessLoweringOptions = {
  readonly writer: FunctionWriter;
  readonly target: LoweringTarget;
  readonly locals: LocalPool;
  /** Pushes a value. */
  readonly push: (value: Value) => void;
  /** Can `retry` of the target be used here? */
  readonly canRetry: () => boolean;
  /** Pushes an address in one arm of two: nothing of it is kept for later, and it is used nowhere else. */
  readonly pushInArm: (value: Value) => void;
};

/** A group that was looked up. */
type CheckedGroup = {
  /** Local that holds the host address of its lowest byte. */
  readonly host: number;
  /** Is the group there as a whole wherever the code goes on? Else the local may hold 0: each access is looked up by itself then. */
  readonly isSure: boolean;
};

/** A group's lowest address, in a local (i64). */
type Lowest = { readonly lowest: number; readonly isSure: boolean };

/**
 * Lowers the guest's loads and stores: a look-up in the look-aside buffer, inline. Where that fails, the access is left to the interpreter;
 * to a helper, where there is no leaving. Accesses of a group (`access-group.ts`) are looked up together, at the first.
 */
export class AccessLowering {
  readonly #options: AccessLoweringOptions;
  readonly #writer: FunctionWriter;
  readonly #target: LoweringTarget;
  readonly #locals: LocalPool;
  readonly #lookUp: LookUp;
  #block: IrBlock = new IrBlock();
  #groups: ReadonlyMap<Value, AccessGroup> = new Map();
  readonly #checked: Map<AccessGroup, CheckedGroup> = new Map();

  constructor(options: AccessLoweringOptions) {
    this.#options = options;
    this.#writer = options.writer;
    this.#target = options.target;
    this.#locals = options.locals;
    this.#lookUp = new LookUp(options.writer, options.target, options.locals);
  }

  /** A block begins. */
  begin(block: IrBlock): void {
    this.#block = block;
    this.#groups = findAccessGroups(block);
  }

  /** It ends. */
  end(): void {
    for (const { host } of this.#checked.values()) this.#locals.giveBack(TYPE.i32, host);
    this.#checked.clear();
  }

  /** Pushes what an operation of kind `load` loads. */
  load(index: Value): void {
    this.#prepare(index);
    const opcode = this.#block.low[index] ?? 0;
    const group = this.#groups.get(index);
    if (group) return this.#loadOfGroup(index, group);
    const address = this.#inLocal(this.#block.a[index] ?? 0);
    if (this.#options.canRetry()) this.#hostOrRetry(index, address, "read");
    else this.translate(address, accessSize(opcode), HELPER.translateLoad);
    this.#writer.memory(opcode, 0);
  }

  /** Stores what an operation of kind `store` stores. */
  store(index: Value): void {
    this.#prepare(index);
    const group = this.#groups.get(index);
    if (group) return this.#storeOfGroup(index, group);
    const opcode = this.#block.low[index] ?? 0;
    const address = this.#inLocal(this.#block.a[index] ?? 0);
    const stored = this.#inLocal(this.#block.b[index] ?? 0);
    if (!this.#options.canRetry()) return this.#storeOrAsk(address, stored, opcode);
    this.#hostOrRetry(index, address, "write");
    this.#writer.get(stored);
    this.#writer.memory(opcode, 0);
  }

  /** An access leaves where it fails, or calls a helper: of a group, as its first one did. */
  #prepare(index: Value): void {
    const group = this.#groups.get(index);
    const known = group && this.#checked.get(group);
    if (this.#options.canRetry() && known?.isSure !== false) this.#target.prepareRetry();
    else this.#target.flush();
  }

  /** Pushes the host address of a guest address (in a local). Leaves where it traps. @param helper which to ask in the end */
  translate(address: number, size: number, helper: number): void {
    this.#target.flush();
    const probe = this.#lookUp.probe(address, size, helper === HELPER.translateAtomic ? "write" : "read");
    this.#lookUp.hostOr(probe, () => {
      this.#writer.get(address);
      this.#lookUp.translateSlowly(size, helper);
    });
  }

  #inLocal(value: Value): number {
    this.#options.push(value);
    const local = this.#locals.take(TYPE.i64);
    this.#writer.set(local);
    return local;
  }

  #hostOrRetry(index: Value, address: number, kind: "read" | "write"): void {
    const memo = this.#target.pageMemo(index);
    const bytes = accessSize(this.#block.low[index] ?? 0);
    const retry = (): void => this.#target.retry();
    if (memo) this.#lookUp.hostByMemo({ address, bytes, kind }, memo, retry);
    else this.#lookUp.hostOr(this.#lookUp.probe(address, bytes, kind), retry);
  }

  #storeOrAsk(address: number, stored: number, opcode: number): void {
    const writer = this.#writer;
    const probe = this.#lookUp.probe(address, accessSize(opcode), "write");
    writer.open(OP.if);
    this.#lookUp.host(probe);
    writer.get(stored);
    writer.memory(opcode, 0);
    writer.op(OP.else);
    writer.get(address);
    this.#lookUp.storeSlowly(stored, accessSize(opcode));
    writer.close();
  }

  #loadOfGroup(index: Value, group: AccessGroup): void {
    const writer = this.#writer;
    const opcode = this.#block.low[index] ?? 0;
    const { host, isSure } = this.#checkGroup(index, group);
    const load = (): void => {
      writer.get(host);
      writer.memory(opcode, this.#distance(index, group));
    };
    if (isSure) return load();
    writer.get(host);
    writer.open(OP.if, TYPE.i64);
    load();
    writer.op(OP.else);
    this.#options.pushInArm(this.#block.a[index] ?? 0);
    this.#lookUp.translateSlowly(accessSize(opcode), HELPER.translateLoad);
    writer.memory(opcode, 0);
    writer.close();
  }

  #storeOfGroup(index: Value, group: AccessGroup): void {
    const writer = this.#writer;
    const opcode = this.#block.low[index] ?? 0;
    const stored = this.#inLocal(this.#block.b[index] ?? 0);
    const { host, isSure } = this.#checkGroup(index, group);
    const store = (): void => {
      writer.get(host);
      writer.get(stored);
      writer.memory(opcode, this.#distance(index, group));
    };
    if (isSure) return store();
    writer.get(host);
    writer.open(OP.if);
    store();
    writer.op(OP.else);
    this.#options.pushInArm(this.#block.a[index] ?? 0);
    this.#lookUp.storeSlowly(stored, accessSize(opcode));
    writer.close();
  }

  /** Of an access from its group's lowest byte. */
  #distance(index: Value, { lowest }: AccessGroup): number {
    const { kind, a, b, low } = this.#block;
    const address = a[index] ?? 0;
    return kind[address] === KIND.get ? -lowest : (low[b[address] ?? 0] ?? 0) - lowest;
  }

  /** At a group's first access, looks it up. */
  #checkGroup(index: Value, group: AccessGroup): CheckedGroup {
    const known = this.#checked.get(group);
    if (known) return known;
    const writer = this.#writer;
    const checked = { host: this.#locals.borrow(TYPE.i32), isSure: this.#options.canRetry() };
    this.#checked.set(group, checked);
    const lowest = this.#locals.take(TYPE.i64);
    this.#target.getRegister(group.base);
    writer.i64(group.lowest, group.lowest >> 31);
    writer.op(OP.i64Add);
    writer.set(lowest);
    this.#hostOfGroup(index, group, { lowest, isSure: checked.isSure });
    writer.set(checked.host);
    return checked;
  }

  #hostOfGroup(index: Value, { bytes, hasStore }: AccessGroup, { lowest, isSure }: Lowest): void {
    const kind = hasStore ? "write" : "read";
    const memo = isSure ? this.#target.pageMemo(index) : undefined;
    const otherwise = (): void => (isSure ? this.#target.retry() : this.#writer.i32(0));
    if (memo) this.#lookUp.hostByMemo({ address: lowest, bytes, kind }, memo, otherwise);
    else this.#lookUp.hostOr(this.#lookUp.probeBytes(lowest, bytes, kind), otherwise);
  }
}
