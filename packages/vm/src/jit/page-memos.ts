import { lookedUp } from "../ir/access-group.ts";
import { type IrBlock, KIND, type Value } from "../ir/block.ts";
import type { PageMemo } from "../ir/lowering-target.ts";
import { TYPE } from "../wasm/opcodes.ts";
import type { FunctionWriter } from "../wasm/function-writer.ts";
import type { BasicBlock } from "./discover.ts";
import { innermostLoops } from "./loops.ts";
import type { Structure } from "./structure.ts";

/**
 * Locals that remember pages in a unit's innermost loops, one page for each look-up. Where an address comes from what the last turn has loaded,
 * as in a list, the look-up is half of the time from one to the next. A comparison of pages delays nothing: it is guessed right.
 *
 * Nothing in such a loop changes what is mapped: it calls nobody, and runs no system instruction.
 */
export class PageMemos {
  readonly #writer: FunctionWriter;
  /** By head: the blocks of its loops, and what is remembered in them by block and access. */
  readonly #loops: Map<number, Map<number, ReadonlyMap<Value, PageMemo>>> = new Map();

  constructor(writer: FunctionWriter, blocks: readonly BasicBlock[], code: readonly IrBlock[], structure: Structure) {
    this.#writer = writer;
    const isQuiet = (block: number): boolean =>
      blocks[block]?.call === "none" && !code[block]?.kind.includes(KIND.system);
    const successors = blocks.map((block) => block.successors);
    for (const loop of innermostLoops(successors, structure))
      if (loop.blocks.every(isQuiet)) for (const block of loop.blocks) this.#add(loop.head, block, code[block]);
  }

  /** What an access of a block remembers its page in, if it does. */
  of(block: number, access: Value): PageMemo | undefined {
    for (const memos of this.#loops.values()) {
      const memo = memos.get(block)?.get(access);
      if (memo) return memo;
    }
    return undefined;
  }

  /** Forgets what is remembered in a loop, where it is entered. @param head of it @param from the block that leads there, if that may be one of the loop's */
  enter(head: number, from = -1): void {
    const memos = this.#loops.get(head);
    if (!memos || memos.has(from)) return;
    for (const { page, limit } of [...memos.values()].flatMap((ofBlock) => [...ofBlock.values()])) {
      this.#writer.i64(0, 0);
      this.#writer.tee(page);
      this.#writer.set(limit);
    }
  }

  #add(head: number, block: number, code: IrBlock | undefined): void {
    const memos = this.#loops.get(head) ?? new Map<number, ReadonlyMap<Value, PageMemo>>();
    this.#loops.set(head, memos);
    if (!code || memos.has(block)) return;
    const { i64, i32 } = TYPE;
    const local = (type: typeof i64 | typeof i32): number => this.#writer.local(type);
    memos.set(
      block,
      new Map(lookedUp(code).map((access) => [access, { page: local(i64), limit: local(i64), addend: local(i32) }])),
    );
  }
}
