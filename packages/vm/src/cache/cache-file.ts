import { VmError } from "../error.ts";
import type { Mode } from "../memory/layout.ts";
import { CHECKSUM_BYTES, checksum } from "./checksum.ts";
import { CodeCache, type CodeCacheOptions, type FoundUnit } from "./code-cache.ts";
import type { NativeCode } from "./native-code.ts";
import { decodeNativePart, encodeNativePart } from "./native-part.ts";
import type { CachedUnit, Segment } from "./unit.ts";
import { sum } from "./sum.ts";

/**
 * A file of compiled units. Numbers are little-endian; the parts follow one another without a gap; units stand hottest first.
 *
 *     header    0  magic: 89 43 55 4e 49 54 0d 0a ("\x89CUNIT\r\n": damaged by what changes line ends or drops the eighth bit)
 *               8  u32 version of the format
 *              12  u32 length of the engine's identification, 1 to 256
 *              16  u32 number of units, at most 2^18
 *              20  u32 number of their segments, at most 2^20
 *              24  u32 bytes of their code
 *              28  u32 bytes of their bodies
 *              32  u32 bytes of the machine code; 0: there is none
 *     engine    identification, printable ASCII
 *     units     18 bytes each: u8 mode, u8 shape (0 block, 1 region), u16 segments, u16 instructions, u16 bytes of code,
 *               u32 bytes of body, u32 uses, u16 distance of the next page (0: it does not go on there)
 *     segments  4 bytes each: i16 distance from the entry, u16 length
 *     code      the units' guest bytes, one unit after the other
 *     bodies    the units' WebAssembly function bodies, likewise
 *     checksum  16 bytes: MurmurHash3_x86_128, seed 0, of all that stands before
 *     native    what the host's compiler made of the bodies: `native-part.ts`
 *
 *     version   since   changes
 *     1         0.1.0   the first
 *     2         0.1.0   machine code
 *     3         0.1.0   the core module, as one that has no units; another seal
 *     4         0.1.0   units that go on in the next page
 *
 * Bodies are trusted because the file is the user's own and its checksum is right: a checksum finds damage, not malice. What a body can do
 * is bounded all the same: WebAssembly is validated before it runs, reaches nothing but the machine's own memory, and calls nothing
 * but the helpers of the hart, which take any argument that a guest could make them take. Machine code is bounded by nothing, and the
 * checksum does not cover it: the host that wrote it knows it again by a seal of its own (`native-code.ts`).
 */
export const CACHE_FORMAT_VERSION = 4;

/** Bytes at a file's beginning that `readCacheHeader` wants, at most. */
export const MOST_HEADER_BYTES: number = 36 + 256;

const MAGIC = [0x89, 0x43, 0x55, 0x4e, 0x49, 0x54, 0x0d, 0x0a] as const;
const HEADER_BYTES = 36;
const UNIT_BYTES = 18;
const SEGMENT_BYTES = 4;
/** What a file may hold: they become objects, which are larger than the bytes that make them. */
const MOST_UNITS = 2 ** 18;
const MOST_SEGMENTS = 2 ** 20;
const SHAPES = ["block", "region"] as const;

/** What a file's header says. */
export type CacheHeader = {
  /** Which engine made it. */
  readonly engine: string;
  readonly units: number;
  readonly segments: number;
  readonly codeBytes: number;
  readonly bodyBytes: number;
  readonly nativeBytes: number;
};

/**
 * Writes a cache to bytes.
 * @param engine what the bodies depend on besides the guest's code: the engine's version and features. 1 to 256 printable ASCII characters
 * @param native takes down what the host compiled. Left out: the file holds no machine code
 * @throws VmError `option_invalid` for an `engine` that is none
 */
