import { PAGE_BYTES } from "../memory/page.ts";
import type { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import { HELPER } from "./helpers.ts";
import type { LocalPool } from "./local-pool.ts";
import { pushLookAsideIndex } from "./look-aside-index.ts";
import type { LoweringTarget } from "./lowering-target.ts";

/** What is left of a probe: locals that hold the address (i64) and the entry's offset (i32), and what to add to that. */
type Probe = { readonly address: number; readonly entry: number; readonly offset: number };

/** Writes look-ups of guest addresses in the look-aside buffers, and what is done where they fail. */
export class LookUp {
  readonly #writer: FunctionWriter;
  readonly #target: LoweringTarget;
  readonly #locals: LocalPool;

  constructor(writer: FunctionWriter, target: LoweringTarget, locals: LocalPool) {
    this.#writer = writer;
    this.#target = target;
    this.#locals = locals;
  }

  /** Leaves 1 on the stack where a buffer knows the address (in a local) for an access of that size. */
  probe(address: number, size: number, kind: "read" | "write"): Probe {
    const probe = this.#compare(address, kind);
    this.#writer.i64(-PAGE_BYTES | (size - 1), -1);
    this.#writer.op(OP.i64And);
    this.#writer.op(OP.i64Eqz);
    return probe;
  }

  /** Leaves 1 on the stack where a buffer knows the address, and as many bytes from there on are in one page. */
  probeBytes(address: number, bytes: number, kind: "read" | "write"): Probe {
    const probe = this.#compare(address, kind);
    this.#writer.i64(PAGE_BYTES - bytes, 0);
    this.#writer.op(OP.i64LeU);
    return probe;
  }

  /** Pushes in what bits the address differs from the page of its entry: where that is the page, its distance from there. */
  #compare(address: number, kind: "read" | "write"): Probe {
    const writer = this.#writer;
    const entry = this.#locals.take(TYPE.i32);
    pushLookAsideIndex(writer, address);
    const offset = this.#target.tlb(kind);
    writer.tee(entry);
    writer.memory(OP.i64Load, offset);
    writer.get(address);
    writer.op(OP.i64Xor);
    return { address, entry, offset };
  }

  /** Pops whether a probe has found it, and pushes the host address: that of the entry, or what is pushed otherwise. */
  hostOr({ address, entry, offset }: Probe, otherwise: () => void): void {
    const writer = this.#writer;
    writer.open(OP.if, TYPE.i32);
    this.host({ address, entry, offset });
    writer.op(OP.else);
    otherwise();
    writer.close();
  }

  /** Pushes the host address that a probe has found. */
  host({ address, entry, offset }: Probe): void {
    const writer = this.#writer;
    writer.get(entry);
    writer.memory(OP.i32Load, offset + 8);
    writer.get(address);
    writer.op(OP.i32WrapI64);
    writer.op(OP.i32Add);
  }

  /** Pops a guest address, and pushes the host address that a helper finds. Leaves where it traps. */
  translateSlowly(size: number, helper: number): void {
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
  storeSlowly(stored: number, size: number): void {
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
