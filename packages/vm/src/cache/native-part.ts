import type { CachedModule, CodeCache, FoundUnit } from "./code-cache.ts";
import type { NativeCode } from "./native-code.ts";
import { sum } from "./sum.ts";

/**
 * The part of a file of compiled units that holds machine code. Numbers are little-endian.
 *
 *     0       u32 number of modules
 *     4       8 bytes for each module: u32 number of its units, u32 bytes of its machine code
 *     units   u32 each: which of the file's units a module's functions are, one module after the other; that without any is the core module
 *     code    the modules' machine code, as the host gave it, likewise
 */
type StoredModule = { readonly units: readonly number[]; readonly code: Uint8Array<ArrayBuffer> };

const COUNT_BYTES = 4;
const MODULE_BYTES = 8;
const MEMBER_BYTES = 4;
/** An index that no unit has. */
const NOBODY = 0;
/** Machine code may take this many times what the cache's units may. */
const MOST_PER_BYTE = 2;

/**
 * Writes the machine code of a cache.
 * @param units the file's, in order
 * @returns no bytes where there is none
 */
export function encodeNativePart(
  units: readonly FoundUnit[],
  cache: CodeCache,
  native: NativeCode,
): Uint8Array<ArrayBuffer> {
  const modules = takeDown(units, cache, native);
  if (modules.length === 0) return new Uint8Array(0);
  const members = modules.flatMap((module) => module.units);
  const codeBytes = sum(modules, ({ code }) => code.length);
  let at = COUNT_BYTES + modules.length * MODULE_BYTES + members.length * MEMBER_BYTES;
  const bytes = new Uint8Array(at + codeBytes);
  const view = new DataView(bytes.buffer);
  const sizes = modules.flatMap((module) => [module.units.length, module.code.length]);
  [modules.length, ...sizes, ...members].forEach((value, index) => view.setUint32(index * 4, value, true));
  for (const { code } of modules) {
    bytes.set(code, at);
    at += code.length;
  }
  return bytes;
}

/** The machine code of those modules whose units are all in the file. */
function takeDown(units: readonly FoundUnit[], cache: CodeCache, native: NativeCode): readonly StoredModule[] {
  const positions = new Map(units.map(({ index }, position) => [index, position]));
  let room = cache.maxBytes * MOST_PER_BYTE;
  return cache.modules.flatMap(({ units: indices, module, stored }) => {
    const members = indices.flatMap((index) => positions.get(index) ?? []);
    if (members.length < indices.length || room <= 0) return [];
    const bodies = members.flatMap((position) => units[position]?.body ?? []);
    const code = module ? native.save(module, bodies) : stored;
    room -= code?.length ?? 0;
    return code && room >= 0 ? { units: members, code } : [];
  });
}

/**
 * Reads the machine code of a cache, which may be anything: the host is asked whether it is sound before it is used.
 * @param units the file's, in order
 * @returns undefined where its parts are not as large as it says
 */
export function decodeNativePart(
  part: Uint8Array<ArrayBuffer>,
  units: readonly FoundUnit[],
): readonly CachedModule[] | undefined {
  if (part.length === 0) return [];
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  const sizes = readSizes(view);
  let member = COUNT_BYTES + (sizes?.length ?? 0) * MODULE_BYTES;
  let code = part.length - sum(sizes ?? [], ({ bytes }) => bytes);
  return sizes?.map(({ count, bytes }) => {
    const first = member;
    member += count * MEMBER_BYTES;
    code += bytes;
    return {
      units: Array.from({ length: count }, (_, index) =>
        indexOf(units, view.getUint32(first + index * MEMBER_BYTES, true)),
      ),
      stored: part.subarray(code - bytes, code),
    };
  });
}

type ModuleSize = { readonly count: number; readonly bytes: number };

/** Undefined where they are not those of the part. */
function readSizes(view: DataView): readonly ModuleSize[] | undefined {
  const count = view.byteLength < COUNT_BYTES ? Number.POSITIVE_INFINITY : view.getUint32(0, true);
  const members = COUNT_BYTES + count * MODULE_BYTES;
  if (members > view.byteLength) return undefined;
  const sizes: ModuleSize[] = [];
  for (let at = COUNT_BYTES; at < members; at += MODULE_BYTES)
    sizes.push({ count: view.getUint32(at, true), bytes: view.getUint32(at + 4, true) });
  const length = members + sum(sizes, ({ count: units, bytes }) => units * MEMBER_BYTES + bytes);
  return length === view.byteLength ? sizes : undefined;
}

function indexOf(units: readonly FoundUnit[], position: number): number {
  return units[position]?.index ?? NOBODY;
}
