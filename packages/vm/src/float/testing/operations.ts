import { DOUBLE, FLOAT_FORMATS, type FloatFormat, HALF, SINGLE } from "../format.ts";
import { FLOAT, OPERATION, operationOf } from "../operations.ts";

/** An operation in one format. */
export type FormattedOperation = {
  /** Such as `add.s`, or `toWu.h`. */
  readonly name: string;
  /** Of FLOAT. */
  readonly kind: number;
  /** Of the operands, but where a conversion has integers or another format. */
  readonly format: FloatFormat;
  /** As `operationOf` gives it. */
  readonly operation: number;
};

/** As mnemonics end. */
export const SUFFIXES = ["s", "d", "h"] as const;

const SOURCES: ReadonlyMap<number, FloatFormat> = new Map([
  [FLOAT.fromSingle, SINGLE],
  [FLOAT.fromDouble, DOUBLE],
  [FLOAT.fromHalf, HALF],
]);

/** Format of the result, or of the operands where that is an integer or a bit. */
export function formatOf(operation: number): FloatFormat {
  const format = FLOAT_FORMATS[(operation >> OPERATION.formatShift) & OPERATION.formatMask];
  if (format === undefined) throw new TypeError(`Operation ${operation} has no format.`);
  return format;
}

/** Which of FLOAT an operation is. */
export function kindOf(operation: number): number {
  return operation & OPERATION.kindMask;
}

/** Format of the operands. */
export function sourceOf(operation: number): FloatFormat {
  return SOURCES.get(kindOf(operation)) ?? formatOf(operation);
}

/** Every operation in every format: all but conversions of a format to itself. */
export const FORMATTED_OPERATIONS: readonly FormattedOperation[] = FLOAT_FORMATS.flatMap((format) =>
  Object.entries(FLOAT)
    .filter(([, kind]) => SOURCES.get(kind) !== format)
    .map(([name, kind]) => ({
      name: `${name}.${SUFFIXES[format.code]}`,
      kind,
      format,
      operation: operationOf(kind, format),
    })),
);
