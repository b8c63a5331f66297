import { deepEqual, equal, ok } from "node:assert/strict";
import * as fc from "fast-check";
import type { AccessSize, BusDevice } from "../port.ts";
import { createManualClock, createWire, type ManualClock, type Wire } from "./parts.ts";

/** A device under test, and how to make another of its kind. */
export type FuzzedDevice = {
  readonly windowBytes: number;
  /** Offsets that are worth more tries than chance gives them. */
  readonly registers: readonly number[];
  readonly create: (parts: { readonly clock: ManualClock; readonly wire: Wire }) => BusDevice;
  /** Something happens to the device from outside. */
  readonly stimulate?: (device: BusDevice, value: number) => void;
};

type Operation = {
  readonly kind: "read" | "write" | "wait" | "stimulate";
  readonly offset: number;
  readonly size: AccessSize;
  readonly value: number;
};

/**
 * Throws random accesses at a device: it must not throw, must answer within the size of the access, and one restored from its saved
 * state must go on in the very same way.
 */
export function fuzzDevice(fuzzed: FuzzedDevice): void {
  const operations = fc.array(anyOperation(fuzzed), { maxLength: 60 });
  fc.assert(
    fc.property(operations, operations, (first, second) => {
      const subject = assemble(fuzzed, 0);
      for (const operation of first) apply(fuzzed, subject, operation);
      const state = subject.device.save();
      const twin = assemble(fuzzed, subject.clock.now());
      twin.device.restore(structuredClone(state));
      deepEqual(twin.device.save(), state);
      equal(twin.wire.high, subject.wire.high);
      for (const operation of second) equal(apply(fuzzed, twin, operation), apply(fuzzed, subject, operation));
      equal(twin.wire.high, subject.wire.high);
    }),
    { numRuns: 150 },
  );
}

type Assembly = { readonly device: BusDevice; readonly clock: ManualClock; readonly wire: Wire };

function assemble({ create }: FuzzedDevice, start: number): Assembly {
  const clock = createManualClock(start);
  const wire = createWire();
  return { device: create({ clock, wire }), clock, wire };
}

function anyOperation({ windowBytes, registers }: FuzzedDevice): fc.Arbitrary<Operation> {
  return fc.record({
    kind: fc.constantFrom("read", "write", "write", "wait", "stimulate"),
    offset: fc.oneof(
      { arbitrary: fc.constantFrom(...registers), weight: 6 },
      { arbitrary: fc.nat(windowBytes - 1), weight: 1 },
    ),
    size: fc.constantFrom(4, 4, 4, 2, 1),
    value: fc.oneof(fc.nat(255), fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 2 ** 31, 0xffff_ffff)),
  });
}

function apply({ stimulate }: FuzzedDevice, { device, clock }: Assembly, operation: Operation): number {
  const { kind, offset, size } = operation;
  const limit = 2 ** (8 * size);
  const value = operation.value % limit;
  if (kind === "write") device.write(offset, size, value);
  if (kind === "wait") clock.advance(value);
  if (kind === "stimulate") stimulate?.(device, value);
  if (kind !== "read") return 0;
  const answer = device.read(offset, size);
  ok(Number.isInteger(answer) && answer >= 0 && answer < limit, `${answer} at 0x${offset.toString(16)}`);
  return answer;
}
