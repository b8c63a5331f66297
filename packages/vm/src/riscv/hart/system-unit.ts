import { LEAVE, STATE } from "../../memory/layout.ts";
import type { CsrEffect } from "./csr-table.ts";
import type { CsrReader } from "./csr-reader.ts";
import type { CsrWriter } from "./csr-writer.ts";
import type { FetchUnit } from "./fetch-unit.ts";
import type { HartState } from "./hart-state.ts";
import type { InterruptUnit } from "./interrupts.ts";
import { isFloatInstruction } from "./float-instruction.ts";
import { SYSTEM } from "./port.ts";
import { CAUSE, PRIVILEGE, STATUS } from "./privilege.ts";
import type { TranslationFence } from "./translation-fence.ts";
import type { TrapUnit } from "./trap.ts";

/** What system instructions work with. */
export type SystemUnitOptions = {
  readonly state: HartState;
  readonly traps: TrapUnit;
  readonly interrupts: InterruptUnit;
  readonly reader: CsrReader;
  readonly writer: CsrWriter;
  readonly fetcher: FetchUnit;
  readonly fence: TranslationFence;
  /** Serves the supervisor's calls, where no firmware does. */
  readonly serve: (() => void) | undefined;
  /** mstatus changed. */
  readonly onStatus: () => void;
};

const CSR_NUMBER = 0xfff;
/** Field rd of an instruction. */
const DESTINATION_SHIFT = 7;
const INSTRUCTION_BYTES = 4;

/** The instructions of opcode SYSTEM, and fences. @see HartHelpers.system */
export class SystemUnit {
  readonly #parts: SystemUnitOptions;
  readonly #state: HartState;
  readonly #traps: TrapUnit;

  constructor(parts: SystemUnitOptions) {
    this.#parts = parts;
    this.#state = parts.state;
    this.#traps = parts.traps;
  }

  /** @see HartHelpers.system */
  run(operation: number, argument: number): number {
    if (operation <= SYSTEM.csrWriteOnly) return this.#accessRegister(operation, argument);
    switch (operation) {
      case SYSTEM.ecall:
        return this.#callEnvironment();
      case SYSTEM.ebreak:
        return this.#traps.exception(CAUSE.breakpoint, 0, 0);
      case SYSTEM.mret:
        return this.#returnFromMachine();
      case SYSTEM.sret:
        return this.#returnFromSupervisor();
      case SYSTEM.wfi:
        return this.#wait();
      case SYSTEM.sfenceVma:
        return this.#fence(argument);
      case SYSTEM.fenceI:
        // Stores have dropped the code already. What runs now may still be the old one, so it is left.
        return this.#proceed();
      case SYSTEM.misalignedFetch:
        return this.#traps.exception(0, this.#state.int(STATE.address), this.#state.highInt(STATE.address));
      default:
        return this.#refuse();
    }
  }

  /** The instruction at STATE.pc, of four bytes, is illegal. */
  illegal(): 0 {
    return this.#traps.exception(CAUSE.illegal, this.#parts.fetcher.instruction(), 0);
  }

  #accessRegister(operation: number, argument: number): number {
    const { reader, writer } = this.#parts;
    const isWrite = operation !== SYSTEM.csrRead;
    const register = reader.find(argument & CSR_NUMBER, isWrite);
    if (register === undefined) return this.illegal();
    reader.read(register);
    const { low, high } = reader;
    // After a write that moves it, the instruction couldn't be read any more.
    const instruction = isRemapping(register.effect) ? this.#parts.fetcher.instruction() : undefined;
    const before = this.#regime();
    const hasEffect = isWrite && writer.write(register, operation);
    this.#state.set(STATE.value, low, high);
    if (!hasEffect || (before === this.#regime() && !this.#parts.interrupts.isDeliverable())) return 1;
    // Code that is left writes no result, as it can't tell this from a trap.
    const bits = instruction ?? this.#parts.fetcher.instruction();
    this.#state.setRegister((bits >>> DESTINATION_SHIFT) & 31, low, high);
    return this.#proceed();
  }

  /** What compiled code depends on: where it changes, code is left. */
  #regime(): number {
    const state = this.#state;
    return (state.int(STATE.generation) << 4) | (state.int(STATE.mode) << 1) | state.int(STATE.floatEnabled);
  }

  #callEnvironment(): 0 {
    const privilege = this.#state.int(STATE.privilege);
    const { serve } = this.#parts;
    if (serve === undefined || privilege !== PRIVILEGE.supervisor)
      return this.#traps.exception(CAUSE.environmentCall + privilege, 0, 0);
    serve();
    return this.#proceed();
  }

  #returnFromMachine(): 0 {
    if (this.#state.int(STATE.privilege) !== PRIVILEGE.machine) return this.illegal();
    this.#traps.returnFromMachine();
    return this.#deliver();
  }

  #returnFromSupervisor(): 0 {
    if (this.#isTrapped(STATUS.tsr)) return this.illegal();
    this.#traps.returnFromSupervisor();
    return this.#deliver();
  }

  /** In user mode WFI is illegal, as it may take any time. */
  #wait(): number {
    if (this.#isTrapped(STATUS.tw)) return this.illegal();
    if (this.#parts.interrupts.isPending()) return 1;
    this.#state.setInt(STATE.leave, LEAVE.wait);
    this.#state.endSlice();
    return this.#proceed();
  }

  #fence(argument: number): number {
    if (this.#isTrapped(STATUS.tvm)) return this.illegal();
    const [isAllAddresses, isAllSpaces] = [(argument & 1) !== 0, (argument & 2) !== 0];
    const { fence } = this.#parts;
    if (isAllAddresses && isAllSpaces) fence.all();
    else if (isAllAddresses) fence.space();
    else if (!fence.page(this.#state.int(STATE.address), this.#state.highInt(STATE.address))) return 1;
    return this.#proceed();
  }

  /** May this privilege not do what mstatus can forbid the supervisor? */
  #isTrapped(field: number): boolean {
    const privilege = this.#state.int(STATE.privilege);
    if (privilege === PRIVILEGE.machine) return false;
    return privilege === PRIVILEGE.user || (this.#state.int(STATE.mstatus) & field) !== 0;
  }

  /** STATE.value holds an instruction that code has found illegal, which it is where floating point is off. */
  #refuse(): 0 {
    const status = this.#state.int(STATE.mstatus);
    const floating = status & STATUS.fs;
    const bits = this.#state.int(STATE.value);
    if (floating === 0 || floating === STATUS.fs || !isFloatInstruction(bits))
      return this.#traps.exception(CAUSE.illegal, bits, 0);
    this.#state.setInt(STATE.mstatus, status | STATUS.fs);
    this.#parts.onStatus();
    return 0;
  }

  /** Leaves, to go on after the instruction. */
  #proceed(): 0 {
    this.#state.advance(INSTRUCTION_BYTES);
    return this.#deliver();
  }

  #deliver(): 0 {
    if (this.#parts.interrupts.isDeliverable()) this.#state.endSlice();
    return 0;
  }
}

function isRemapping(effect: CsrEffect | undefined): boolean {
  return effect === "translation" || effect === "pmp-config" || effect === "pmp-address";
}
