/** What a machine asks of whoever runs it: time, chance, and to be let go on. The engine has none of these of its own. */
export interface MachineHost {
  /** Monotonic time, in ns. */
  now(): number;
  /** Time of day, in ns since 1970-01-01 UTC. */
  wallClock(): number;
  /** Fills a buffer with bytes that nobody can guess. */
  random(into: Uint8Array): void;
  /** Lets the host do other things; resolves soon. */
  breathe(): Promise<void>;
  /**
   * Resolves after a time, or before.
   * @param milliseconds more than 0
   * @param onWake is handed what ends the sleep; calling that later does nothing
   */
  sleep(milliseconds: number, onWake: (wake: () => void) => void): Promise<void>;
}
