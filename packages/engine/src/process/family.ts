import { type ProcessEntry, processTable } from "./process-table.ts";

/**
 * The descendants of one process (its leader). No single sign finds them all, so three are used:
 *
 * D1. Descent: whoever is in the leader's session or group, is a child of a member, or was once seen to be one. Seen means at a look; between two looks a
 *     process can come and lose its parent.
 * D2. Marker: whoever was started with the marker in its environment.
 * D3. Output: whoever has the leader's own standard output or standard error as one of its own.
 *
 * Members are known by number and start, so that a number used again is never mistaken for one.
 */
export class Family {
  readonly #leader: number;
  readonly #newer: () => readonly ProcessEntry[];
  readonly #isMarked: () => (entry: ProcessEntry) => boolean;
  readonly #outputs: ReadonlySet<string>;
  #known = new Map<number, string>();
  #leaderEnded = false;

  /** Must be made right after the start of `leader`, while its outputs are what it was given. */
  constructor(leader: number, marker: string) {
    this.#leader = leader;
    this.#newer = processTable.newerThan(leader);
    this.#isMarked = () => processTable.markedBelow(marker);
    this.#outputs = new Set([1, 2].flatMap((descriptor) => processTable.outputOf(leader, descriptor) ?? []));
  }

  /** The leader has ended and was waited for: from now on its number may belong to somebody else. */
  leaderEnded(): void {
    this.#leaderEnded = true;
  }

  /** Looks at descent alone, and remembers who was seen. Cheap enough to be called every second. */
  remember(): void {
    this.#members(() => false);
  }

  /** Every living member by any of the signs, without the leader. */
  find(): readonly ProcessEntry[] {
    const isMarked = this.#isMarked();
    return this.#members((entry) => isMarked(entry) || this.#hasOutput(entry));
  }

  #members(isMember: (entry: ProcessEntry) => boolean): readonly ProcessEntry[] {
    const entries = this.#newer();
    const isReused = this.#leaderEnded && entries.some((entry) => entry.pid === this.#leader);
    const others = entries.filter((entry) => entry.pid !== this.#leader);
    const roots = others.filter((entry) => this.#descends(entry, isReused) || isMember(entry));
    const members = withDescendants(roots, others);
    this.#known = new Map(members.map((entry) => [entry.pid, entry.start]));
    return members;
  }

  #descends(entry: ProcessEntry, isReused: boolean): boolean {
    if (this.#known.get(entry.pid) === entry.start) return true;
    if (isReused) return false;
    const isChild = !this.#leaderEnded && entry.parent === this.#leader;
    return isChild || entry.session === this.#leader || entry.group === this.#leader;
  }

  #hasOutput(entry: ProcessEntry): boolean {
    if (this.#outputs.size === 0) return false;
    return [1, 2].some((descriptor) => this.#outputs.has(processTable.outputOf(entry.pid, descriptor) ?? ""));
  }
}

/** `roots`, and whoever in `entries` descends from them. */
export function withDescendants(roots: readonly ProcessEntry[], entries: readonly ProcessEntry[]): ProcessEntry[] {
  const children = Map.groupBy(entries, (entry) => entry.parent);
  const members = new Set(roots);
  // A set's iteration reaches what is added on the way.
  for (const member of members) for (const child of children.get(member.pid) ?? []) members.add(child);
  return [...members];
}
