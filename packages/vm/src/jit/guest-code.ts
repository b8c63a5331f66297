import { createDecodedInstruction, type Decode, type DecodedInstruction } from "../riscv/isa/decode.ts";
import type { Flow } from "../riscv/isa/instruction.ts";
import { PAGE_BYTES } from "../memory/page.ts";

/** One guest instruction of a unit. */
export type UnitInstruction = Readonly<DecodedInstruction> & {
  /** From the unit's entry, in bytes. */
  readonly distance: number;
  readonly flow: Flow;
};

/** What code is read from. */
export type GuestCodeOptions = {
  /** The code of the page, or of it and the one after it. */
  readonly code: DataView;
  /** Where the unit begins, in the page: 0 to 4094. */
  readonly offset: number;
  readonly decode: Decode;
  readonly flowOf: (instruction: number) => Flow;
};

/** The guest's code around a unit's entry. */
export class GuestCode {
  readonly #options: GuestCodeOptions;

  constructor(options: GuestCodeOptions) {
    this.#options = options;
  }

  /** Decodes the instruction at a distance from the entry; undefined where not all of it is there. */
  at(distance: number): UnitInstruction | undefined {
    const { code, offset, decode, flowOf } = this.#options;
    const at = offset + distance;
    if (at < 0 || at + 2 > code.byteLength) return undefined;
    const low = code.getUint16(at, true);
    const isLong = (low & 3) === 3;
    if (isLong && at + 4 > code.byteLength) return undefined;
    const decoded = createDecodedInstruction();
    decode(isLong ? low | (code.getUint16(at + 2, true) << 16) : low, decoded);
    return { ...decoded, distance, flow: flowOf(decoded.instruction) };
  }

  /** Is an instruction in the next page, at least with its second half? */
  isBeyond({ distance, length }: UnitInstruction): boolean {
    return this.#options.offset + distance + length > PAGE_BYTES;
  }
}
