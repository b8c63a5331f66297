import type { PhysicalMemory } from "../bus/port.ts";
import { VmError } from "../error.ts";

/** A program that was put into memory. */
export type LoadedElf = {
  /** Address of its first instruction. */
  readonly entry: number;
  /** First address behind its last segment. */
  readonly end: number;
  /**
   * @returns the value of a symbol: an address; undefined where the program has none of that name
   * @throws VmError `image_invalid` where its tables lead out of the file
   */
  readonly symbol: (name: string) => number | undefined;
};

// System V ABI, "Object Files" (ELF-64), and RISC-V ELF psABI, chapter "Object Files".
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const MACHINE_RISCV = 243;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const SEGMENT_LOAD = 1;
const SECTION_BITS = 1;
const SECTION_SYMBOLS = 2;
const FLAG_EXECUTABLE = 4;

/** True where a file begins like an ELF of whatever kind. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * Puts the segments of a 64-bit RISC-V program at their physical addresses, and zeros behind them where they are longer in memory.
 * @throws VmError `image_invalid` where it is no such program, is cut off, or does not fit into RAM
 */
export function loadElf(bytes: Uint8Array, memory: PhysicalMemory): LoadedElf {
  const file = new ElfFile(bytes);
  file.checkHeader();
  const entry = file.word64(24);
  let end = 0;
  for (const header of file.table({ offset: 32, entryBytes: PROGRAM_HEADER_BYTES, sizes: 54 }))
    end = Math.max(end, loadSegment(file, header, memory));
  if (memory.readable(entry, 2) === undefined)
    throw invalid(`its entry 0x${entry.toString(16)} is outside RAM: link it at 0x${memory.base.toString(16)}`);
  return { entry, end, symbol: (name) => findSymbol(file, name) };
}

/** Code of a program. */
export type CodeSection = { readonly address: number; readonly bytes: Uint8Array };

/**
 * Finds the sections of a program that hold code, in the file's order.
 * @throws VmError `image_invalid` where it is no 64-bit RISC-V program, or its tables lead out of the file
 */
export function listCodeSections(bytes: Uint8Array): CodeSection[] {
  const file = new ElfFile(bytes);
  file.checkHeader();
  return file
    .table({ offset: 40, entryBytes: SECTION_HEADER_BYTES, sizes: 58 })
    .filter(
      (section) => file.word32(section + 4) === SECTION_BITS && (file.word32(section + 8) & FLAG_EXECUTABLE) !== 0,
    )
    .map((section) => ({
      address: file.word64(section + 16),
      bytes: file.slice(file.word64(section + 24), file.word64(section + 32)),
    }));
}

function loadSegment(file: ElfFile, header: number, memory: PhysicalMemory): number {
  if (file.word32(header) !== SEGMENT_LOAD) return 0;
  const address = file.word64(header + 24);
  const memoryBytes = file.word64(header + 40);
  const content = file.slice(file.word64(header + 8), file.word64(header + 32));
  if (memoryBytes === 0) return 0;
  const target = memory.writable(address, memoryBytes);
  if (target === undefined || content.length > memoryBytes)
    throw invalid(`its segment of ${memoryBytes} bytes at 0x${address.toString(16)} does not fit into RAM`);
  target.set(content);
  target.fill(0, content.length);
  return address + memoryBytes;
}

function findSymbol(file: ElfFile, name: string): number | undefined {
  const sections = file.table({ offset: 40, entryBytes: SECTION_HEADER_BYTES, sizes: 58 });
  // A file has one table of symbols at most.
  const section = sections.find((start) => file.word32(start + 4) === SECTION_SYMBOLS);
  if (section === undefined) return undefined;
  const symbols = file.slice(file.word64(section + 24), file.word64(section + 32));
  const strings = sections[file.word32(section + 40)];
  if (strings === undefined) throw invalid("its symbols have no names");
  const names = file.slice(file.word64(strings + 24), file.word64(strings + 32));
  const wanted = Array.from(`${name}\0`, (character) => character.charCodeAt(0));
  return findIn(new ElfFile(symbols), names, wanted);
}

function findIn(symbols: ElfFile, names: Uint8Array, wanted: readonly number[]): number | undefined {
  for (let symbol = 0; symbol + SYMBOL_BYTES <= symbols.length; symbol += SYMBOL_BYTES) {
    const start = symbols.word32(symbol);
    if (wanted.every((byte, index) => names[start + index] === byte)) return symbols.word64(symbol + 8);
  }
  return undefined;
}

/** The bytes of the file. Whatever is outside throws. */
class ElfFile {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  checkHeader(): void {
    this.#require(0, HEADER_BYTES);
    if (!isElf(this.#bytes)) throw invalid("it is no ELF file");
    const isFit = this.#bytes[4] === CLASS_64 && this.#bytes[5] === LITTLE_ENDIAN && this.word16(18) === MACHINE_RISCV;
    if (!isFit) throw invalid("expected a little-endian 64-bit RISC-V program");
  }

  word16(offset: number): number {
    this.#require(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  word32(offset: number): number {
    this.#require(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  /** Rounded above 2^53, where there is no RAM and no end of a file. */
  word64(offset: number): number {
    return this.word32(offset) + this.word32(offset + 4) * 2 ** 32;
  }

  slice(offset: number, length: number): Uint8Array {
    this.#require(offset, length);
    return this.#bytes.subarray(offset, offset + length);
  }

  /**
   * Offsets of a table's entries.
   * @param place where the header says where the table is, and how large and how many its entries are
   */
  table(place: { readonly offset: number; readonly entryBytes: number; readonly sizes: number }): number[] {
    const start = this.word64(place.offset);
    const count = this.word16(place.sizes + 2);
    if (count === 0) return [];
    if (this.word16(place.sizes) !== place.entryBytes) throw invalid("its tables have entries of unknown size");
    this.#require(start, count * place.entryBytes);
    return Array.from({ length: count }, (_, index) => start + index * place.entryBytes);
  }

  #require(offset: number, length: number): void {
    if (offset + length > this.length) throw invalid("it is cut off");
  }
}

function invalid(reason: string): VmError {
  return new VmError("image_invalid", `the ELF program cannot be loaded: ${reason}`);
}
