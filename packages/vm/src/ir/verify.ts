import { REGISTER_COUNT } from "../memory/layout.ts";
import { FIRST_EFFECT, type IrBlock, KIND, type Value } from "./block.ts";
import { type KindRule, operandsOf, ruleOf, typeOf } from "./kinds.ts";
import { FIELD_REGISTER } from "./lower.ts";

/** Whether a block stands for all operands of an instruction, or was made of instructions whose operands are known. */
export type BlockForm = NonNullable<KindRule["only"]>;

/** What may happen in the body of a `when`, and of a `choose`, besides pure operations. */
const BODIES: ReadonlyMap<number, { readonly end: number; readonly effects: ReadonlySet<number> }> = new Map([
  [KIND.whenBegin, { end: KIND.whenEnd, effects: new Set<number>([KIND.hostStore]) }],
  [KIND.chooseBegin, { end: KIND.chooseEnd, effects: new Set<number>([KIND.hostStore, KIND.hostLoad, KIND.float]) }],
]);

const ENDS: ReadonlySet<number> = new Set([...BODIES.values()].map(({ end }) => end));
const FIELD_REGISTERS = 4;

/** Checks a block against the rules that lowering relies on. @returns what is wrong, each with the operation's index */
export function verifyBlock(block: IrBlock, form: BlockForm): readonly string[] {
  return new Verifier(block, form).verify();
}

class Verifier {
  readonly #block: IrBlock;
  readonly #form: BlockForm;
  readonly #problems: string[] = [];
  /** Where the body that is open begins; -1: none is. */
  #body = -1;
  /** Values that were made in a body that is closed. */
  readonly #hidden: Set<Value> = new Set();

  constructor(block: IrBlock, form: BlockForm) {
    this.#block = block;
    this.#form = form;
  }

  verify(): readonly string[] {
    for (let index = 0; index < this.#block.length; index++) this.#operation(index);
    if (this.#body !== -1) this.#report(this.#body, "is never closed");
    return this.#problems;
  }

  #report(index: Value, problem: string): void {
    this.#problems.push(`${index}: ${problem}`);
  }

  #operation(index: Value): void {
    const rule = ruleOf(this.#block, index);
    if (!rule) return this.#report(index, "no such operation");
    if (rule.only && rule.only !== this.#form) this.#report(index, `${rule.name} in a ${this.#form} block`);
    if (rule.isEnd && index !== this.#block.length - 1) this.#report(index, `${rule.name} before the end`);
    this.#operands(index, rule);
    this.#register(index);
    this.#nesting(index, rule);
  }

  #operands(index: Value, { name, operands: types }: KindRule): void {
    const operands = operandsOf(this.#block, index);
    if (operands.length !== types.length)
      return this.#report(index, `${name} of ${operands.length} operands, not ${types.length}`);
    operands.forEach((operand, place) => {
      if (operand < 0 || operand >= index) this.#report(index, `v${operand} is not made yet`);
      else if (this.#hidden.has(operand)) this.#report(index, `v${operand} may not have been made`);
      else if (typeOf(this.#block, operand) !== types[place]) this.#report(index, `v${operand} has another type`);
    });
  }

  #register(index: Value): void {
    const kind = this.#block.kind[index];
    if (kind !== KIND.get && kind !== KIND.set) return;
    const register = this.#block.low[index] ?? -1;
    const isField = register >= FIELD_REGISTER && register < FIELD_REGISTER + FIELD_REGISTERS;
    const isKnown = register > 0 && register < REGISTER_COUNT - 1;
    if (!isKnown && !(isField && this.#form === "description")) this.#report(index, `no register ${register}`);
  }

  /** Bodies don't nest, and hold nothing that leaves, traps or touches registers. */
  #nesting(index: Value, { name }: KindRule): void {
    const kind = this.#block.kind[index] ?? 0;
    const body = BODIES.get(this.#block.kind[this.#body] ?? -1);
    if (body?.end === kind) return this.#close(index);
    if (body && kind >= FIRST_EFFECT && !body.effects.has(kind)) this.#report(index, `${name} in a body`);
    if (!body && ENDS.has(kind)) this.#report(index, "closes nothing");
    if (!body && BODIES.has(kind)) this.#body = index;
  }

  #close(index: Value): void {
    for (let inside = this.#body + 1; inside < index; inside++) this.#hidden.add(inside);
    this.#body = -1;
  }
}