export function encodeCache(cache: CodeCache, engine: string, native?: NativeCode): Uint8Array<ArrayBuffer> {
  checkEngine(engine);
  const units = fitting(cache.units());
  const nativePart = native ? encodeNativePart(units, cache, native) : new Uint8Array(0);
  const header: CacheHeader = {
    engine,
    units: units.length,
    segments: sum(units, ({ segments }) => segments.length),
    codeBytes: sum(units, ({ code }) => code.length),
    bodyBytes: sum(units, ({ body }) => body.length),
    nativeBytes: nativePart.length,
  };
  const parts = partsOf(header);
  const { end } = parts;
  const bytes = new Uint8Array(end + CHECKSUM_BYTES + header.nativeBytes);
  const view = new DataView(bytes.buffer);
  writeHeader(bytes, header);
  for (const unit of units) {
    bytes.set(unit.code, parts.code);
    bytes.set(unit.body, parts.body);
    writeUnit(view, parts, unit);
  }
  bytes.set(checksum(bytes.subarray(0, end)), end);
  bytes.set(nativePart, end + CHECKSUM_BYTES);
  return bytes;
}

/**
 * Reads a cache. Its units are views of `bytes`, which must not change any more.
 * @param engine as for `encodeCache`: a file of another engine is refused
 * @throws VmError `cache_invalid`, with the reason
 */
export function decodeCache(bytes: Uint8Array<ArrayBuffer>, engine: string, options: CodeCacheOptions = {}): CodeCache {
  const header = readCacheHeader(bytes);
  const { end } = partsOf(header);
  const length = end + CHECKSUM_BYTES + header.nativeBytes;
  if (bytes.length !== length) throw refusal(`it has ${bytes.length} bytes, where its header says ${length}`);
  const expected = checksum(bytes.subarray(0, end));
  if (expected.some((byte, index) => byte !== bytes[end + index])) throw refusal("its checksum is wrong");
  if (header.engine !== engine) throw refusal(`it is of the engine ${header.engine}, this is ${engine}`);
  const cache = new CodeCache(options);
  const { added, fault } = cache.addAll(readUnits(bytes, header));
  if (fault !== undefined) throw refusal(fault);
  const modules = decodeNativePart(bytes.subarray(end + CHECKSUM_BYTES), added);
  if (!modules) throw refusal("its machine code is not as large as it says");
  for (const module of modules) cache.keepModule(module);
  return cache;
}

/**
 * Reads the header alone, which proves nothing about what follows.
 * @param bytes the file's first MOST_HEADER_BYTES at least, or all where it has fewer
 * @throws VmError `cache_invalid`, with the reason
 */
export function readCacheHeader(bytes: Uint8Array): CacheHeader {
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, index) => byte !== bytes[index]))
    throw refusal("it is no file of compiled units");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== CACHE_FORMAT_VERSION)
    throw refusal(`its format has version ${version}, this engine reads ${CACHE_FORMAT_VERSION}`);
  const engineBytes = view.getUint32(12, true);
  if (engineBytes > 256) throw refusal("its engine's identification is too long");
  const engine = String.fromCharCode(...bytes.subarray(HEADER_BYTES, HEADER_BYTES + engineBytes));
  if (engine.length !== engineBytes || !isEngine(engine)) throw refusal("its engine's identification is none");
  const units = view.getUint32(16, true);
  const segments = view.getUint32(20, true);
  if (units > MOST_UNITS || segments > MOST_SEGMENTS) throw refusal(`it has ${units} units with ${segments} segments`);
  return {
    engine,
    units,
    segments,
    codeBytes: view.getUint32(24, true),
    bodyBytes: view.getUint32(28, true),
    nativeBytes: view.getUint32(32, true),
  };
}

/** The hottest that a file may hold. */
function fitting(units: readonly FoundUnit[]): readonly FoundUnit[] {
  let segments = 0;
  const end = units.findIndex(
    (unit, index) => (segments += unit.segments.length) > MOST_SEGMENTS || index === MOST_UNITS,
  );
  return end === -1 ? units : units.slice(0, end);
}

/** Where the parts of a file begin, or how far they were read or written: all move on from unit to unit. */
type Parts = { unit: number; segment: number; code: number; body: number; end: number };

function partsOf(header: CacheHeader): Parts {
  const unit = HEADER_BYTES + header.engine.length;
  const segment = unit + header.units * UNIT_BYTES;
  const code = segment + header.segments * SEGMENT_BYTES;
  const body = code + header.codeBytes;
  return { unit, segment, code, body, end: body + header.bodyBytes };
}

