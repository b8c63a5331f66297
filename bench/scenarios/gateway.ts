/** What the gateway costs, beside nothing, a bare pipe, and Portkey's gateway: same provider, same load, in turns. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Contender, type ContenderName, startContenders } from "../gateway/contenders.ts";
import { PORTKEY } from "../gateway/install-portkey.ts";
import type { LoadKind, LoadPlan } from "../gateway/load-plan.ts";
import { type RanLoad, runLoad } from "../gateway/run-load.ts";
import type { Findings, Measurement, Scenario, Target } from "../measurement.ts";
import { readPeak } from "../peak-memory.ts";

/** How often every process is started anew: two of the same program were seen to differ by a tenth in processor time, all their life. */
const LIVES = 3;
/**
 * Rounds at the start of each life that do not count, as V8 compiles what runs: in the first three of twenty-four, beside those that
 * followed, the gateway had a fifth less of the pipe's rate. A gateway runs for days.
 */
const WARM_UP = 3;
/** Rounds after them that count. */
const ROUNDS = 4;

/**
 * Requests of each kind in a round, and how many are under way at once: as many streams as one credential may have. 5000 of 50 kB are
 * as many as may wait to be recorded; with more, some would not be.
 */
const LOADS: Readonly<Record<LoadKind, Pick<LoadPlan, "connections" | "warmUp" | "requests">>> = {
  paced: { connections: 16, warmUp: 0, requests: 64 },
  short: { connections: 32, warmUp: 1000, requests: 6000 },
  large: { connections: 32, warmUp: 1000, requests: 4000 },
};

/** The scenario. */
export const GATEWAY: Scenario = { name: "gateway", measure };

/** What is compared: rates are requests a second, costs are processor time. */
type Figure = "chunk" | "firstByte" | "shortRate" | "largeRate" | "shortCost" | "largeCost" | "memory";
type Taken = Readonly<Record<Figure, readonly number[]>>;
/** One of each round, as they are taken. */
type Figures = Map<ContenderName, readonly Taken[]>;

async function measure(): Promise<Findings> {
  const figures: Figures = new Map();
  for (let life = 0; life < LIVES; life += 1) await measureLife(figures);
  return { measurements: ROWS.map((row) => toMeasurement(row, figures)), breakdowns: [] };
}

async function measureLife(figures: Figures): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-bench-"));
  try {
    await using stack = new AsyncDisposableStack();
    const contenders = await startContenders(folder, stack);
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1)
      for (const contender of contenders) {
        const taken = await takeRound(contender);
        if (round >= WARM_UP) figures.set(contender.name, [...(figures.get(contender.name) ?? []), taken]);
      }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function takeRound(contender: Contender): Promise<Taken> {
  const run = (kind: LoadKind): Promise<RanLoad> => runLoad(contender, { kind, ...LOADS[kind] });
  const [paced, short, large] = [await run("paced"), await run("short"), await run("large")];
  return {
    chunk: paced.chunks,
    firstByte: paced.firstBytes,
    shortRate: [short.requestsPerSecond],
    largeRate: [large.requestsPerSecond],
    shortCost: [short.processorMs],
    largeCost: [large.processorMs],
    memory: [readPeak(contender.pid)],
  };
}

type Row = {
  readonly figure: Figure;
  readonly beside: ContenderName;
  readonly target?: Target;
  /** Left out: `cloister`. */
  readonly of?: ContenderName;
};

const ROWS: readonly Row[] = [
  { figure: "chunk", beside: "direct", target: { of: "difference", p50: 0.5 } },
  { figure: "chunk", beside: "pipe" },
  { figure: "chunk", beside: "portkey" },
  { figure: "firstByte", beside: "direct" },
  { figure: "firstByte", beside: "pipe" },
  { figure: "firstByte", beside: "portkey" },
  ...(["shortRate", "largeRate"] as const).flatMap((figure): Row[] => [
    { figure, beside: "pipe", target: { of: "ratio", atLeast: 1 / 1.5 } },
    { figure, beside: "portkey", target: { of: "ratio", atLeast: 3 } },
  ]),
  ...(["shortCost", "largeCost"] as const).flatMap((figure): Row[] => [
    { figure, beside: "pipe", target: { of: "ratio", atMost: 1.5 } },
    { figure, beside: "portkey" },
    { figure, beside: "cloister", of: "cloister-recording" },
  ]),
  { figure: "memory", beside: "pipe" },
  { figure: "memory", beside: "portkey" },
  { figure: "memory", beside: "cloister", of: "cloister-recording" },
];

const NAMES: Readonly<Record<Figure, readonly [name: string, unit: Measurement["unit"]]>> = {
  chunk: ["a chunk of 16 streams, from the provider to the agent", "ms"],
  firstByte: ["first byte of 16 streams", "ms"],
  shortRate: ["short requests", "/s"],
  largeRate: ["requests of 50 kB", "/s"],
  shortCost: ["processor time of a short request", "ms"],
  largeCost: ["processor time of a request of 50 kB", "ms"],
  memory: ["peak memory", "MB"],
};

const PEERS: Readonly<Record<ContenderName, string>> = {
  direct: "no gateway",
  pipe: "`node:http` pipe",
  portkey: PORTKEY,
  cloister: "the same without transcripts",
  "cloister-recording": "the same with transcripts",
};

function toMeasurement({ figure, beside, target, of = "cloister" }: Row, figures: Readonly<Figures>): Measurement {
  const [what, unit] = NAMES[figure];
  const peers = figures.get(beside) ?? [];
  const ours = figures.get(of) ?? [];
  return {
    name: `Gateway${of === "cloister" ? "" : " with transcripts"}: ${what}`,
    unit,
    peer: PEERS[beside],
    rounds: ours.map((taken, round) => ({ cloister: taken[figure], peer: peers[round]?.[figure] ?? [] })),
    ...(target === undefined ? {} : { target }),
  };
}
