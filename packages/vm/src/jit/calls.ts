import type { Flow } from "../riscv/isa/instruction.ts";

/** The registers that return addresses are kept in ("Unconditional Jumps", table of hints): ra and t0. */
const LINKS: ReadonlySet<number> = new Set([1, 5]);

/** True for a jump that keeps the address to return to: a guest call. @param link register that it writes */
export function isCall(flow: Flow, link: number): boolean {
  return (flow === "jump" || flow === "jump-register") && LINKS.has(link);
}

/** True for a jump to such an address that keeps none: a return. @param register that it jumps to @param link register that it writes */
export function isReturn(register: number, link: number): boolean {
  return LINKS.has(register) && link === 0;
}