function writeHeader(bytes: Uint8Array<ArrayBuffer>, header: CacheHeader): void {
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  const { engine, units, segments, codeBytes, bodyBytes, nativeBytes } = header;
  [CACHE_FORMAT_VERSION, engine.length, units, segments, codeBytes, bodyBytes, nativeBytes].forEach((value, index) =>
    view.setUint32(8 + index * 4, value, true),
  );
  for (let index = 0; index < engine.length; index++) bytes[HEADER_BYTES + index] = engine.charCodeAt(index);
}

function writeUnit(view: DataView<ArrayBuffer>, parts: Parts, unit: CachedUnit): void {
  view.setUint8(parts.unit, unit.mode);
  view.setUint8(parts.unit + 1, SHAPES.indexOf(unit.shape));
  view.setUint16(parts.unit + 2, unit.segments.length, true);
  view.setUint16(parts.unit + 4, unit.instructions, true);
  view.setUint16(parts.unit + 6, unit.code.length, true);
  view.setUint32(parts.unit + 8, unit.body.length, true);
  view.setUint32(parts.unit + 12, unit.uses, true);
  view.setUint16(parts.unit + 16, unit.border ?? 0, true);
  parts.unit += UNIT_BYTES;
  for (const { distance, length } of unit.segments) {
    view.setInt16(parts.segment, distance, true);
    view.setUint16(parts.segment + 2, length, true);
    parts.segment += SEGMENT_BYTES;
  }
  parts.code += unit.code.length;
  parts.body += unit.body.length;
}

/** Reads units one by one: the cache keeps what it needs of each. */
function* readUnits(bytes: Uint8Array<ArrayBuffer>, header: CacheHeader): Generator<CachedUnit, void> {
  const parts = partsOf(header);
  const bounds = partsOf(header);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let position = 0; position < header.units; position++) {
    const unit = readUnit(view, parts, bounds);
    if (!unit) throw refusal(`unit ${position} has no shape, or reaches beyond its part`);
    yield unit;
  }
  if (parts.segment !== bounds.code || parts.code !== bounds.body || parts.body !== bounds.end)
    throw refusal("its parts are larger than its units");
}

/** Reads the next unit. Undefined where it reaches beyond a part of the file, or has no shape. */
function readUnit(view: DataView<ArrayBuffer>, parts: Parts, bounds: Parts): CachedUnit | undefined {
  const { unit, segment, code, body } = parts;
  const shape = SHAPES[view.getUint8(unit + 1)];
  const count = view.getUint16(unit + 2, true);
  const codeBytes = view.getUint16(unit + 6, true);
  const bodyBytes = view.getUint32(unit + 8, true);
  parts.unit += UNIT_BYTES;
  parts.segment += count * SEGMENT_BYTES;
  parts.code += codeBytes;
  parts.body += bodyBytes;
  if (!shape || parts.segment > bounds.code || parts.code > bounds.body || parts.body > bounds.end) return undefined;
  return {
    mode: view.getUint8(unit) as Mode,
    shape,
    segments: readSegments(view, segment, count),
    code: new Uint8Array(view.buffer, view.byteOffset + code, codeBytes),
    instructions: view.getUint16(unit + 4, true),
    body: new Uint8Array(view.buffer, view.byteOffset + body, bodyBytes),
    uses: view.getUint32(unit + 12, true),
    border: view.getUint16(unit + 16, true) || undefined,
  };
}

function readSegments(view: DataView, start: number, count: number): readonly Segment[] {
  const segments: Segment[] = [];
  for (let at = start; at < start + count * SEGMENT_BYTES; at += SEGMENT_BYTES)
    segments.push({ distance: view.getInt16(at, true), length: view.getUint16(at + 2, true) });
  return segments;
}

function isEngine(engine: string): boolean {
  return /^[\x20-\x7e]{1,256}$/v.test(engine);
}

/** @throws VmError `option_invalid` where the text can't identify an engine */
export function checkEngine(engine: string): void {
  if (isEngine(engine)) return;
  throw new VmError("option_invalid", "The engine's identification has to be 1 to 256 printable ASCII characters.");
}

function refusal(reason: string): VmError {
  return new VmError("cache_invalid", `The code cache is refused: ${reason}. It is made anew where it is removed.`);
}
