/** Major opcodes of F, D and Zfh: LOAD-FP, STORE-FP, four fused ones, OP-FP. */
const OPCODES: ReadonlySet<number> = new Set([0x07, 0x27, 0x43, 0x47, 0x4b, 0x4f, 0x53]);

/** C.FLD and C.FSD, and those relative to the stack pointer: quadrants 0 and 2, where the three upper bits are 1 or 5. */
function isCompressedFloat(bits: number): boolean {
  const quadrant = bits & 3;
  const selector = (bits >>> 13) & 3;
  return selector === 1 && (quadrant === 0 || quadrant === 2);
}

/** Is it an instruction of the F, D or Zfh extension, by its opcode alone? @param bits of the instruction, from bit 0 on */
export function isFloatInstruction(bits: number): boolean {
  return (bits & 3) === 3 ? OPCODES.has(bits & 0x7f) : isCompressedFloat(bits);
}
