import type { CachedModule, CodeCache, FoundUnit } from "./code-cache.ts";
import type { NativeCode } from "./native-code.ts";

/**
 * The part of a file of compiled units that holds machine code. Numbers are little-endian.
 *
 *     0       u32 number of modules
 *     4       8 bytes for each module: u32 number of its units, u32 bytes of its machine code
 *     units   u32 each: which of the file's units a module's functions are, one module after the other
 *     code    the modules' machine code, likewise
 */
type StoredModule = { readonly units: readonly number[]; readonly code: Uint8Array<ArrayBuffer> };

const COUNT_BYTES = 4;
const MODULE_BYTES = 8;
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
  const tableBytes = COUNT_BYTES + modules.length * MODULE_BYTES + members.length * 4;
  const bytes = new Uint8Array(tableBytes + codeBytes(modules));
  const view = new DataView(bytes.buffer);
  const sizes = modules.flatMap(({ units: { length }, code }) => [length, code.length]);
  [modules.length, ...sizes, ...members].forEach((value, index) => view.setUint32(index * 4, value, true));
  let at = tableBytes;
  for (const { code } of modules) {
    bytes.set(code, at);
    at += code.length;
  }
  return bytes;
}

function codeBytes(modules: readonly StoredModule[]): number {
  return modules.reduce((total, { code }) => total + code.length, 0);
}

/** The machine code of those modules whose units are all in the file. */
function takeDown(units: readonly FoundUnit[], cache: CodeCache, native: NativeCode): readonly StoredModule[] {
  const positions = new Map(units.map(({ index }, position) => [index, position]));
  const modules = cache.modules.filter((module) => module.units.every((index) => positions.has(index)));
  const codes = native.save(modules.map(({ module }) => module));
  let room = cache.maxBytes * MOST_PER_BYTE;
  return modules.flatMap((module, index) => {
    const code = codes[index];
    if (!code || (room -= code.length) < 0) return [];
    return { units: module.units.map((unit) => positions.get(unit) ?? 0), code };
  });
}

/**
 * Reads the machine code of a cache.
 * @param part as `encodeNativePart` wrote it: it is as it was then @param units the file's, in order
 * @returns those modules that the compiler still wants
 */
export function decodeNativePart(
  part: Uint8Array<ArrayBuffer>,
  units: readonly FoundUnit[],
  native: NativeCode,
): readonly CachedModule[] {
  const stored = readModules(part);
  const found = stored.map((module) => ({ ...module, units: module.units.flatMap((unit) => units[unit] ?? []) }));
  const modules = native.load(found.map(({ units, code }) => ({ code, bodies: units.map(({ body }) => body) })));
  return found.flatMap(({ units }, index) => {
    const module = modules[index];
    return module ? { units: units.map((unit) => unit.index), module } : [];
  });
}

function readModules(part: Uint8Array<ArrayBuffer>): readonly StoredModule[] {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  const count = view.getUint32(0, true);
  const sizes = Array.from({ length: count }, (_, index) => ({
    units: view.getUint32(COUNT_BYTES + index * MODULE_BYTES, true),
    code: view.getUint32(COUNT_BYTES + index * MODULE_BYTES + 4, true),
  }));
  let member = COUNT_BYTES + count * MODULE_BYTES;
  let at = member + sizes.reduce((total, { units }) => total + units * 4, 0);
  return sizes.map(({ units, code }) => {
    const first = member;
    member += units * 4;
    at += code;
    return {
      units: Array.from({ length: units }, (_, index) => view.getUint32(first + index * 4, true)),
      code: part.subarray(at - code, at),
    };
  });
}
