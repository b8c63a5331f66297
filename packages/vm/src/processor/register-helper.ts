import { HELPER } from "../ir/helpers.ts";
import { STATE } from "../memory/layout.ts";
import { SUPERVISOR_STATUS } from "../riscv/hart/csr-table.ts";
import { SYSTEM } from "../riscv/hart/port.ts";
import { PRIVILEGE, STATUS } from "../riscv/hart/privilege.ts";
import { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";

const CSR_NUMBER = 0xfff;
const SSTATUS = 0x100;
/** UXL, in the upper half: what sstatus shows of it. */
const WIDTH_HIGH = 3;

/** Parameters. */
const [OPERATION, ARGUMENT] = [0, 1] as const;

/**
 * `(operation, argument) -> 1 to go on, 0 to leave`: a CSR instruction, as HELPER.system. Supervisors turn interrupts off and on all the
 * time, 244,000 times in a boot of Linux: this is done here, where no interrupt comes of it.
 */
export function generateAccessRegister(): Uint8Array {
  const writer = new FunctionWriter(2);
  const slow = writer.open(OP.block);
  writeCondition(writer, slow);
  writeInterruptEnable(writer);
  writer.i32(1);
  writer.op(OP.return);
  writer.close();
  writer.get(OPERATION);
  writer.get(ARGUMENT);
  writer.call(HELPER.system);
  return writer.finish();
}

/** Goes to `slow` unless a supervisor sets or clears sstatus.SIE alone, and nothing waits for it to be set. */
function writeCondition(writer: FunctionWriter, slow: number): void {
  const need = (left: () => void, value: number): void => {
    left();
    writer.i32(value);
    writer.op(OP.i32Ne);
    writer.branch(OP.brIf, slow);
  };
  need(() => {
    writer.get(ARGUMENT);
    writer.i32(CSR_NUMBER);
    writer.op(OP.i32And);
  }, SSTATUS);
  need(() => pushState(writer, STATE.privilege), PRIVILEGE.supervisor);
  writer.i32(0);
  writer.memory(OP.i64Load, STATE.value);
  writer.i64(STATUS.sie, 0);
  writer.op(OP.i64Ne);
  writer.branch(OP.brIf, slow);
  writer.get(OPERATION);
  writer.i32(SYSTEM.csrClear);
  writer.op(OP.i32Ne);
  writer.open(OP.if);
  need(() => writer.get(OPERATION), SYSTEM.csrSet);
  pushState(writer, STATE.mip);
  pushState(writer, STATE.interruptLines);
  writer.op(OP.i32Or);
  pushState(writer, STATE.mie);
  writer.op(OP.i32And);
  writer.branch(OP.brIf, slow);
  writer.close();
}

/** STATE.value becomes what sstatus was. As CsrReader and CsrWriter do it. */
function writeInterruptEnable(writer: FunctionWriter): void {
  const status = writer.local(TYPE.i64);
  writer.i32(0);
  writer.memory(OP.i64Load, STATE.mstatus);
  writer.set(status);
  writer.i32(0);
  writer.get(status);
  writer.i64(~STATUS.sie, -1);
  writer.op(OP.i64And);
  writer.i64(STATUS.sie, 0);
  writer.i64(0, 0);
  writer.get(OPERATION);
  writer.i32(SYSTEM.csrSet);
  writer.op(OP.i32Eq);
  writer.op(OP.select);
  writer.op(OP.i64Or);
  writer.memory(OP.i64Store32, STATE.mstatus);
  writer.i32(0);
  writer.get(status);
  writer.i64(SUPERVISOR_STATUS, WIDTH_HIGH);
  writer.op(OP.i64And);
  pushDirty(writer, status);
  writer.op(OP.i64Or);
  writer.memory(OP.i64Store, STATE.value);
}

/** Pushes SD, which says that FS is Dirty. */
function pushDirty(writer: FunctionWriter, status: number): void {
  writer.get(status);
  writer.i64(STATUS.fs, 0);
  writer.op(OP.i64And);
  writer.i64(STATUS.fs, 0);
  writer.op(OP.i64Eq);
  writer.op(OP.i64ExtendI32U);
  writer.i64(63, 0);
  writer.op(OP.i64Shl);
}

function pushState(writer: FunctionWriter, offset: number): void {
  writer.i32(0);
  writer.memory(OP.i32Load, offset);
}
