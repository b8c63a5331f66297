/** Block device (virtio 1.2, section 5.2): one queue, requests served one after the other. */

import type { BlockBackend, DeviceState } from "../../../bus/port.ts";
import { VmError } from "../../../error.ts";
import { gatherBytes, scatterBytes, skipBytes } from "../buffers.ts";
import { toFeatures, type Chain, type Features, type VirtioDevice, type VirtioHost } from "../port.ts";
import { createBlockConfig, RANGE_SECTORS_MAX, SECTOR_BYTES } from "./config.ts";

/** Features of the device (section 5.2.3). */
const FEATURE = { sizeMax: 1, segmentMax: 2, readOnly: 5, blockSize: 6, flush: 9, discard: 13, writeZeroes: 14 } as const;

/** Types of requests, and how they end (section 5.2.6). */
const REQUEST = { read: 0, write: 1, flush: 4, identify: 8, discard: 11, writeZeroes: 13 } as const;
const STATUS = { ok: 0, failed: 1, unsupported: 2 } as const;
type Status = (typeof STATUS)[keyof typeof STATUS];

const HEADER_BYTES = 16;
const SEGMENT_BYTES = 16;
const SERIAL_BYTES = 20;
const UNMAP = 1;
const ZEROES = new Uint8Array(64 * 1024);

/** A block device's own options. */
export type BlockOptions = {
  /** What the guest sees in /sys/block/vda/serial: up to 20 ASCII characters. */
  readonly serial?: string;
};

/** Makes a block device over a disk. Its size is the disk's, rounded down to sectors of 512 bytes. */
export function createVirtioBlock(backend: BlockBackend, options: BlockOptions = {}): VirtioDevice {
  return new Block(backend, options.serial ?? "");
}

/** A request without its status byte. */
type Request = { readonly type: number; readonly offset: number; readonly data: readonly Uint8Array[]; readonly into: readonly Uint8Array[] };

type Outcome = { readonly status: Status; readonly written: number };
const ended = (status: Status): Outcome => ({ status, written: 0 });

function featuresOf(backend: BlockBackend): Features {
  const always = [FEATURE.sizeMax, FEATURE.segmentMax, FEATURE.blockSize, FEATURE.flush];
  if (backend.readOnly) return toFeatures([...always, FEATURE.readOnly]);
  return toFeatures([...always, FEATURE.writeZeroes, ...(backend.zero === undefined ? [] : [FEATURE.discard])]);
}

class Block implements VirtioDevice {
  readonly deviceId = 2;
  readonly queueCount = 1;
  readonly queueSize = 128;
  readonly features: Features;
  readonly config: Uint8Array;
  readonly #backend: BlockBackend;
  readonly #serial: Uint8Array;
  readonly #sectors: number;
  #host: VirtioHost | undefined;

  constructor(backend: BlockBackend, serial: string) {
    this.#backend = backend;
    this.#sectors = Math.floor(backend.sizeBytes / SECTOR_BYTES);
    this.#serial = Uint8Array.from({ length: SERIAL_BYTES }, (_byte, at) => (serial.charCodeAt(at) || 0) & 0x7f);
    this.features = featuresOf(backend);
    this.config = createBlockConfig(this.#sectors);
  }

  connect(host: VirtioHost): void {
    this.#host = host;
  }

  notify(index: number): void {
    const queue = this.#host?.queue(index);
    for (let chain = queue?.pop(); chain !== undefined; chain = queue?.pop()) {
      if (chain.writableBytes === 0 || chain.readableBytes < HEADER_BYTES) return this.#host?.fail();
      const { status, written } = this.#serve(openRequest(chain));
      scatterBytes(chain.writable, chain.writableBytes - 1, Uint8Array.of(status));
      // What lies between is unchanged, and counts as written: the status is the chain's last byte.
      queue?.push(chain, written === 0 && chain.writableBytes > 1 ? 0 : chain.writableBytes);
    }
  }

  reset(): void {
    // A request is served when it is seen: nothing is left of it.
  }

  save(): DeviceState {
    return { sectors: this.#sectors };
  }

  restore(state: DeviceState): void {
    if (state["sectors"] === this.#sectors) return;
    throw new VmError("snapshot_invalid", "The snapshot's disk is of another size. Restore it with the disk it was taken with.");
  }

  #serve(request: Request): Outcome {
    try {
      return this.#perform(request);
    } catch (error) {
      if (error instanceof VmError) return ended(STATUS.failed);
      throw error;
    }
  }
}
