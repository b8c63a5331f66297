import { REGISTER_COUNT, STATE } from "../memory/layout.ts";
import { SYSTEM } from "../riscv/hart/port.ts";
import { OP } from "../wasm/opcodes.ts";
import { type IrBlock, KIND, type Value } from "./block.ts";
import { operandsOf, ruleOf } from "./kinds.ts";
import { FIELD_REGISTER } from "./lower.ts";

function namesOf(numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
}

/** `i64ExtendI32S` as WebAssembly's text format writes it: `i64.extend_i32_s`. */
function instructionName(name: string): string {
  const [, type = "", rest = ""] = /^([if]\d\d)(.+)$/.exec(name) ?? [];
  return `${type}.${rest.replaceAll(/(?<=.)[A-Z]/g, "_$&").toLowerCase()}`;
}

const OPCODES: ReadonlyMap<number, string> = new Map(
  [...namesOf(OP)].map(([opcode, name]) => [opcode, instructionName(name)]),
);
const STATE_NAMES = namesOf(STATE);
const SYSTEM_NAMES = namesOf(SYSTEM);
const FIELDS = ["rd", "rs1", "rs2", "rs3"];

function registerName(register: number): string {
  if (register >= FIELD_REGISTER) return FIELDS[register - FIELD_REGISTER] ?? `field ${register}`;
  if (register === REGISTER_COUNT - 1) return "sink";
  return register < 32 ? `x${register}` : `f${register - 32}`;
}

function signed(distance: number): string {
  return distance < 0 ? `${distance}` : `+${distance}`;
}

function constant64(low: number, high: number): string {
  return `${(BigInt(high) << 32n) | BigInt(low >>> 0)}`;
}

/** One operation's parts. */
type Parts = {
  readonly name: string;
  /** Names of values, and what is known of the operation besides. */
  readonly operands: readonly string[];
  readonly low: number;
  readonly high: number;
};

type Print = (parts: Parts) => string;

const opcodeName = (opcode: number): string => OPCODES.get(opcode) ?? `opcode ${opcode}`;
const plain: Print = ({ name, operands }) => [name, operands.join(", ")].filter((part) => part !== "").join(" ");
const numeric: Print = (parts) => plain({ ...parts, name: opcodeName(parts.low) });
const withNumber: Print = ({ name, low }) => `${name} ${low}`;
const ofGuest: Print = ({ low, operands: [address, ...value] }) =>
  [`${opcodeName(low)} guest[${address}]`, ...value].join(", ");
const ofNumber: Print = (parts) => `${plain(parts)}, ${parts.low}`;
const ofSystem: Print = ({ name, low, operands }) =>
  [`${name} ${SYSTEM_NAMES.get(low) ?? low}`, ...operands].join(", ");

function place(offset: number): string {
  return `state.${STATE_NAMES.get(offset) ?? offset.toString(16)}`;
}

/** An address, where there is one, and the value that is stored. */
function ofHost(values: number): Print {
  return ({ low, high, operands }) => {
    const [address, ...value] = operands.length > values ? operands : [undefined, ...operands];
    return [`${opcodeName(low)} ${address === undefined ? place(high) : `host[${address}]`}`, ...value].join(", ");
  };
}

/** How operations are written that are not just a name and operands. */
const PRINTS: ReadonlyMap<number, Print> = new Map<number, Print>([
  [KIND.constant32, withNumber],
  [KIND.constant64, ({ name, low, high }) => `${name} ${constant64(low, high)}`],
  [KIND.pc, ({ name, low }) => `${name} ${signed(low)}`],
  [KIND.numeric, numeric],
  [KIND.get, ({ name, low }) => `${name} ${registerName(low)}`],
  [KIND.set, ({ name, low, operands }) => `${name} ${[registerName(low), ...operands].join(", ")}`],
  [KIND.load, ofGuest],
  [KIND.store, ofGuest],
  [KIND.readAddress, ofNumber],
  [KIND.atomicAddress, ofNumber],
  [KIND.skip, ofNumber],
  [KIND.hostLoad, ofHost(0)],
  [KIND.hostStore, ofHost(1)],
  [KIND.whenBegin, ({ operands: [condition] }) => `when ${condition} {`],
  [KIND.whenEnd, () => "}"],
  [KIND.chooseBegin, ({ operands: [condition, value] }) => `choose ${condition}: ${value}, else {`],
  [KIND.chooseEnd, ({ operands: [value] }) => `${value} }`],
  [KIND.system, ofSystem],
  [KIND.systemEnd, ofSystem],
  [KIND.branch, ({ name, low, operands: [condition] }) => `${name} ${condition}, ${signed(low)}`],
  [KIND.jump, ({ name, low, high }) => `${name} ${signed(low)}, link ${registerName(high)}`],
  [
    KIND.jumpTo,
    ({ name, low, high, operands: [target] }) =>
      `${name} ${target}, link ${registerName(high)}, base ${registerName(low)}`,
  ],
  [KIND.instruction, ({ low, high }) => `; ${signed(low)}, ${high} bytes`],
]);

const OPENS: ReadonlySet<number> = new Set<number>([KIND.whenBegin, KIND.chooseBegin]);
const CLOSES: ReadonlySet<number> = new Set<number>([KIND.whenEnd, KIND.chooseEnd]);

function printOperation(block: IrBlock, index: Value): string {
  const rule = ruleOf(block, index);
  const kind = block.kind[index] ?? -1;
  const text = (PRINTS.get(kind) ?? plain)({
    name: rule?.name ?? `kind ${kind}`,
    operands: operandsOf(block, index).map((value) => `v${value}`),
    low: block.low[index] ?? 0,
    high: block.high[index] ?? 0,
  });
  return rule?.result === undefined ? text : `v${index} = ${text}`;
}

/** A block as text for people, one operation a line, bodies indented: `v3 = i64.add v1, v2`. */
export function printBlock(block: IrBlock): string {
  const lines: string[] = [];
  let depth = 0;
  for (let index = 0; index < block.length; index++) {
    const kind = block.kind[index] ?? -1;
    if (CLOSES.has(kind)) depth--;
    lines.push("  ".repeat(depth) + printOperation(block, index));
    if (OPENS.has(kind)) depth++;
  }
  return lines.join("\n");
}
