/**
 * A second implementation of every floating-point operation, on BigInt and fractions, after the specifications' words alone.
 * Sources: RISC-V unprivileged specification, chapters "F", "D" and "Zfh"; IEEE 754-2019.
 */
import { DOUBLE, FLOAT_FLAG, type FloatFormat, HALF, ROUNDING, SINGLE } from "../format.ts";
import { FLOAT } from "../operations.ts";
import { formatOf, kindOf, sourceOf } from "./operations.ts";
import { add, divide, multiply, roundRational, roundToWhole, scaled, squareRoot, type Rational } from "./rational.ts";

/** Raw contents of the three operand registers. */
export type RawOperands = readonly [bigint, bigint, bigint];

/** Raw contents of the result's register, and the flags raised. */
export type RawResult = { readonly value: bigint; readonly flags: number };

type Decoded = {
  readonly kind: "zero" | "finite" | "infinite" | "quiet" | "signalling";
  readonly negative: boolean;
  /** 0 for what is no finite number. */
  readonly value: Rational;
};

const ZERO = scaled(0n, 0);

function isNaNKind(a: Decoded): boolean {
  return a.kind === "quiet" || a.kind === "signalling";
}

function isSignalling(a: Decoded): boolean {
  return a.kind === "signalling";
}

/** How a format is laid out, and its canonical NaN, without what stands above. */
type Layout = { readonly bits: number; readonly fraction: number; readonly allOnes: number; readonly nan: bigint };

const LAYOUTS: ReadonlyMap<FloatFormat, Layout> = new Map([
  [SINGLE, { bits: 32, fraction: 23, allOnes: 255, nan: 0x7fc0_0000n }],
  [DOUBLE, { bits: 64, fraction: 52, allOnes: 2047, nan: 0x7ff8_0000_0000_0000n }],
  [HALF, { bits: 16, fraction: 10, allOnes: 31, nan: 0x7e00n }],
]);

function widths(format: FloatFormat): Layout {
  const layout = LAYOUTS.get(format);
  if (layout === undefined) throw new TypeError("No layout of this format.");
  return layout;
}

function decode(raw: bigint, format: FloatFormat): Decoded {
  const { bits, fraction: fractionBits, allOnes, nan: canonical } = widths(format);
  const boxed = box(BigInt.asUintN(bits, raw), format) === raw;
  const pattern = boxed ? BigInt.asUintN(bits, raw) : canonical;
  const negative = pattern >> BigInt(bits - 1) === 1n;
  const exponent = Number((pattern >> BigInt(fractionBits)) & BigInt(allOnes));
  const fraction = BigInt.asUintN(fractionBits, pattern);
  const sign = negative ? -1n : 1n;
  if (exponent === allOnes) {
    const quiet = fraction >> BigInt(fractionBits - 1) === 1n;
    const nan = quiet ? "quiet" : "signalling";
    return { kind: fraction === 0n ? "infinite" : nan, negative, value: ZERO };
  }
  const lastPlace = Math.max(exponent, 1) - ((allOnes - 1) / 2 + fractionBits);
  const significand = exponent === 0 ? fraction : fraction | (1n << BigInt(fractionBits));
  const kind = significand === 0n ? "zero" : "finite";
  return { kind, negative, value: scaled(sign * significand, lastPlace) };
}

/** Ones above it. */
function box(pattern: bigint, format: FloatFormat): bigint {
  return BigInt.asUintN(64, pattern | (-1n << BigInt(widths(format).bits)));
}

function nan(format: FloatFormat): bigint {
  return box(widths(format).nan, format);
}

function signed(pattern: bigint, negative: boolean, format: FloatFormat): bigint {
  return box(pattern | (negative ? 1n << BigInt(widths(format).bits - 1) : 0n), format);
}

function infinity(negative: boolean, format: FloatFormat): bigint {
  const { fraction, allOnes } = widths(format);
  return signed(BigInt(allOnes) << BigInt(fraction), negative, format);
}

function encode(value: Rational, format: FloatFormat, rounding: number): RawResult {
  const negative = value.numerator < 0n;
  const rounded = roundRational(value, format, rounding);
  if (rounded.infinite) {
    return { value: infinity(negative, format), flags: rounded.flags };
  }
  const { fraction, allOnes } = widths(format);
  let count = negative ? -rounded.count : rounded.count;
  let lastPlace = rounded.lastPlace;
  while (count >> BigInt(fraction + 1) !== 0n) {
    count >>= 1n;
    lastPlace += 1;
  }
  const isSubnormal = count >> BigInt(fraction) === 0n;
  const exponent = isSubnormal ? 0 : lastPlace + (allOnes - 1) / 2 + fraction;
  const pattern = (BigInt(exponent) << BigInt(fraction)) | BigInt.asUintN(fraction, count);
  return { value: signed(pattern, negative, format), flags: rounded.flags };
}

