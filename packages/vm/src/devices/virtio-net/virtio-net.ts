import type { DeviceState, FrameLink } from "../../bus/port.ts";
import { VmError } from "../../error.ts";
import { gatherBytes, scatterBytes } from "../virtio/buffers.ts";
import { toFeatures, type VirtioDevice, type VirtioHost } from "../virtio/port.ts";

/** Network device (virtio 1.2, section 5.1): one pair of queues, whole frames, no offloads. */

const DEVICE_ID = 1;
const FEATURE = { mac: 5, status: 16 } as const;
const QUEUE = { receive: 0, transmit: 1 } as const;
/** Status of section 5.1.4: the link is up. */
const LINK_UP = 1;
/** The header before each frame, with `num_buffers` (section 5.1.6). */
const HEADER_BYTES = 12;
const NUM_BUFFERS_OFFSET = 10;
const FRAME_BYTES_MIN = 14;
const FRAME_BYTES_MAX = 1514;
/** Frames that wait until the driver has room: about 1.5 MB. Beyond, they are dropped, as by any network card. */
const WAITING_FRAMES_MAX = 1024;

/** A network card's two ends. */
export type VirtioNetOptions = {
  readonly link: FrameLink;
  /** Hardware address: six bytes, of one interface and not of a group. */
  readonly mac: Uint8Array;
};

/**
 * Makes a network device, and takes the link's `receive`.
 * @throws VmError `option_invalid` where the hardware address is none
 */
export function createVirtioNet({ link, mac }: VirtioNetOptions): VirtioDevice {
  if (mac.length !== 6 || ((mac[0] ?? 0) & 1) === 1) {
    throw new VmError("option_invalid", "A network card's address has six bytes, and an even first one.");
  }
  return new VirtioNet(link, mac);
}

class VirtioNet implements VirtioDevice {
  readonly deviceId = DEVICE_ID;
  readonly features = toFeatures([FEATURE.mac, FEATURE.status]);
  readonly queueCount = 2;
  readonly queueSize = 256;
  readonly config: Uint8Array;
  readonly #link: FrameLink;
  #host: VirtioHost | undefined;
  #waiting: Uint8Array[] = [];

  constructor(link: FrameLink, mac: Uint8Array) {
    this.#link = link;
    this.config = new Uint8Array([...mac, LINK_UP, 0]);
    link.receive = (frame) => this.#receive(frame);
  }

  connect(host: VirtioHost): void {
    this.#host = host;
  }

  notify(index: number): void {
    if (index === QUEUE.receive) {
      this.#deliver();
    } else {
      this.#transmit();
    }
  }

  reset(): void {
    this.#waiting = [];
    this.#link.reset?.();
  }

  /** Frames that wait are not kept: networks lose some, and the connections that they belong to are gone with the machine. */
  save(): DeviceState {
    return {};
  }

  restore(): void {
    this.reset();
  }

  #receive(frame: Uint8Array): void {
    const isWanted = this.#host?.driverReady === true && this.#waiting.length < WAITING_FRAMES_MAX;
    if (isWanted && frame.length <= FRAME_BYTES_MAX) {
      this.#waiting.push(frame.slice());
      this.#deliver();
    }
  }

  #deliver(): void {
    const queue = this.#host?.queue(QUEUE.receive);
    let delivered = 0;
    for (const frame of this.#waiting) {
      const chain = queue?.pop();
      if (chain === undefined) {
        break;
      }
      const header = new Uint8Array(HEADER_BYTES);
      header[NUM_BUFFERS_OFFSET] = 1;
      const hasRoom = chain.writableBytes >= HEADER_BYTES + frame.length;
      const written = hasRoom
        ? scatterBytes(chain.writable, 0, header) + scatterBytes(chain.writable, HEADER_BYTES, frame)
        : 0;
      queue?.push(chain, written);
      delivered += 1;
    }
    this.#waiting.splice(0, delivered);
  }

  #transmit(): void {
    const queue = this.#host?.queue(QUEUE.transmit);
    for (let chain = queue?.pop(); chain !== undefined; chain = queue?.pop()) {
      const length = chain.readableBytes - HEADER_BYTES;
      if (length >= FRAME_BYTES_MIN && length <= FRAME_BYTES_MAX) {
        this.#link.send(gatherBytes(chain.readable, HEADER_BYTES, length));
      }
      queue?.push(chain, 0);
    }
  }
}
