/** Block device (virtio 1.2, section 5.2): one queue, requests served one after the other. */

import type { BlockBackend, DeviceState } from "../../../bus/port.ts";
import { SECTOR_BYTES } from "../../../disk/port.ts";
import { VmError } from "../../../error.ts";
import { gatherBytes, scatterBytes, skipBytes, takeBytes } from "../buffers.ts";
import { toFeatures, type Chain, type Features, type VirtioDevice, type VirtioHost } from "../port.ts";
import { createBlockConfig, RANGE_SECTORS_MAX } from "./config.ts";

/** Features of the device (section 5.2.3). */
const FEATURE = {
  sizeMax: 1,
  segmentMax: 2,
  readOnly: 5,
  blockSize: 6,
  flush: 9,
  discard: 13,
  writeZeroes: 14,
} as const;

/** Types of requests, and how they end (section 5.2.6). */
const REQUEST = { read: 0, write: 1, flush: 4, identify: 8, discard: 11, writeZeroes: 13 } as const;
const STATUS = { ok: 0, failed: 1, unsupported: 2 } as const;
type Status = (typeof STATUS)[keyof typeof STATUS];

/** U-Boot reads a file's run of blocks, such as a kernel, in one request. */
const REQUEST_BYTES_MAX = 64 * 1024 * 1024;
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

/** A request. @property into room for its answer, without the status byte */
type Request = {
  readonly type: number;
  readonly sector: number;
  readonly data: readonly Uint8Array[];
  readonly into: readonly Uint8Array[];
};

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
  readonly chainBytesMax = REQUEST_BYTES_MAX;
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
      const { status, written } = this.#serve(chain);
      scatterBytes(chain.writable, chain.writableBytes - 1, Uint8Array.of(status));
      // Only what is written without a gap counts: the status does where all before it was written too.
      queue?.push(chain, written === chain.writableBytes - 1 ? chain.writableBytes : written);
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
    throw new VmError(
      "snapshot_invalid",
      "The snapshot's disk is of another size. Restore it with the disk it was taken with.",
    );
  }

  #serve(chain: Chain): Outcome {
    try {
      return this.#perform(openRequest(chain));
    } catch (error) {
      if (error instanceof VmError) return ended(STATUS.failed);
      throw error;
    }
  }

  #perform(request: Request): Outcome {
    const writes =
      request.type === REQUEST.write || request.type === REQUEST.discard || request.type === REQUEST.writeZeroes;
    if (writes && this.#backend.readOnly) return ended(STATUS.failed);
    switch (request.type) {
      case REQUEST.read:
        return this.#read(request);
      case REQUEST.write:
        return this.#write(request);
      case REQUEST.flush:
        this.#backend.flush();
        return ended(STATUS.ok);
      case REQUEST.identify:
        return { status: STATUS.ok, written: scatterBytes(request.into, 0, this.#serial) };
      case REQUEST.discard:
      case REQUEST.writeZeroes:
        return ended(this.#clear(request));
      default:
        return ended(STATUS.unsupported);
    }
  }

  #read({ sector, into }: Request): Outcome {
    const length = totalBytes(into);
    if (!this.#covers(sector, length)) return ended(STATUS.failed);
    let offset = sector * SECTOR_BYTES;
    for (const view of into) {
      this.#backend.read(offset, view);
      offset += view.length;
    }
    return { status: STATUS.ok, written: length };
  }

  #write({ sector, data }: Request): Outcome {
    if (!this.#covers(sector, totalBytes(data))) return ended(STATUS.failed);
    let offset = sector * SECTOR_BYTES;
    for (const view of data) {
      this.#backend.write(offset, view);
      offset += view.length;
    }
    return ended(STATUS.ok);
  }

  /** Discards or fills with zeroes the one range that a request may name. A disk that can't discard may keep what is there. */
  #clear({ type, data }: Request): Status {
    const bytes = gatherBytes(data, 0, SEGMENT_BYTES);
    if (bytes.length < SEGMENT_BYTES || totalBytes(data) !== SEGMENT_BYTES) return STATUS.failed;
    const view = new DataView(bytes.buffer);
    const sectors = view.getUint32(8, true);
    const flags = view.getUint32(12, true);
    if ((flags & ~(type === REQUEST.writeZeroes ? UNMAP : 0)) !== 0) return STATUS.unsupported;
    const sector = readSector(view, 0);
    if (sectors > RANGE_SECTORS_MAX || !this.#covers(sector, sectors * SECTOR_BYTES)) return STATUS.failed;
    const [offset, length] = [sector * SECTOR_BYTES, sectors * SECTOR_BYTES];
    if (this.#backend.zero !== undefined) this.#backend.zero(offset, length);
    else if (type === REQUEST.writeZeroes) this.#writeZeroes(offset, length);
    return STATUS.ok;
  }

  #writeZeroes(offset: number, length: number): void {
    for (let done = 0; done < length; done += ZEROES.length) {
      this.#backend.write(offset + done, ZEROES.subarray(0, length - done));
    }
  }

  #covers(sector: number, length: number): boolean {
    return length % SECTOR_BYTES === 0 && sector + length / SECTOR_BYTES <= this.#sectors;
  }
}

/** The last byte that the device may write is the status; header, data and room for data may be cut up anyhow (section 5.2.6.3). */
function openRequest(chain: Chain): Request {
  const header = new DataView(gatherBytes(chain.readable, 0, HEADER_BYTES).buffer);
  return {
    type: header.getUint32(0, true),
    sector: readSector(header, 8),
    data: skipBytes(chain.readable, HEADER_BYTES),
    into: takeBytes(chain.writable, chain.writableBytes - 1),
  };
}

/** What is beyond 2^53 loses its lower bits, and is beyond every disk. */
function readSector(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}

function totalBytes(views: readonly Uint8Array[]): number {
  return views.reduce((sum, view) => sum + view.length, 0);
}
