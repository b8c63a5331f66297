/** A part of a range that lies within one cluster. */
export type ClusterPart = {
  /** Number of the cluster. */
  readonly cluster: number;
  /** Where the part begins within the cluster, in bytes. */
  readonly within: number;
  /** Where it begins within the range, in bytes. */
  readonly from: number;
  readonly length: number;
};

/** Cuts a range at the borders of clusters. @param length of the range, in bytes */
export function* clusterParts(offset: number, length: number, clusterBytes: number): Generator<ClusterPart> {
  for (let from = 0; from < length;) {
    const cluster = Math.floor((offset + from) / clusterBytes);
    const within = offset + from - cluster * clusterBytes;
    const part = Math.min(length - from, clusterBytes - within);
    yield { cluster, within, from, length: part };
    from += part;
  }
}
