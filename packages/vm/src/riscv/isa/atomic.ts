import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Semantics } from "../../ir/port.ts";
import { STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import { encoding, type Instruction } from "./instruction.ts";
import { chosen, type Operation, whole } from "./semantics.ts";

/** Size of an atomic access, and how it is loaded (sign-extended) and stored. */
type Width = { readonly funct3: 2 | 3; readonly size: 4 | 8; readonly load: number; readonly store: number };

const WORD: Width = { funct3: 2, size: 4, load: OP.i64Load32S, store: OP.i64Store32 };
const DOUBLEWORD: Width = { funct3: 3, size: 8, load: OP.i64Load, store: OP.i64Store };

/** A register as this width sees it: whole, or its lower half sign-extended. Order is the same as of unsigned words then, too. */
function narrow(builder: IrBuilder, width: Width, register: number): Value {
  const value = builder.get(register);
  return width.size === 8 ? value : builder.op(OP.i64Extend32S, value);
}

function readModifyWrite(width: Width, operation: Operation): Semantics {
  return (builder, { rd, rs1, rs2 }) => {
    const address = builder.atomicAddress(builder.get(rs1), width.size);
    const operand = narrow(builder, width, rs2);
    const old = builder.hostLoad(width.load, address);
    builder.hostStore(width.store, address, operation(builder, old, operand));
    builder.set(rd, old);
  };
}

function loadReserved(width: Width): Semantics {
  return (builder, { rd, rs1 }) => {
    const address = builder.readAddress(builder.get(rs1), width.size);
    const value = builder.hostLoad(width.load, address);
    builder.setState(OP.i32Store, STATE.reservation, address);
    builder.setState(OP.i64Store, STATE.reservedValue, value);
    builder.set(rd, value);
  };
}

/** Stores where the reservation is for this address and nobody has changed what is there. 0 in rd says that it did. */
function storeConditional(width: Width): Semantics {
  return (builder, { rd, rs1, rs2 }) => {
    const address = builder.atomicAddress(builder.get(rs1), width.size);
    const value = builder.get(rs2);
    const isReserved = builder.op(OP.i32Eq, builder.state(OP.i32Load, STATE.reservation), address);
    const reserved = builder.state(OP.i64Load, STATE.reservedValue);
    const isSame = builder.op(OP.i64Eq, builder.hostLoad(width.load, address), reserved);
    const succeeds = builder.op(OP.i32And, isReserved, isSame);
    builder.when(succeeds, () => builder.hostStore(width.store, address, value));
    builder.setState(OP.i32Store, STATE.reservation, builder.constant32(0));
    builder.set(rd, builder.op(OP.i64ExtendI32U, builder.op(OP.i32Eqz, succeeds)));
  };
}

/** What comes to memory, from what is there and the operand. */
const OPERATIONS: readonly (readonly [name: string, funct5: number, operation: Operation])[] = [
  ["amoadd", 0x00, whole(OP.i64Add)],
  ["amoswap", 0x01, (_builder, _old, operand) => operand],
  ["amoxor", 0x04, whole(OP.i64Xor)],
  ["amoor", 0x08, whole(OP.i64Or)],
  ["amoand", 0x0c, whole(OP.i64And)],
  ["amomin", 0x10, chosen(OP.i64LtS)],
  ["amomax", 0x14, chosen(OP.i64GtS)],
  ["amominu", 0x18, chosen(OP.i64LtU)],
  ["amomaxu", 0x1c, chosen(OP.i64GtU)],
];

function ofWidth(suffix: string, width: Width): readonly Instruction[] {
  const common = { extension: "A", flow: "next" } as const;
  const fields = { opcode: 0x2f, funct3: width.funct3 };
  return [
    {
      ...common,
      name: `lr.${suffix}`,
      format: "load-reserved",
      ...encoding({ ...fields, funct5: 0x02, rs2: 0 }),
      semantics: loadReserved(width),
    },
    {
      ...common,
      name: `sc.${suffix}`,
      format: "atomic",
      ...encoding({ ...fields, funct5: 0x03 }),
      semantics: storeConditional(width),
    },
    ...OPERATIONS.map(([name, funct5, operation]) => ({
      ...common,
      name: `${name}.${suffix}`,
      format: "atomic" as const,
      ...encoding({ ...fields, funct5 }),
      semantics: readModifyWrite(width, operation),
    })),
  ];
}

/** "A" Extension for Atomic Instructions. Their aq and rl bits ask for no more than the one hart gives anyway. */
export const ATOMIC: readonly Instruction[] = [...ofWidth("w", WORD), ...ofWidth("d", DOUBLEWORD)];
