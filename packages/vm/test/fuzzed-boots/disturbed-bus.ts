import type { AccessSize } from "../../src/bus/port.ts";
import type { SystemBus } from "../../src/bus/system-bus.ts";
import { VIRT_MAP, VIRTIO_SLOTS } from "../../src/boards/virt-map.ts";
import { MMIO } from "../../src/devices/virtio/mmio.ts";
import type { Random } from "../../src/testing/random.ts";
import { awkwardWord, type DisturbancePlan, happens } from "./disturbance-plan.ts";
import type { DisturbedRings } from "./disturbed-rings.ts";

/** What disturbs a bus. */
export type BusDisturbance = {
  readonly plan: DisturbancePlan;
  readonly random: Random;
  readonly rings: DisturbedRings;
};

const VIRTIO_END = VIRT_MAP.virtio.base + VIRT_MAP.virtio.sizeBytes * VIRTIO_SLOTS;

/** Steps between the hart and its devices: from now on both hear things that the other did not say. */
export function disturbBus(bus: SystemBus, { plan, random, rings }: BusDisturbance): void {
  const devices = { ...bus };
  bus.read = (address, size, into, at) => {
    const answered = devices.read(address, size, into, at);
    if (answered && happens(random, plan.reads)) garble(into, at, { size, random });
    return answered;
  };
  const forward = (address: number, size: AccessSize | 8, from: DataView, at: number): boolean => {
    if (happens(random, plan.writes)) return disturbedWrite(devices, { address, size, from, at, random });
    return devices.write(address, size, from, at);
  };
  bus.write = (address, size, from, at) => {
    const { base, offset } = virtioRegister(address);
    if (base === undefined || size !== 4) return forward(address, size, from, at);
    const isNotification = offset === MMIO.queueNotify;
    rings.note(base, offset, from.getUint32(at, true));
    if (isNotification && happens(random, plan.rings)) rings.disturb(base);
    const answered = forward(address, size, from, at);
    if (isNotification && happens(random, plan.rings)) rings.disturb(base);
    return answered;
  };
}

function virtioRegister(address: number): { readonly base: number | undefined; readonly offset: number } {
  const { base, sizeBytes } = VIRT_MAP.virtio;
  const offset = (address - base) % sizeBytes;
  return { base: address >= base && address < VIRTIO_END ? address - offset : undefined, offset };
}

type Write = {
  readonly address: number;
  readonly size: AccessSize | 8;
  readonly from: DataView;
  readonly at: number;
  readonly random: Random;
};

/** Dropped, doubled, with another value, or to another register nearby; answered as if nothing was wrong. */
function disturbedWrite(devices: Pick<SystemBus, "write">, { address, size, from, at, random }: Write): boolean {
  const changed = new DataView(new ArrayBuffer(8));
  for (let index = 0; index < size; index++) changed.setUint8(index, from.getUint8(at + index));
  const kind = random.pick(["drop", "double", "value", "place"] as const);
  if (kind === "drop") return true;
  if (kind === "value") garble(changed, 0, { size, random });
  const elsewhere = address - (address % 256) + random.below(256 / size) * size;
  devices.write(kind === "place" ? elsewhere : address, size, changed, 0);
  if (kind === "double") devices.write(address, size, changed, 0);
  return true;
}

/** Flips a bit, or puts another number in. */
function garble(view: DataView, at: number, { size, random }: Pick<Write, "size" | "random">): void {
  if (random.chance(50)) {
    const place = at + random.below(size);
    view.setUint8(place, view.getUint8(place) ^ (1 << random.below(8)));
    return;
  }
  const word = awkwardWord(random);
  for (let index = 0; index < size; index++) view.setUint8(at + index, index < 4 ? (word >>> (index * 8)) & 0xff : 0);
}
