import { HELPER } from "../ir/helpers.ts";
import { pushLookAsideIndex } from "../ir/look-aside-index.ts";
import { SECOND_TLB, STATE, TLB } from "../memory/layout.ts";
import { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";

/** What an access that the look-aside buffer doesn't know at once is looked up by: numbers of locals. */
type Access = { readonly address: number; readonly site: number };

/** What may be looked up: in the buffer of reads or of writes; whether misaligned addresses are left to the slow side, which traps. */
type Rule = { readonly kind: typeof TLB.read | typeof TLB.write; readonly isAligned: boolean };

const LOAD: Rule = { kind: TLB.read, isAligned: false };
const STORE: Rule = { kind: TLB.write, isAligned: false };
/** By the helper of the slow side that is asked in the end. */
const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [HELPER.load, LOAD],
  [HELPER.atomic, { kind: TLB.write, isAligned: true }],
  [HELPER.loadReserved, { kind: TLB.read, isAligned: true }],
]);

/**
 * `(address, pc, distance * 16 + size, budget) -> host address`, 0 after a trap: for what the inline look-up doesn't find. Misaligned
 * accesses within a page and pages that others have displaced are found here; else notes where it is for the slow side, and asks it.
 */
export function generateTranslate(helper: number): Uint8Array {
  const writer = new FunctionWriter(4);
  writeLookUp(writer, { address: 0, site: 2 }, RULES.get(helper) ?? LOAD, () => writer.op(OP.return));
  noteSite(writer, { address: 0, pc: 1, site: 2, budget: 3 });
  pushSize(writer, 2);
  writer.call(helper);
  return writer.finish();
}

/** `(address, value, pc, distance * 16 + size, budget) -> budget`, 0 after a trap; a budget of 0 is told as -1. As `generateTranslate`. */
export function generateStoreSlowly(): Uint8Array {
  const writer = new FunctionWriter(5);
  const host = writer.local(TYPE.i32);
  writeLookUp(writer, { address: 0, site: 3 }, STORE, () => {
    writer.set(host);
    writeStore(writer, { host, value: 1, site: 3 });
    pushBudget(writer, 4);
    writer.op(OP.return);
  });
  noteSite(writer, { address: 0, pc: 2, site: 3, budget: 4 });
  writer.i32(0);
  writer.get(1);
  writer.memory(OP.i64Store, STATE.value);
  pushSize(writer, 3);
  writer.call(HELPER.store);
  writer.open(OP.if);
  writer.i32(0);
  writer.memory(OP.i32Load, STATE.budget);
  writer.set(4);
  pushBudget(writer, 4);
  writer.op(OP.return);
  writer.close();
  writer.i32(0);
  return writer.finish();
}

/** Pushes a budget, one of 0 as -1. */
function pushBudget(writer: FunctionWriter, budget: number): void {
  writer.get(budget);
  writer.i32(-1);
  writer.get(budget);
  writer.op(OP.select);
}

function pushSize(writer: FunctionWriter, site: number): void {
  writer.get(site);
  writer.i32(15);
  writer.op(OP.i32And);
}

/** Runs `found` with the host address on the stack, where a look-aside buffer of the mode knows the page; else goes on after it. */
function writeLookUp(writer: FunctionWriter, { address, site }: Access, rule: Rule, found: () => void): void {
  const page = writer.local(TYPE.i64);
  const mode = writer.local(TYPE.i32);
  const entry = writer.local(TYPE.i32);
  const first = TLB.offset + rule.kind;
  const missed = writer.open(OP.block);
  pushUnfit(writer, { address, site }, rule);
  writer.branch(OP.brIf, missed);
  writer.get(address);
  writer.i64(-4096, -1);
  writer.op(OP.i64And);
  writer.set(page);
  writer.i32(0);
  writer.memory(OP.i32Load, STATE.mode);
  writer.set(mode);
  pushEntry(writer, { address, mode });
  writer.tee(entry);
  writer.memory(OP.i64Load, first);
  writer.get(page);
  writer.op(OP.i64Ne);
  writer.open(OP.if);
  bringBack(writer, { address, page, mode, entry }, rule, missed);
  writer.close();
  writer.get(entry);
  writer.memory(OP.i32Load, first + 8);
  writer.get(address);
  writer.op(OP.i32WrapI64);
  writer.op(OP.i32Add);
  found();
  writer.close();
}

