/** Entropy device (virtio 1.2, section 5.4). */

import type { DeviceState } from "../../../bus/port.ts";
import { toFeatures, type VirtioDevice, type VirtioHost } from "../port.ts";

/** Bytes given for one request: a driver that wants more asks again (section 5.4.6 lets a device give less). */
const REQUEST_BYTES_MAX = 4096;

/**
 * Makes an entropy device.
 * @param fill fills a buffer with random bytes: the machine has none of its own
 */
export function createVirtioRng(fill: (into: Uint8Array) => void): VirtioDevice {
  let host: VirtioHost | undefined;
  return {
    deviceId: 4,
    features: toFeatures([]),
    queueCount: 1,
    queueSize: 64,
    config: new Uint8Array(0),
    connect: (to) => {
      host = to;
    },
    notify: (index) => {
      const queue = host?.queue(index);
      for (let chain = queue?.pop(); chain !== undefined; chain = queue?.pop()) {
        const into = chain.writable[0]?.subarray(0, REQUEST_BYTES_MAX) ?? new Uint8Array(0);
        fill(into);
        queue?.push(chain, into.length);
      }
    },
    reset: () => undefined,
    save: (): DeviceState => ({}),
    restore: () => undefined,
  };
}