function invalidUnless(quiet: boolean, format: FloatFormat): RawResult {
  return { value: nan(format), flags: quiet ? 0 : FLOAT_FLAG.invalid };
}

function sum(a: Decoded, b: Decoded, format: FloatFormat, rounding: number): RawResult {
  if (isNaNKind(a) || isNaNKind(b)) {
    return invalidUnless(!isSignalling(a) && !isSignalling(b), format);
  }
  if (a.kind === "infinite" || b.kind === "infinite") {
    if (a.kind === b.kind && a.negative !== b.negative) {
      return invalidUnless(false, format);
    }
    return { value: infinity(a.kind === "infinite" ? a.negative : b.negative, format), flags: 0 };
  }
  const total = add(a.value, b.value);
  if (total.numerator !== 0n) {
    return encode(total, format, rounding);
  }
  const bothZeroAlike = a.negative === b.negative;
  return { value: signed(0n, bothZeroAlike ? a.negative : rounding === ROUNDING.down, format), flags: 0 };
}

/** The exact product, with the sign of zeros and infinities; signalling where it is invalid. */
function product(a: Decoded, b: Decoded): Decoded {
  const negative = a.negative !== b.negative;
  const plain = { negative, value: ZERO };
  if (isNaNKind(a) || isNaNKind(b)) {
    return { ...plain, kind: isSignalling(a) || isSignalling(b) ? "signalling" : "quiet" };
  }
  if (a.kind === "infinite" || b.kind === "infinite") {
    return { ...plain, kind: a.kind === "zero" || b.kind === "zero" ? "signalling" : "infinite" };
  }
  return a.kind === "zero" || b.kind === "zero"
    ? { ...plain, kind: "zero" }
    : { ...plain, kind: "finite", value: multiply(a.value, b.value) };
}

function finish(result: Decoded, format: FloatFormat, rounding: number): RawResult {
  if (isNaNKind(result)) {
    return invalidUnless(!isSignalling(result), format);
  }
  if (result.kind === "infinite") {
    return { value: infinity(result.negative, format), flags: 0 };
  }
  return result.kind === "zero"
    ? { value: signed(0n, result.negative, format), flags: 0 }
    : encode(result.value, format, rounding);
}

function quotient(a: Decoded, b: Decoded, format: FloatFormat, rounding: number): RawResult {
  const negative = a.negative !== b.negative;
  if (isNaNKind(a) || isNaNKind(b)) {
    return invalidUnless(!isSignalling(a) && !isSignalling(b), format);
  }
  if (a.kind === b.kind && a.kind !== "finite") {
    return invalidUnless(false, format);
  }
  if (a.kind === "infinite" || b.kind === "zero") {
    return { value: infinity(negative, format), flags: a.kind === "infinite" ? 0 : FLOAT_FLAG.divideByZero };
  }
  if (a.kind === "zero" || b.kind === "infinite") {
    return { value: signed(0n, negative, format), flags: 0 };
  }
  return encode(divide(a.value, b.value), format, rounding);
}

function root(a: Decoded, format: FloatFormat, rounding: number): RawResult {
  if (isNaNKind(a) || (a.negative && a.kind !== "zero")) {
    return invalidUnless(a.kind === "quiet", format);
  }
  return finish(a.kind === "finite" ? { ...a, value: squareRoot(a.value) } : a, format, rounding);
}

function negate(a: Decoded): Decoded {
  return { ...a, negative: !a.negative, value: { ...a.value, numerator: -a.value.numerator } };
}

