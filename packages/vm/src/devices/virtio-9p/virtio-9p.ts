import type { DeviceState } from "../../bus/port.ts";
import { VmError } from "../../error.ts";
import { gatherBytes, scatterBytes } from "../virtio/buffers.ts";
import { toFeatures, type VirtioDevice, type VirtioHost } from "../virtio/port.ts";
import type { FileTree } from "./port.ts";
import { MESSAGE_BYTES_MAX, NinePServer } from "./server.ts";
import { encodeText } from "./text.ts";

/** 9P transport (device 9 of virtio's registry; configuration as Linux's include/uapi/linux/virtio_9p.h has it). */

const DEVICE_ID = 9;
const FEATURE_MOUNT_TAG = 0;
const TAG_BYTES_MAX = 255;

/** A shared tree of files. */
export type Virtio9pOptions = {
  /** What the guest mounts it by: 1 to 255 bytes. */
  readonly tag: string;
  readonly tree: FileTree;
  /** True unless it is said otherwise. */
  readonly readOnly?: boolean;
};

/**
 * Makes a 9P device.
 * @throws VmError `option_invalid` where the tag is empty or too long
 */
export function createVirtio9p({ tag, tree, readOnly = true }: Virtio9pOptions): VirtioDevice {
  const bytes = encodeText(tag);
  if (bytes.length === 0 || bytes.length > TAG_BYTES_MAX) {
    throw new VmError("option_invalid", `A mount tag has 1 to ${TAG_BYTES_MAX} bytes, not ${bytes.length}.`);
  }
  return new Virtio9p(bytes, new NinePServer(tree, readOnly));
}

class Virtio9p implements VirtioDevice {
  readonly deviceId = DEVICE_ID;
  readonly features = toFeatures([FEATURE_MOUNT_TAG]);
  readonly queueCount = 1;
  readonly queueSize = 128;
  readonly config: Uint8Array;
  readonly #server: NinePServer;
  #host: VirtioHost | undefined;

  constructor(tag: Uint8Array, server: NinePServer) {
    this.#server = server;
    this.config = new Uint8Array([tag.length, 0, ...tag]);
  }

  connect(host: VirtioHost): void {
    this.#host = host;
  }

  notify(index: number): void {
    const queue = this.#host?.queue(index);
    for (let chain = queue?.pop(); chain !== undefined; chain = queue?.pop()) {
      const message = gatherBytes(chain.readable, 0, MESSAGE_BYTES_MAX);
      const answer = this.#server.answer(message, chain.writableBytes);
      queue?.push(chain, answer === undefined ? 0 : scatterBytes(chain.writable, 0, answer));
    }
  }

  reset(): void {
    this.#server.reset();
  }

  save(): DeviceState {
    return this.#server.save();
  }

  restore(state: DeviceState): void {
    this.#server.restore(state);
  }
}
