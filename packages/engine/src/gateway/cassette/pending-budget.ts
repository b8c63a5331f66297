/** Bytes that recordings may hold in memory until they are written. */
export type PendingBudget = {
  /** Takes `bytes` where there is room. */
  take(bytes: number): boolean;
  give(bytes: number): void;
};

/** Makes a budget of `limit` bytes for all recordings together. */
export function createPendingBudget(limit: number): PendingBudget {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > limit) return false;
      taken += bytes;
      return true;
    },
    give(bytes) {
      taken -= bytes;
    },
  };
}
