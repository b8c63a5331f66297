import type { BlockBackend } from "../../src/bus/port.ts";
import { VmError } from "../../src/error.ts";
import type { Random } from "../../src/testing/random.ts";
import { anyBytes, type DisturbancePlan, happens } from "./disturbance-plan.ts";

/** A disk that fails at times, and at times gives back something else than was written. */
export function createFaultyDisk(disk: BlockBackend, { disk: rate }: DisturbancePlan, random: Random): BlockBackend {
  const fail = (): void => {
    if (happens(random, rate) && random.chance(70)) throw new VmError("disk_failed", "The disk was told to fail here.");
  };
  return {
    sizeBytes: disk.sizeBytes,
    readOnly: disk.readOnly,
    read(offset, into) {
      fail();
      disk.read(offset, into);
      if (into.length > 0 && happens(random, rate)) into.set(anyBytes(random, 1), random.below(into.length));
    },
    write(offset, bytes) {
      fail();
      disk.write(offset, bytes);
    },
    flush() {
      fail();
      disk.flush();
    },
    close: () => disk.close(),
  };
}