/** -1, 0 or 1; infinities beyond all, zeros alike. Neither is NaN. */
function compare(a: Decoded, b: Decoded): number {
  const rank = (x: Decoded): number => (x.kind === "infinite" ? (x.negative ? -1 : 1) : 0);
  if (rank(a) !== rank(b)) {
    return Math.sign(rank(a) - rank(b));
  }
  const difference = add(a.value, negate(b).value).numerator;
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

function extreme(
  a: Decoded,
  b: Decoded,
  raw: { format: FloatFormat; values: RawOperands; maximum: boolean },
): RawResult {
  const { format, values, maximum } = raw;
  const flags = isSignalling(a) || isSignalling(b) ? FLOAT_FLAG.invalid : 0;
  if (isNaNKind(a) || isNaNKind(b)) {
    const other = isNaNKind(b) ? values[0] : values[1];
    return { value: isNaNKind(a) && isNaNKind(b) ? nan(format) : other, flags };
  }
  const order = compare(a, b) || Number(b.negative) - Number(a.negative);
  return { value: order < 0 === maximum ? values[1] : values[0], flags };
}

function comparison(kind: number, a: Decoded, b: Decoded): RawResult {
  if (isNaNKind(a) || isNaNKind(b)) {
    const quiet = kind === FLOAT.eq && !isSignalling(a) && !isSignalling(b);
    return { value: 0n, flags: quiet ? 0 : FLOAT_FLAG.invalid };
  }
  const order = compare(a, b);
  const holds = kind === FLOAT.eq ? order === 0 : kind === FLOAT.lt ? order < 0 : order <= 0;
  return { value: holds ? 1n : 0n, flags: 0 };
}

/** An integer type's width and range. */
function integerType(kind: number): { bits: number; least: bigint; most: bigint } {
  const bits = kind === FLOAT.toL || kind === FLOAT.toLu ? 64 : 32;
  const least = kind === FLOAT.toWu || kind === FLOAT.toLu ? 0n : -(1n << BigInt(bits - 1));
  return { bits, least, most: least + (1n << BigInt(bits)) - 1n };
}

function toInteger(kind: number, a: Decoded, rounding: number): RawResult {
  const { bits, least, most } = integerType(kind);
  const extend = (value: bigint): bigint => BigInt.asUintN(64, BigInt.asIntN(bits, value));
  if (isNaNKind(a) || a.kind === "infinite") {
    return { value: extend(a.kind === "infinite" && a.negative ? least : most), flags: FLOAT_FLAG.invalid };
  }
  const whole = roundToWhole(a.value, rounding);
  if (whole < least || whole > most) {
    return { value: extend(whole < least ? least : most), flags: FLOAT_FLAG.invalid };
  }
  return { value: extend(whole), flags: whole * a.value.denominator === a.value.numerator ? 0 : FLOAT_FLAG.inexact };
}

function fromInteger(kind: number, raw: bigint, format: FloatFormat, rounding: number): RawResult {
  const bits = kind === FLOAT.fromW || kind === FLOAT.fromWu ? 32 : 64;
  const unsigned = kind === FLOAT.fromWu || kind === FLOAT.fromLu;
  const value = unsigned ? BigInt.asUintN(bits, raw) : BigInt.asIntN(bits, raw);
  return value === 0n ? { value: signed(0n, false, format), flags: 0 } : encode(scaled(value, 0), format, rounding);
}

/**
 * What an operation must deliver.
 * @param operation as `operationOf` gives it
 * @param rounding of ROUNDING, but not dynamic
 */
export function softFloatReference(operation: number, rounding: number, raw: RawOperands): RawResult {
  const kind = kindOf(operation);
  const format = formatOf(operation);
  const operands = [decode(raw[0], format), decode(raw[1], format), decode(raw[2], format)] as const;
  if (kind >= FLOAT.min && kind <= FLOAT.le) {
    return ordering(kind, operands, raw, format);
  }
  if (kind >= FLOAT.madd && kind <= FLOAT.nmadd) {
    return fusedReference(kind, operands, format, rounding);
  }
  if (kind >= FLOAT.fromW && kind <= FLOAT.fromLu) {
    return fromInteger(kind, raw[0], format, rounding);
  }
  if (kind >= FLOAT.fromSingle) {
    return finish(decode(raw[0], sourceOf(operation)), format, rounding);
  }
  return basic(kind, operands, format, rounding);
}

type Operands = readonly [Decoded, Decoded, Decoded];

function ordering(kind: number, [a, b]: Operands, values: RawOperands, format: FloatFormat): RawResult {
  switch (kind) {
    case FLOAT.min:
    case FLOAT.max:
      return extreme(a, b, { format, values, maximum: kind === FLOAT.max });
    default:
      return comparison(kind, a, b);
  }
}

function basic(kind: number, [a, b]: Operands, format: FloatFormat, rounding: number): RawResult {
  switch (kind) {
    case FLOAT.add:
      return sum(a, b, format, rounding);
    case FLOAT.sub:
      return sum(a, negate(b), format, rounding);
    case FLOAT.mul:
      return finish(product(a, b), format, rounding);
    case FLOAT.div:
      return quotient(a, b, format, rounding);
    case FLOAT.sqrt:
      return root(a, format, rounding);
    default:
      return toInteger(kind, a, rounding);
  }
}

function fusedReference(kind: number, [a, b, c]: Operands, format: FloatFormat, rounding: number): RawResult {
  const negatesProduct = kind === FLOAT.nmsub || kind === FLOAT.nmadd;
  const negatesAddend = kind === FLOAT.msub || kind === FLOAT.nmadd;
  const multiplied = product(a, b);
  return sum(negatesProduct ? negate(multiplied) : multiplied, negatesAddend ? negate(c) : c, format, rounding);
}
