import type { FunctionWriter } from "../wasm/function-writer.ts";
import type { ValueType } from "../wasm/opcodes.ts";

/** A function's locals for passing values, used again and again. */
export class LocalPool {
  readonly #writer: FunctionWriter;
  readonly #free: Map<ValueType, number[]> = new Map();
  #taken: (readonly [ValueType, number])[] = [];

  constructor(writer: FunctionWriter) {
    this.#writer = writer;
  }

  /** A local that is free, until `releaseTaken`. */
  take(type: ValueType): number {
    const local = this.borrow(type);
    this.#taken.push([type, local]);
    return local;
  }

  /** A local that is free, until `giveBack`. */
  borrow(type: ValueType): number {
    return this.#free.get(type)?.pop() ?? this.#writer.local(type);
  }

  /** Ends a `borrow`. */
  giveBack(type: ValueType, local: number): void {
    const list = this.#free.get(type);
    if (list) list.push(local);
    else this.#free.set(type, [local]);
  }

  /** Gives back all that were taken. */
  releaseTaken(): void {
    for (const [type, local] of this.#taken) this.giveBack(type, local);
    this.#taken = [];
  }
}
