import { OP } from "../wasm/opcodes.ts";
import { type IrBlock, KIND, type Value } from "./block.ts";
import { accessSize } from "./signatures.ts";

/** Loads and stores of one block at known distances from what one register holds: where they lie within one page, one check does for all. */
export type AccessGroup = {
  /** The register. */
  readonly base: number;
  /** Distance of the lowest byte from the base, and how many bytes there are from it to the end of the highest access. */
  readonly lowest: number;
  readonly bytes: number;
  /** Is there a store among them? Then the page has to be writable. */
  readonly hasStore: boolean;
};

/**
 * Most bytes that a group spans. One that lies across a page's end is helped along access by access: this is how seldom
 * that may happen (1 in 16 at worst).
 */
const MOST_BYTES = 256;

/** A group that is still being found. */
type Found = { -readonly [Key in keyof AccessGroup]: AccessGroup[Key] } & { readonly members: Value[] };

/**
 * Finds the groups of two accesses and more in a block.
 * @returns by operation: the group of each access that has one. A group's first access is the first one of it in the map
 */
export function findAccessGroups(block: IrBlock): ReadonlyMap<Value, AccessGroup> {
  const groups: Found[] = [];
  const open: Map<number, Found> = new Map();
  const lastSet: Map<number, Value> = new Map();
  for (let index = 0; index < block.length; index++) {
    const kind = block.kind[index];
    if (kind === KIND.set) {
      open.delete(block.low[index] ?? 0);
      lastSet.set(block.low[index] ?? 0, index);
    } else if (kind === KIND.system) open.clear(); // It may map pages otherwise.
    else if (kind === KIND.load || kind === KIND.store) {
      const place = placeOf(block, block.a[index] ?? -1);
      if (place && (lastSet.get(place.base) ?? -1) < place.from) join(block, index, place, { open, groups });
    }
  }
  const shared = groups.filter(({ members }) => members.length > 1);
  return new Map(shared.flatMap(({ members, ...group }) => members.map((member) => [member, group] as const)));
}

/** Finds what is looked up in a block: accesses by themselves, and the first one of each group. */
export function lookedUp(block: IrBlock): readonly Value[] {
  const groups = findAccessGroups(block);
  const seen = new Set<AccessGroup>();
  return block.kind.flatMap((kind, index) => {
    if (kind !== KIND.load && kind !== KIND.store) return [];
    const group = groups.get(index);
    if (group && seen.has(group)) return [];
    if (group) seen.add(group);
    return [index];
  });
}

/** Where an access is: the register, as an operation read it, and the distance from it. */
type AccessPlace = { readonly base: number; readonly from: Value; readonly distance: number };

type Groups = { readonly open: Map<number, Found>; readonly groups: Found[] };

function join(block: IrBlock, index: Value, { base, distance }: AccessPlace, { open, groups }: Groups): void {
  const end = distance + accessSize(block.low[index] ?? 0);
  const known = open.get(base);
  const lowest = Math.min(known?.lowest ?? distance, distance);
  const bytes = Math.max(known ? known.lowest + known.bytes : end, end) - lowest;
  const hasStore = block.kind[index] === KIND.store;
  if (known && bytes <= MOST_BYTES) {
    Object.assign(known, { lowest, bytes, hasStore: known.hasStore || hasStore });
    known.members.push(index);
    return;
  }
  const group = { base, lowest: distance, bytes: end - distance, hasStore, members: [index] };
  groups.push(group);
  open.set(base, group);
}

/** An address that is a register, or one and a constant. */
function placeOf({ kind, a, b, low, high }: IrBlock, address: Value): AccessPlace | undefined {
  if (kind[address] === KIND.get) return { base: low[address] ?? 0, from: address, distance: 0 };
  const [from, by] = [a[address] ?? -1, b[address] ?? -1];
  if (kind[address] !== KIND.numeric || low[address] !== OP.i64Add) return undefined;
  if (kind[from] !== KIND.get || kind[by] !== KIND.constant64) return undefined;
  const distance = low[by] ?? 0;
  return high[by] === distance >> 31 ? { base: low[from] ?? 0, from, distance } : undefined;
}
