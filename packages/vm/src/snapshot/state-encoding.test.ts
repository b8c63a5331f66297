import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import {
  array,
  assert,
  boolean,
  dictionary,
  double,
  letrec,
  maxSafeNat,
  nat,
  oneof,
  property,
  string,
  tuple,
  uint8Array,
} from "fast-check";
import type { DeviceState } from "../bus/port.ts";
import { VmError } from "../error.ts";
import { decodeState, encodeState } from "./state-encoding.ts";

const { state } = letrec<{ state: DeviceState }>((tie) => ({
  state: dictionary(
    string({ unit: "grapheme", maxLength: 8 }),
    oneof(
      { maxDepth: 4 },
      maxSafeNat(),
      double(),
      string({ unit: "grapheme" }),
      boolean(),
      uint8Array(),
      array(tie("state"), { maxLength: 4 }),
      tie("state"),
    ),
    { maxKeys: 6, noNullPrototype: true },
  ),
}));

test("states are what they were after encoding and decoding", () => {
  assert(property(state, (value) => deepEqual(decodeState(encodeState(value)), value)));
});

test("numbers keep all their bits", () => {
  const numbers = [0, -0, 1, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER, 2 ** 53, -1, 0.1, Infinity, -Infinity, NaN];
  for (const value of numbers) ok(Object.is(decodeState(encodeState({ value }))["value"], value), String(value));
});

test("a name is written once, however often it is used", () => {
  const one = encodeState({ list: [{ clusterNumber: 1 }] }).length;
  const three = encodeState({ list: [{ clusterNumber: 1 }, { clusterNumber: 2 }, { clusterNumber: 3 }] }).length;
  equal(three - one, 2 * 4);
});

test("what is no state is refused, with what is wrong about it", () => {
  const nested = (depth: number): DeviceState => (depth === 0 ? {} : { in: nested(depth - 1) });
  const cases: readonly (readonly [RegExp, readonly number[]])[] = [
    [/cut off/, []],
    [/cut off/, [1]],
    [/cut off/, [5]],
    [/behind its end/, [0, 0]],
    [/unknown kind 8/, [1, 0, 1, 97, 8]],
    [/two values named "a"/, [2, 0, 1, 97, 0, 0, 0]],
    [/name is nowhere/, [1, 1, 0, 0]],
    [/no UTF-8/, [1, 0, 1, 0xff, 0]],
    [/cut off/, [1, 0, 1, 97, 5, 0xff, 0xff, 0xff, 0x7f]],
    [/above 2\^53/, [1, 0, 1, 97, 2, ...Array.from({ length: 8 }, () => 0xff), 1]],
    [/without end/, [1, 0, 1, 97, 2, ...Array.from({ length: 9 }, () => 0x80)]],
    [/more than 32 deep/, [...encodeState(nested(40))]],
  ];
  for (const [message, bytes] of cases)
    throws(() => decodeState(Uint8Array.from(bytes)), { code: "snapshot_invalid", message }, String(message));
});

test("random and damaged bytes are decoded or refused, and never fail otherwise", () => {
  const damaged = tuple(state, nat(), nat(255)).map(([value, at, byte]) => {
    const bytes = encodeState(value);
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  assert(
    property(oneof(uint8Array({ maxLength: 64 }), damaged), (bytes) => {
      try {
        decodeState(bytes);
      } catch (error) {
        ok(error instanceof VmError && error.code === "snapshot_invalid", String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
