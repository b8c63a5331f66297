/** Copy on write in memory: a disk that leaves the one under it as it is. */

import type { BlockBackend, DeviceState } from "../bus/port.ts";
import { VmError } from "../error.ts";
import { clusterParts } from "./parts.ts";

/** What is copied when one byte of it is written. */
export const OVERLAY_CLUSTER_BYTES: number = 64 * 1024;

/** A cluster that reads as zeroes has no bytes of its own. */
const ZERO_CLUSTER = new Uint8Array(0);

/** A disk over another one. */
export interface OverlayDisk extends BlockBackend {
  /** Numbers of the clusters that differ from the base, in order. */
  readonly changedClusters: readonly number[];
  /** The changed clusters, for a snapshot. */
  save(): DeviceState;
  /** @throws VmError `snapshot_invalid` where the state is not of an overlay of this size */
  restore(state: DeviceState): void;
}

/** Puts a writable layer over a disk, which is only read from; closing the overlay closes it. */
export function createOverlayDisk(base: BlockBackend): OverlayDisk {
  return new Overlay(base);
}

class Overlay implements OverlayDisk {
  readonly readOnly = false;
  readonly #base: BlockBackend;
  #clusters = new Map<number, Uint8Array>();

  constructor(base: BlockBackend) {
    this.#base = base;
  }

  get sizeBytes(): number {
    return this.#base.sizeBytes;
  }

  get changedClusters(): readonly number[] {
    return [...this.#clusters.keys()].sort((left, right) => left - right);
  }

  read(offset: number, into: Uint8Array): void {
    for (const { cluster, within, from, length } of clusterParts(offset, into.length, OVERLAY_CLUSTER_BYTES)) {
      const part = into.subarray(from, from + length);
      const changed = this.#clusters.get(cluster);
      if (changed === undefined) this.#base.read(offset + from, part);
      else if (changed === ZERO_CLUSTER) part.fill(0);
      else part.set(changed.subarray(within, within + length));
    }
  }

  write(offset: number, bytes: Uint8Array): void {
    for (const { cluster, within, from, length } of clusterParts(offset, bytes.length, OVERLAY_CLUSTER_BYTES)) {
      this.#own(cluster).set(bytes.subarray(from, from + length), within);
    }
  }

  zero(offset: number, length: number): void {
    for (const part of clusterParts(offset, length, OVERLAY_CLUSTER_BYTES)) {
      if (part.length === this.#clusterLength(part.cluster)) this.#clusters.set(part.cluster, ZERO_CLUSTER);
      else this.#own(part.cluster).fill(0, part.within, part.within + part.length);
    }
  }

  flush(): void {
    // Nothing outlives the machine that a flush could secure; a snapshot takes the clusters as they are.
  }

  close(): void {
    this.#clusters.clear();
    this.#base.close();
  }

  save(): DeviceState {
    const clusters = this.changedClusters.map((index) => ({
      index,
      bytes: this.#clusters.get(index)?.slice() ?? ZERO_CLUSTER,
    }));
    return { sizeBytes: this.sizeBytes, clusters };
  }

  restore(state: DeviceState): void {
    const { sizeBytes, clusters } = state;
    if (sizeBytes !== this.sizeBytes || !Array.isArray(clusters)) throw foreignState();
    this.#clusters = new Map((clusters as readonly DeviceState[]).map((cluster) => this.#readCluster(cluster)));
  }

  #readCluster({ index, bytes }: DeviceState): [number, Uint8Array] {
    const known = typeof index === "number" && Number.isInteger(index) && index >= 0 && this.#clusterLength(index) > 0;
    if (!known || !(bytes instanceof Uint8Array)) throw foreignState();
    if (bytes.length === 0) return [index, ZERO_CLUSTER];
    if (bytes.length !== this.#clusterLength(index)) throw foreignState();
    return [index, bytes.slice()];
  }

  /** The last cluster may be shorter than the others. */
  #clusterLength(cluster: number): number {
    return Math.min(OVERLAY_CLUSTER_BYTES, this.sizeBytes - cluster * OVERLAY_CLUSTER_BYTES);
  }

  /** A cluster to write to: copied from the base on the first write. */
  #own(cluster: number): Uint8Array {
    const changed = this.#clusters.get(cluster);
    if (changed !== undefined && changed !== ZERO_CLUSTER) return changed;
    const bytes = new Uint8Array(this.#clusterLength(cluster));
    if (changed === undefined) this.#base.read(cluster * OVERLAY_CLUSTER_BYTES, bytes);
    this.#clusters.set(cluster, bytes);
    return bytes;
  }
}

function foreignState(): VmError {
  return new VmError(
    "snapshot_invalid",
    "The snapshot's disk is of another size or shape. Restore it over the disk it was taken over.",
  );
}
