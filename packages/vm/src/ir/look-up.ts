import { PAGE_BYTES } from "../memory/page.ts";
import type { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import { HELPER } from "./helpers.ts";
import type { LocalPool } from "./local-pool.ts";
import { pushLookAsideIndex } from "./look-aside-index.ts";
import type { LoweringTarget, PageMemo } from "./lowering-target.ts";

/** What is left of a probe: locals that hold the address (i64) and the entry's offset (i32), and what to add to that. */
type Probe = { readonly address: number; readonly entry: number; readonly offset: number };

/** Guest memory that is accessed: from the address that a local (i64) holds, so many bytes. */
type Bytes = { readonly address: number; readonly bytes: number; readonly kind: "read" | "write" };

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
  hostOr(probe: Probe, otherwise: () => void): void {
    const writer = this.#writer;
    writer.open(OP.if, TYPE.i32);
    this.host(probe);
    writer.op(OP.else);
    otherwise();
    writer.close();
  }

  /**
   * Pushes the host address of bytes in the page that is remembered, or else in the one that a buffer knows. Leaves where there is none.
   * The first page is remembered. Where another one is found, none is any more: who goes here and there would only lose time by it.
   */
  hostByMemo({ address, bytes, kind }: Bytes, memo: PageMemo, leave: () => void): void {
    const writer = this.#writer;
    writer.get(address);
    writer.get(memo.page);
    writer.op(OP.i64Sub);
    writer.get(memo.limit);
    writer.op(OP.i64LtU);
    writer.open(OP.if, TYPE.i32);
    writer.get(memo.addend);
    writer.op(OP.else);
    const probe = this.probeBytes(address, bytes, kind);
    writer.op(OP.i32Eqz);
    writer.open(OP.if);
    leave();
    writer.close();
    this.#remember({ address, bytes }, memo, probe);
    this.#pushAddend(probe);
    writer.close();
    writer.get(address);
    writer.op(OP.i32WrapI64);
    writer.op(OP.i32Add);
  }

  #remember({ address, bytes }: Omit<Bytes, "kind">, memo: PageMemo, probe: Probe): void {
    const writer = this.#writer;
    writer.get(memo.page);
    writer.op(OP.i64Eqz);
    writer.open(OP.if);
    writer.get(address);
    writer.i64(-PAGE_BYTES, -1);
    writer.op(OP.i64And);
    writer.set(memo.page);
    writer.i64(PAGE_BYTES - bytes + 1, 0);
    writer.set(memo.limit);
    this.#pushAddend(probe);
    writer.set(memo.addend);
    writer.op(OP.else);
    writer.i64(0, 0);
    writer.set(memo.limit);
    writer.close();
  }

  #pushAddend({ entry, offset }: Probe): void {
    this.#writer.get(entry);
    this.#writer.memory(OP.i32Load, offset + 8);
  }

  /** Pushes the host address that a probe has found. */
  host(probe: Probe): void {
    const writer = this.#writer;
    this.#pushAddend(probe);
    writer.get(probe.address);
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