/** Pushes what is not 0 where an access crosses into the next page, or is misaligned and must not be. */
function pushUnfit(writer: FunctionWriter, { address, site }: Access, { isAligned }: Rule): void {
  writer.get(address);
  writer.op(OP.i32WrapI64);
  if (!isAligned) {
    writer.i32(4095);
    writer.op(OP.i32And);
  }
  pushSize(writer, site);
  if (isAligned) {
    writer.i32(1);
    writer.op(OP.i32Sub);
    return writer.op(OP.i32And);
  }
  writer.op(OP.i32Add);
  writer.i32(4096);
  writer.op(OP.i32GtU);
}

type Place = { readonly address: number; readonly mode: number };

/** Pushes the offset of an address's entry from its kind's first buffer. */
function pushEntry(writer: FunctionWriter, { address, mode }: Place): void {
  pushLookAsideIndex(writer, address);
  writer.get(mode);
  writer.i32(TLB.modeBytes);
  writer.op(OP.i32Mul);
  writer.op(OP.i32Add);
}

/** Takes a page from the second buffer into its entry of the first one; goes to `missed` where it is not there. */
function bringBack(
  writer: FunctionWriter,
  { address, page, mode, entry }: Place & { readonly page: number; readonly entry: number },
  { kind }: Rule,
  missed: number,
): void {
  const second = writer.local(TYPE.i32);
  const offset = SECOND_TLB.offset + (kind === TLB.read ? SECOND_TLB.read : SECOND_TLB.write);
  for (const shift of [12, SECOND_TLB.foldShift]) {
    writer.get(address);
    writer.op(OP.i32WrapI64);
    writer.i32(shift);
    writer.op(OP.i32ShrU);
  }
  writer.op(OP.i32Xor);
  writer.i32(SECOND_TLB.entries - 1);
  writer.op(OP.i32And);
  writer.i32(4);
  writer.op(OP.i32Shl);
  writer.get(mode);
  writer.i32(SECOND_TLB.modeBytes);
  writer.op(OP.i32Mul);
  writer.op(OP.i32Add);
  writer.tee(second);
  writer.memory(OP.i64Load, offset);
  writer.get(page);
  writer.op(OP.i64Ne);
  writer.branch(OP.brIf, missed);
  writer.get(entry);
  writer.get(page);
  writer.memory(OP.i64Store, TLB.offset + kind);
  writer.get(entry);
  writer.get(second);
  writer.memory(OP.i32Load, offset + 8);
  writer.memory(OP.i32Store, TLB.offset + kind + 8);
}

/** Stores as many of a value's lowest bytes as the site says. */
function writeStore(
  writer: FunctionWriter,
  { host, value, site }: { readonly host: number; readonly value: number; readonly site: number },
): void {
  for (const [size, opcode] of [
    [8, OP.i64Store],
    [4, OP.i64Store32],
    [2, OP.i64Store16],
    [1, OP.i64Store8],
  ] as const) {
    pushSize(writer, site);
    writer.i32(size);
    writer.op(OP.i32Eq);
    writer.open(OP.if);
    writer.get(host);
    writer.get(value);
    writer.memory(opcode, 0);
    writer.close();
  }
}

type Site = { readonly address: number; readonly pc: number; readonly site: number; readonly budget: number };

function noteSite(writer: FunctionWriter, { address, pc, site, budget }: Site): void {
  writer.i32(0);
  writer.get(address);
  writer.memory(OP.i64Store, STATE.address);
  writer.i32(0);
  writer.get(pc);
  writer.get(site);
  writer.i32(4);
  writer.op(OP.i32ShrS);
  writer.op(OP.i64ExtendI32S);
  writer.op(OP.i64Add);
  writer.memory(OP.i64Store, STATE.pc);
  writer.i32(0);
  writer.get(budget);
  writer.memory(OP.i32Store, STATE.budget);
}
