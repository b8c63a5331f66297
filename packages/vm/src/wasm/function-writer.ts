import { ByteWriter } from "./byte-writer.ts";
import { EMPTY_BLOCK, OP, TYPE, type ValueType } from "./opcodes.ts";

/** Writes one function's body. Labels are counted, so that a branch names the block it leaves, not how deep that lies. */
export class FunctionWriter {
  readonly code: ByteWriter = new ByteWriter(4096);
  readonly #locals: ValueType[] = [];
  #parameters: number;
  #depth = 0;

  /** @param parameters how many the function has */
  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** A new local of a type. @returns its index */
  local(type: ValueType): number {
    this.#locals.push(type);
    return this.#parameters + this.#locals.length - 1;
  }

  /** An instruction without immediates. */
  op(opcode: number): void {
    this.code.byte(opcode);
  }

  get(local: number): void {
    this.code.byte(OP.localGet);
    this.code.unsigned(local);
  }

  set(local: number): void {
    this.code.byte(OP.localSet);
    this.code.unsigned(local);
  }

  tee(local: number): void {
    this.code.byte(OP.localTee);
    this.code.unsigned(local);
  }

  i32(value: number): void {
    this.code.byte(OP.i32Const);
    this.code.signed(value);
  }

  i64(low: number, high: number): void {
    this.code.byte(OP.i64Const);
    this.code.signed64(low, high);
  }

  /** A load or store. @param offset added to the address on the stack, unsigned */
  memory(opcode: number, offset: number): void {
    this.code.byte(opcode);
    this.code.byte(0); // Alignment is a hint only.
    this.code.unsigned(offset);
  }

  /** Opens `block`, `loop` or `if`. @returns its label */
  open(opcode: number, type: number = EMPTY_BLOCK): number {
    this.code.byte(opcode);
    this.code.byte(type);
    return this.#depth++;
  }

  /** Closes what was opened last. */
  close(): void {
    this.code.byte(OP.end);
    this.#depth--;
  }

  /** `br` or `br_if` to a label: the end of a block or `if`, the head of a loop. */
  branch(opcode: number, label: number): void {
    this.code.byte(opcode);
    this.code.unsigned(this.#depth - 1 - label);
  }

  /** `br_table`. */
  table(labels: readonly number[], otherwise: number): void {
    this.code.byte(OP.brTable);
    this.code.unsigned(labels.length);
    for (const label of labels) this.code.unsigned(this.#depth - 1 - label);
    this.code.unsigned(this.#depth - 1 - otherwise);
  }

  /** `call` or `return_call`. */
  call(functionIndex: number, opcode: number = OP.call): void {
    this.code.byte(opcode);
    this.code.unsigned(functionIndex);
  }

  /** `call_indirect` or `return_call_indirect` through table 0. */
  callIndirect(type: number, opcode: number = OP.callIndirect): void {
    this.code.byte(opcode);
    this.code.unsigned(type);
    this.code.byte(0);
  }

  /** The body with its locals and its end, without its length in front. */
  finish(): Uint8Array<ArrayBuffer> {
    const body = new ByteWriter(this.code.length + 64);
    const runs = this.#runs();
    body.unsigned(runs.length);
    for (const [count, type] of runs) {
      body.unsigned(count);
      body.byte(type);
    }
    body.bytes(this.code.view());
    body.byte(OP.end);
    return body.take();
  }

  #runs(): (readonly [number, ValueType])[] {
    const runs: [number, ValueType][] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    return runs;
  }
}

/** A function's type. */
export type FunctionType = { readonly parameters: readonly ValueType[]; readonly results: readonly ValueType[] };

/** Type of a compiled unit: (pc, depth, unit record) -> next pc. */
export const UNIT_TYPE: FunctionType = { parameters: [TYPE.i64, TYPE.i32, TYPE.i32], results: [TYPE.i64] };
