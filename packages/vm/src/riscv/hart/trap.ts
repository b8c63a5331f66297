import { MODE, STATE, type Mode } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";
import { INTERRUPT_HIGH, MPP_SHIFT, PRIVILEGE, STATUS } from "./privilege.ts";

/** What changes with the privilege. */
export interface TrapObserver {
  /** Privilege or mstatus changed: the mode may be another. */
  privilegeChanged(): void;
}

/** The mode that a hart in this state runs in. */
export function modeOf(privilege: number, status: number): Mode {
  if (privilege === PRIVILEGE.user) return MODE.user;
  if (privilege === PRIVILEGE.supervisor) return (status & STATUS.sum) === 0 ? MODE.supervisor : MODE.supervisorUser;
  const isModified = (status & STATUS.mprv) !== 0 && (status & STATUS.mpp) !== STATUS.mpp;
  return isModified ? MODE.modified : MODE.machine;
}

/** Privilege that loads and stores are made with: mstatus.MPRV lends machine mode the one it came from. */
export function dataPrivilege(privilege: number, status: number): number {
  if (privilege !== PRIVILEGE.machine || (status & STATUS.mprv) === 0) return privilege;
  return (status & STATUS.mpp) >>> MPP_SHIFT;
}

/** Enters and leaves trap handlers (Privileged Architecture 1.12, sections 3.1.6, 3.3.2, 4.1.1). */
export class TrapUnit {
  readonly #state: HartState;
  readonly #observer: TrapObserver;

  constructor(state: HartState, observer: TrapObserver) {
    this.#state = state;
    this.#observer = observer;
  }

  /**
   * Takes an exception of the instruction at STATE.pc.
   * @param cause of CAUSE
   * @param low lower half of what xtval gets
   * @param high upper half
   * @returns 0, as a helper that took a trap does
   */
  exception(cause: number, low: number, high: number): 0 {
    const isDelegated = ((this.#state.int(STATE.medeleg) >>> cause) & 1) !== 0;
    const isTaken = isDelegated && this.#state.int(STATE.privilege) !== PRIVILEGE.machine;
    this.#state.set(isTaken ? STATE.stval : STATE.mtval, low, high);
    return this.#enter(isTaken, cause, 0);
  }

  /** Takes an interrupt before the instruction at STATE.pc. @param number of INTERRUPT */
  interrupt(number: number, isSupervisor: boolean): void {
    this.#state.set(isSupervisor ? STATE.stval : STATE.mtval, 0, 0);
    this.#enter(isSupervisor, number, INTERRUPT_HIGH);
  }

  /** MRET. */
  returnFromMachine(): void {
    const status = this.#state.int(STATE.mstatus);
    const previous = (status & STATUS.mpp) >>> MPP_SHIFT;
    let next = (status & ~(STATUS.mie | STATUS.mpp)) | STATUS.mpie;
    if ((status & STATUS.mpie) !== 0) next |= STATUS.mie;
    if (previous !== PRIVILEGE.machine) next &= ~STATUS.mprv;
    this.#leave(previous, next, STATE.mepc);
  }

  /** SRET. */
  returnFromSupervisor(): void {
    const status = this.#state.int(STATE.mstatus);
    const previous = (status & STATUS.spp) === 0 ? PRIVILEGE.user : PRIVILEGE.supervisor;
    let next = (status & ~(STATUS.sie | STATUS.spp | STATUS.mprv)) | STATUS.spie;
    if ((status & STATUS.spie) !== 0) next |= STATUS.sie;
    this.#leave(previous, next, STATE.sepc);
  }

  #enter(isSupervisor: boolean, cause: number, causeHigh: number): 0 {
    const state = this.#state;
    state.set(isSupervisor ? STATE.scause : STATE.mcause, cause, causeHigh);
    state.copy(STATE.pc, isSupervisor ? STATE.sepc : STATE.mepc);
    const privilege = state.int(STATE.privilege);
    const status = state.int(STATE.mstatus);
    state.setInt(STATE.mstatus, isSupervisor ? stackSupervisor(status, privilege) : stackMachine(status, privilege));
    state.setInt(STATE.privilege, isSupervisor ? PRIVILEGE.supervisor : PRIVILEGE.machine);
    this.#jump(isSupervisor ? STATE.stvec : STATE.mtvec, causeHigh === 0 ? 0 : cause);
    state.setInt(STATE.reservation, 0);
    this.#observer.privilegeChanged();
    return 0;
  }

  /** Vectored handlers (mode 1) have a slot of four bytes for each interrupt; exceptions go to the first. */
  #jump(vector: number, slot: number): void {
    const low = this.#state.low(vector);
    this.#state.set(STATE.pc, low & ~3, this.#state.high(vector));
    if ((low & 1) !== 0) this.#state.advance(slot * 4);
  }

  #leave(privilege: number, status: number, from: number): void {
    this.#state.setInt(STATE.mstatus, status);
    this.#state.setInt(STATE.privilege, privilege);
    this.#state.copy(from, STATE.pc);
    this.#state.setInt(STATE.reservation, 0);
    this.#observer.privilegeChanged();
  }
}

function stackSupervisor(status: number, privilege: number): number {
  let next = status & ~(STATUS.sie | STATUS.spie | STATUS.spp);
  if ((status & STATUS.sie) !== 0) next |= STATUS.spie;
  if (privilege !== PRIVILEGE.user) next |= STATUS.spp;
  return next;
}

function stackMachine(status: number, privilege: number): number {
  let next = status & ~(STATUS.mie | STATUS.mpie | STATUS.mpp);
  if ((status & STATUS.mie) !== 0) next |= STATUS.mpie;
  return next | (privilege << MPP_SHIFT);
}
