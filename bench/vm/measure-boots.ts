/** From the start of a machine's process to its first program: with and without what earlier boots left behind. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Measurement, Round, Target } from "../measurement.ts";
import type { Spent } from "./console-times.ts";
import { cloister, cloisterRun, qemu } from "./engines.ts";
import { type Place, takeTurn } from "./place.ts";
import { type Command, runToEnd } from "./run-machine.ts";
import { cachedShare, compiledUnits, readRunStatistics, type RunStatistics } from "./run-statistics.ts";
import { ROUNDS } from "./settings.ts";
import { ASK } from "./workloads.ts";

const NO_WORKLOAD = "";

/** Ways to a machine's first program. */
type Way = "qemu" | "cold" | "first" | "second" | "snapshot";
type Statistics = { readonly first: RunStatistics; readonly second: RunStatistics };
type Taken = Readonly<Record<Way, Spent>> & { readonly statistics: Statistics };

/** A row: the figures of two ways. */
type Row = { readonly name: string; readonly of: Way; readonly beside: Way; readonly target?: Target };

const ROWS: readonly Row[] = [
  { name: "Boot, without code cache", of: "cold", beside: "qemu", target: { of: "ratio", atMost: 1.5 } },
  { name: "Boot, code cache empty", of: "first", beside: "qemu" },
  {
    name: "Second boot, with what the first one compiled",
    of: "second",
    beside: "qemu",
    target: { of: "ratio", atMost: 1 },
  },
  {
    name: "Second boot, with what the first one compiled",
    of: "second",
    beside: "first",
    target: { of: "ratio", atMost: 0.75 },
  },
  {
    name: "Back from a snapshot, to a program that answers",
    of: "snapshot",
    beside: "qemu",
    target: { of: "ratio", atMost: 0.15 },
  },
];

const PEERS: Readonly<Partial<Record<Way, string>>> = {
  qemu: "QEMU boots, by TCG",
  first: "the first boot, code cache empty",
};

/** Measures them. */
export async function measureBoots(place: Place): Promise<Measurement[]> {
  const snapshot = await saveSnapshot(place);
  const taken: Taken[] = [];
  for (let round = 0; round < ROUNDS; round += 1) taken.push(await takeRound(place, snapshot, round));
  return [...ROWS.flatMap((row) => bootRows(row, taken)), ...cacheRows(taken)];
}

/** A machine that waits for a line on its console. @returns the path of its snapshot */
async function saveSnapshot(place: Place): Promise<string> {
  const snapshot = join(place.folder, "snapshot");
  await runToEnd(cloister({ ...place, workload: ASK }, ["--save", snapshot, "--save-on", "@waiting"]));
  return snapshot;
}

async function takeRound(place: Place, snapshot: string, round: number): Promise<Taken> {
  const boot = { ...place, workload: NO_WORKLOAD };
  const cache = join(place.folder, `cache-${round}`);
  mkdirSync(cache);
  const files = { first: join(cache, "first.json"), second: join(cache, "second.json") };
  const cached = (stats: string): Command => cloister(boot, ["--cache", join(cache, "code"), "--stats", stats]);
  const take = async (command: Command): Promise<Spent> => (await takeTurn(place, command)).boot;
  return {
    cold: await take(cloister(boot, ["--no-cache"])),
    qemu: await take(qemu(boot)),
    first: await take(cached(files.first)),
    second: await take(cached(files.second)),
    snapshot: await take({ ...cloisterRun(["--restore", snapshot]), input: "hello\n" }),
    statistics: { first: readRunStatistics(files.first), second: readRunStatistics(files.second) },
  };
}

function bootRows({ name, of, beside, target }: Row, taken: readonly Taken[]): Measurement[] {
  const peer = PEERS[beside] ?? "";
  const rounds = (figure: keyof Spent): Round[] =>
    taken.map((round) => ({ cloister: [round[of][figure]], peer: [round[beside][figure]] }));
  return [
    { name, unit: "s", peer, rounds: rounds("seconds"), ...(target === undefined ? {} : { target }) },
    { name: `${name}: the host's processor time`, unit: "s", peer, rounds: rounds("processorSeconds") },
  ];
}

function cacheRows(taken: readonly Taken[]): Measurement[] {
  const units = taken.map(({ statistics: { first, second } }) => ({
    cloister: [compiledUnits(second)],
    peer: [compiledUnits(first)],
  }));
  const shares = taken.map(({ statistics: { second } }) => ({ cloister: [cachedShare(second)], peer: [] }));
  return [
    {
      name: "Second boot: instructions that ran in code from the cache",
      unit: "%",
      peer: "",
      rounds: shares,
      target: { of: "cloister", atLeast: 97 },
    },
    { name: "Second boot: units compiled", unit: "units", peer: PEERS.first ?? "", rounds: units },
  ];
}
