/** A way to compress blocks. The host brings those that it has; without any, snapshots are stored as they are. */
export interface BlockCodec {
  /** Stands in the snapshot: `zstd`, `deflate-raw`. */
  readonly name: string;
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * Undoes `compress`. The bytes may be anybody's.
   * @param length what there should be; no more than that may be made of them
   * @throws where they can't be expanded
   */
  expand(bytes: Uint8Array, length: number): Promise<Uint8Array>;
}
