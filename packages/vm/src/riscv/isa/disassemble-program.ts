import { isElf, listCodeSections } from "../elf.ts";
import { createDisassembler } from "./disassemble.ts";

/**
 * Turns a program into text, an instruction a line: address, bits, instruction.
 * @param bytes an ELF program, of which all sections of code are taken; or nothing but code
 * @param address where code without ELF begins, below 2^53
 * @throws VmError `image_invalid` where an ELF program is no 64-bit RISC-V one, or is cut off
 */
export function* disassembleProgram(bytes: Uint8Array, address = 0): Generator<string> {
  const disassemble = createDisassembler();
  for (const section of isElf(bytes) ? listCodeSections(bytes) : [{ address, bytes }]) {
    const view = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.byteLength);
    let length = 2;
    for (let offset = 0; offset + 2 <= view.byteLength; offset += length) {
      const isWide = (view.getUint8(offset) & 3) === 3 && offset + 4 <= view.byteLength;
      length = isWide ? 4 : 2;
      const bits = isWide ? view.getInt32(offset, true) : view.getUint16(offset, true);
      const place = section.address + offset;
      yield `${place.toString(16).padStart(8)}  ${hexadecimal(bits, length)}  ${disassemble(bits, BigInt(place))}`;
    }
  }
}

function hexadecimal(bits: number, length: number): string {
  return (bits >>> 0)
    .toString(16)
    .padStart(length * 2, "0")
    .padEnd(8);
}
