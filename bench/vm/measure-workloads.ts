/** The workloads under Linux, on each engine in turns. */
import { type Measurement, type Round, type Target } from "../measurement.ts";
import type { MachineTimes, Spent } from "./console-times.ts";
import { cloister, qemu, v86 } from "./engines.ts";
import { geometricMean } from "./geometric-mean.ts";
import { prepareI386BootFiles } from "./i386-boot-files.ts";
import { type Place, takeTurn } from "./place.ts";
import { ROUNDS, WANTED } from "./settings.ts";
import { COREMARK_ITERATIONS, PROGRAMS } from "./workloads.ts";

/** What each engine did in one round. */
type Taken = { readonly cloister: MachineTimes; readonly qemu: MachineTimes; readonly v86?: MachineTimes };

const QEMU = "QEMU, system emulation by TCG";
const V86 = "v86, with an i386 guest";
/** The kernels have one target together; CoreMark's is about its rate. */
const TARGETS: Readonly<Record<string, Target>> = {
  "shell-loop": { of: "ratio", atMost: 1.5 },
  compress: { of: "ratio", atMost: 1 },
};
const COREMARK_TARGET: Target = { of: "ratio", atLeast: 1.2 };
const KERNELS_TARGET: Target = { of: "ratio", atMost: 1 };
/** Said differently each time: a rate, a time of day. The rest of what a workload prints must be equal. */
const COMPARED = /checksum|crc|^[0-9a-f]{32}/;

/** Measures them. */
export async function measureWorkloads(place: Place): Promise<Measurement[]> {
  const i386 = WANTED.has("v86") ? await prepareI386BootFiles(place.folder) : undefined;
  const taken: Taken[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    taken.push({
      cloister: await takeTurn(place, cloister(place, ["--no-cache"])),
      qemu: await takeTurn(place, qemu(place)),
      ...(i386 === undefined ? {} : { v86: await takeTurn(place, v86({ files: i386 })) }),
    });
  const rows = place.files.workloads.flatMap((name) => workloadRows(taken, name));
  return [...rows, kernelsRow(taken), ...bootBesideV86(taken), differingRow(place, taken)];
}

function workloadRows(taken: readonly Taken[], name: string): Measurement[] {
  const title = `Workload \`${name}\``;
  const target = TARGETS[name];
  const wall = beside(taken, "qemu", (times) => spentOn(times, name).seconds);
  const first: Measurement =
    name === "coremark"
      ? { name: title, unit: "/s", peer: QEMU, rounds: wall.map(toRates), target: COREMARK_TARGET }
      : { name: title, unit: "s", peer: QEMU, rounds: wall, ...(target === undefined ? {} : { target }) };
  const processor = beside(taken, "qemu", (times) => spentOn(times, name).processorSeconds);
  const other = beside(taken, "v86", (times) => spentOn(times, name).seconds);
  return [
    first,
    { name: `${title}: the host's processor time`, unit: "s", peer: QEMU, rounds: processor },
    ...(other.length === 0 ? [] : [{ name: title, unit: "s" as const, peer: V86, rounds: other }]),
  ];
}

function kernelsRow(taken: readonly Taken[]): Measurement {
  const rounds = beside(taken, "qemu", (times) => geometricMean(PROGRAMS.map((name) => spentOn(times, name).seconds)));
  const name = `Workloads \`${PROGRAMS.join("`, `")}\`: geometric mean`;
  return { name, unit: "s", peer: QEMU, rounds, target: KERNELS_TARGET };
}

function bootBesideV86(taken: readonly Taken[]): Measurement[] {
  const rounds = beside(taken, "v86", ({ boot }) => boot.seconds);
  return rounds.length === 0 ? [] : [{ name: "Boot to the first program", unit: "s", peer: V86, rounds }];
}

/** Work that was done wrongly is not worth a time. */
function differingRow({ files }: Place, taken: readonly Taken[]): Measurement {
  const engines = taken.flatMap((round) => [
    round.cloister,
    round.qemu,
    ...(round.v86 === undefined ? [] : [round.v86]),
  ]);
  const differing = files.workloads.filter((name) => {
    const printed = engines.flatMap(({ workloads }) => workloads.get(name) ?? []).map(describe);
    return new Set(printed).size !== 1;
  });
  return {
    name: "Workloads that fail, or print something else on another engine",
    unit: "workloads",
    peer: "",
    rounds: [{ cloister: [differing.length], peer: [] }],
    target: { of: "cloister", p50: 0 },
  };
}

function describe({ status, output }: { readonly status: number; readonly output: readonly string[] }): string {
  return [status, ...output.filter((line) => COMPARED.test(line))].join("\n");
}

/** Rounds in which the peer ran, with a figure of each. NaN, which a peer has that was not given the workload, counts for nothing. */
function beside(taken: readonly Taken[], peer: "qemu" | "v86", figure: (times: MachineTimes) => number): Round[] {
  return taken.flatMap(({ cloister, [peer]: other }) => {
    const theirs = other === undefined ? Number.NaN : figure(other);
    return Number.isNaN(theirs) ? [] : [{ cloister: [figure(cloister)], peer: [theirs] }];
  });
}

const NOTHING: Spent = { seconds: Number.NaN, processorSeconds: Number.NaN };

function spentOn({ workloads }: MachineTimes, name: string): Spent {
  return workloads.get(name) ?? NOTHING;
}

function toRates({ cloister, peer }: Round): Round {
  const rate = (seconds: number): number => COREMARK_ITERATIONS / seconds;
  return { cloister: cloister.map(rate), peer: peer.map(rate) };
}
