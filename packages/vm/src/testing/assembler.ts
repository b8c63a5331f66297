import type { OperandFields } from "../riscv/isa/testing/encode.ts";
import { compress, encodeWord } from "./encoder.ts";

/** A place in the code. */
export type Label = { entry: number };

/** Where a jump or an address leads: a place in this code, or an address. */
export type Target = Label | number;

/** Instructions of fixed bits. */
type Fixed = { readonly kind: "fixed"; readonly bits: number; readonly length: number };
/** A branch or jump. It grows as far as its distance asks for: compressed, a word, a branch over a jump. */
type Relative = {
  readonly kind: "relative";
  readonly name: string;
  readonly fields: OperandFields;
  readonly target: Target;
  length: number;
};
/** auipc and addi. */
type Address = { readonly kind: "address"; readonly register: number; readonly target: Target; readonly length: 8 };
/** Compressed instructions without effect, up to a distance from the start of a page. */
type Padding = { readonly kind: "padding"; readonly pageOffset: number; length: number };

type Entry = Fixed | Relative | Address | Padding;

const COMPRESSED_NOP = 0x0001;
const PAGE_BYTES = 4096;
/** funct3: the opposite branch. */
const INVERT = 1 << 12;

/** Puts instructions one behind the other, as machine code. */
export class Assembler {
  readonly #entries: Entry[] = [];
  readonly #base: number;
  /** Chooses whether an instruction that can be compressed is. */
  readonly #compresses: () => boolean;

  constructor(base: number, compresses: () => boolean) {
    this.#base = base;
    this.#compresses = compresses;
  }

  /** How many instructions there are. */
  get count(): number {
    return this.#entries.length;
  }

  /** An instruction by its name. */
  op(name: string, fields: OperandFields = {}): void {
    const bits = encodeWord(name, fields);
    const [compressed] = compress(bits);
    if (compressed !== undefined && this.#compresses()) this.raw(compressed, 2);
    else this.raw(bits, 4);
  }

  /** Two or four bytes, whatever they mean. */
  raw(bits: number, length: 2 | 4): void {
    this.#entries.push({ kind: "fixed", bits, length });
  }

  /** A branch or a jump. */
  jump(name: string, fields: OperandFields, target: Target): void {
    this.#entries.push({ kind: "relative", name, fields, target, length: this.#compresses() ? 2 : 4 });
  }

  /** Sets a register to an address within 2 GiB. */
  address(register: number, target: Target): void {
    this.#entries.push({ kind: "address", register, target, length: 8 });
  }

  /** A label for later. */
  label(): Label {
    return { entry: -1 };
  }

  /** Sets a label here. */
  bind(label: Label): void {
    label.entry = this.#entries.length;
  }

  /** A label that is here. */
  here(): Label {
    return { entry: this.#entries.length };
  }

  /** Goes on so many bytes behind the start of a page. */
  padTo(pageOffset: number): void {
    this.#entries.push({ kind: "padding", pageOffset, length: 0 });
  }

  /** The code, and where a label is in it. */
  assemble(): { readonly code: Uint8Array; readonly addressOf: (label: Label) => number } {
    let places = this.#place();
    while (this.#grow(places)) places = this.#place();
    const code = new Uint8Array((places.at(-1) ?? this.#base) - this.#base);
    const view = new DataView(code.buffer);
    this.#entries.forEach((entry, index) => {
      const at = places[index] ?? 0;
      bytesOf(entry, (target) => resolve(target, places) - at).forEach(([bits, length], part, all) => {
        const offset = at - this.#base + (part === 0 ? 0 : (all[0]?.[1] ?? 0) * part);
        if (length === 2) view.setUint16(offset, bits, true);
        else view.setInt32(offset, bits, true);
      });
    });
    return { code, addressOf: (label) => resolve(label, places) };
  }

  #place(): readonly number[] {
    const places = [this.#base];
    let at = this.#base;
    for (const entry of this.#entries) {
      if (entry.kind === "padding") entry.length = (PAGE_BYTES + entry.pageOffset - (at % PAGE_BYTES)) % PAGE_BYTES;
      at += entry.length;
      places.push(at);
    }
    return places;
  }

  #grow(places: readonly number[]): boolean {
    let hasGrown = false;
    this.#entries.forEach((entry, index) => {
      if (entry.kind !== "relative" || entry.length === 8) return;
      if (fits(entry, resolve(entry.target, places) - (places[index] ?? 0))) return;
      if (entry.length === 4 && entry.name === "jal") throw new RangeError("a jump leads too far");
      entry.length *= 2;
      hasGrown = true;
    });
    return hasGrown;
  }
}

function resolve(target: Target, places: readonly number[]): number {
  if (typeof target === "number") return target;
  const place = places[target.entry];
  if (place === undefined) throw new RangeError("a label was never bound");
  return place;
}

function relativeBits({ name, fields }: Relative, distance: number): number {
  return encodeWord(name, { ...fields, immediate: distance });
}

function fits(entry: Relative, distance: number): boolean {
  const reach = entry.name === "jal" ? 2 ** 20 : 2 ** 12;
  if (distance < -reach || distance >= reach) return false;
  return entry.length === 4 || compress(relativeBits(entry, distance)).length > 0;
}

type Piece = readonly [bits: number, length: 2 | 4];

function bytesOf(entry: Entry, distanceTo: (target: Target) => number): readonly Piece[] {
  if (entry.kind === "fixed") return [[entry.bits, entry.length === 2 ? 2 : 4]];
  if (entry.kind === "padding") return Array.from({ length: entry.length / 2 }, () => [COMPRESSED_NOP, 2]);
  const distance = distanceTo(entry.target);
  return entry.kind === "address" ? addressPieces(entry, distance) : relativePieces(entry, distance);
}

function addressPieces({ register }: Address, distance: number): readonly Piece[] {
  const low = (distance << 20) >> 20;
  return [
    [encodeWord("auipc", { rd: register, immediate: distance - low }), 4],
    [encodeWord("addi", { rd: register, rs1: register, immediate: low }), 4],
  ];
}

function relativePieces(entry: Relative, distance: number): readonly Piece[] {
  if (entry.length === 4) return [[relativeBits(entry, distance), 4]];
  if (entry.length === 2) return [[compress(relativeBits(entry, distance))[0] ?? 0, 2]];
  return [
    [relativeBits(entry, 8) ^ INVERT, 4],
    [encodeWord("jal", { rd: 0, immediate: distance - 4 }), 4],
  ];
}
