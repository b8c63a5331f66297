/** How often the scenario does each thing; of some it may be told another number, to try it out: `BENCH_COUNTS=clones=3,cycles=2`. */
const DEFAULTS = {
  /** Sandboxes that are started. */
  sandboxes: 50,
  /** Programs that are run, for each kind of machine. */
  programs: 50,
  /** Virtual machines that boot. */
  boots: 3,
  /** Virtual machines that are cloned from a template, one after the other. */
  clones: 20,
  /** Clones that are made at once. */
  together: 8,
  /** Snapshots of the large machine. */
  snapshots: 5,
  /** Files that are moved each way. */
  transfers: 5,
  containers: 10,
  /** Times of pausing and going on, and as many of saving and going back. */
  cycles: 100,
  /** Times of going back to a snapshot of the disk alone, after which the machine boots. */
  diskCycles: 5,
};

/** The counts of this run. */
export const COUNTS: Readonly<typeof DEFAULTS> = { ...DEFAULTS, ...readCounts(process.env["BENCH_COUNTS"] ?? "") };

function readCounts(text: string): Partial<typeof DEFAULTS> {
  const words = text.split(",").filter((word) => word !== "");
  return Object.fromEntries(
    words.map((word) => {
      const [, name = "", count] = /^(\w+)=([1-9]\d{0,4})$/.exec(word) ?? [];
      if (Object.hasOwn(DEFAULTS, name)) return [name, Number(count)];
      throw new Error(`BENCH_COUNTS: expected ${Object.keys(DEFAULTS).join("=N, ")}=N, got ${word}.`);
    }),
  );
}
