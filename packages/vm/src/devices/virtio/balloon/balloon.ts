/** Traditional memory balloon (virtio 1.2, section 5.5): the guest lends pages of its memory to the host. */

import type { DeviceState } from "../../../bus/port.ts";
import { gatherBytes } from "../buffers.ts";
import { toFeatures, type Queue, type VirtioDevice, type VirtioHost } from "../port.ts";
import { stateNumber } from "../state.ts";

/** Feature: the driver says before it uses pages again. */
const MUST_TELL_HOST = 0;
/** Feature: statistics of the guest's memory. */
const STATISTICS = 1;

const QUEUE = { inflate: 0, deflate: 1, statistics: 2 } as const;

/** Pages of one request: the driver's own array holds 256 (section 5.5.6 names no bound). */
const PAGES_MAX = 4096;

/** A statistic: its tag in 2 bytes, its value in 8. */
const STATISTIC_BYTES = 10;
const STATISTICS_MAX = 64;

/** What the guest says of its memory, by the tags of section 5.5.6.4 (0 swapped in … 4 free bytes, 5 total bytes, 6 available bytes …). */
export type BalloonStatistics = ReadonlyMap<number, number>;

/** What a balloon tells its machine. Page numbers are physical addresses divided by 4096, and the guest's own claim: check them. */
export type BalloonOptions = {
  /** The guest gave these pages up: their content is worthless. */
  readonly onInflate: (pages: readonly number[]) => void;
  /** The guest uses these pages again. */
  readonly onDeflate?: (pages: readonly number[]) => void;
  readonly onStatistics?: (statistics: BalloonStatistics) => void;
};

/** A balloon, with the host's side of it. */
export interface VirtioBalloon extends VirtioDevice {
  /** Pages of 4096 bytes that the guest has lent. */
  readonly actualPages: number;
  /** Asks the guest to lend so many pages in all. */
  setTarget(pages: number): void;
  /** Asks for fresh statistics: `onStatistics` is called when they come. Does nothing where the guest has sent none yet. */
  requestStatistics(): void;
}

/** Makes a balloon. */
export function createVirtioBalloon(options: BalloonOptions): VirtioBalloon {
  return new Balloon(options);
}

class Balloon implements VirtioBalloon {
  readonly deviceId = 5;
  readonly features = toFeatures([MUST_TELL_HOST, STATISTICS]);
  readonly queueCount = 3;
  readonly queueSize = 128;
  /** num_pages, then actual (section 5.5.4). */
  readonly config: Uint8Array = new Uint8Array(8);
  readonly #options: BalloonOptions;
  readonly #fields: DataView;
  #host: VirtioHost | undefined;

  constructor(options: BalloonOptions) {
    this.#options = options;
    this.#fields = new DataView(this.config.buffer);
  }

  get actualPages(): number {
    return this.#fields.getUint32(4, true);
  }

  setTarget(pages: number): void {
    this.#fields.setUint32(0, Math.min(Math.max(0, Math.trunc(pages)), 0xffff_ffff), true);
    this.#host?.configChanged();
  }

  requestStatistics(): void {
    const queue = this.#host?.queue(QUEUE.statistics);
    const chain = queue?.pop();
    if (chain !== undefined) queue?.push(chain, 0);
  }

  connect(host: VirtioHost): void {
    this.#host = host;
  }

  writeConfig(offset: number, size: number, value: number): void {
    if (offset === 4 && size === 4) this.#fields.setUint32(4, value, true);
  }

  notify(index: number): void {
    const queue = this.#host?.queue(index);
    if (queue === undefined) return;
    if (index === QUEUE.statistics) this.#readStatistics(queue);
    else this.#readPages(queue, index === QUEUE.inflate ? this.#options.onInflate : this.#options.onDeflate);
  }

  reset(): void {
    this.#fields.setUint32(4, 0, true);
  }

  save(): DeviceState {
    return { target: this.#fields.getUint32(0, true), actual: this.actualPages };
  }

  restore(state: DeviceState): void {
    this.#fields.setUint32(0, stateNumber(state, "target"), true);
    this.#fields.setUint32(4, stateNumber(state, "actual"), true);
  }

  #readPages(queue: Queue, tell: ((pages: readonly number[]) => void) | undefined): void {
    for (let chain = queue.pop(); chain !== undefined; chain = queue.pop()) {
      const bytes = gatherBytes(chain.readable, 0, PAGES_MAX * 4);
      const view = new DataView(bytes.buffer);
      const pages = Array.from({ length: Math.floor(bytes.length / 4) }, (_page, at) => view.getUint32(at * 4, true));
      tell?.(pages);
      queue.push(chain, 0);
    }
  }

  /** The driver's buffer stays in the queue: giving it back is what asks for the next statistics (section 5.5.6.3). */
  #readStatistics(queue: Queue): void {
    const chain = queue.peek();
    if (chain === undefined) return;
    const bytes = gatherBytes(chain.readable, 0, STATISTICS_MAX * STATISTIC_BYTES);
    const view = new DataView(bytes.buffer);
    const statistics = new Map<number, number>();
    for (let at = 0; at + STATISTIC_BYTES <= bytes.length; at += STATISTIC_BYTES) {
      statistics.set(
        view.getUint16(at, true),
        view.getUint32(at + 6, true) * 0x1_0000_0000 + view.getUint32(at + 2, true),
      );
    }
    this.#options.onStatistics?.(statistics);
  }
}
