/** The workloads under Linux, on each engine in turns. */
import { join } from "node:path";
import { type Measurement, type Round, type Target } from "../measurement.ts";
import type { MachineTimes, Spent } from "./console-times.ts";
import { cloister, qemu, v86 } from "./engines.ts";
import { geometricMean } from "./geometric-mean.ts";
import { prepareI386BootFiles } from "./i386-boot-files.ts";
import { type Place, takeTurn } from "./place.ts";
import { ROUNDS, WANTED } from "./settings.ts";
import { COREMARK_ITERATIONS, PROGRAMS } from "./workloads.ts";

/** What each engine did in one round. */
type Taken = {
  readonly cloister: MachineTimes;
  /** Cloister's again, with what an earlier run of the same compiled. */
  readonly kept: MachineTimes;
  readonly qemu: MachineTimes;
  readonly v86?: MachineTimes;
};
/** Which of Cloister's two. */
type Own = "cloister" | "kept";

const OWN = ["cloister", "kept"] as const;
const CODE: Readonly<Record<Own, string>> = {
  cloister: "without code cache",
  kept: "with what an earlier run compiled",
};
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
  const cache = join(place.folder, "workloads-code");
  await takeTurn(place, cloister(place, ["--cache", cache]));
  const i386 = WANTED.has("v86") ? await prepareI386BootFiles(place.folder) : undefined;
  const taken: Taken[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    taken.push({
      cloister: await takeTurn(place, cloister(place, ["--no-cache"])),
      qemu: await takeTurn(place, qemu(place)),
      kept: await takeTurn(place, cloister(place, ["--cache", cache])),
      ...(i386 === undefined ? {} : { v86: await takeTurn(place, v86({ files: i386 })) }),
    });
  const rows = OWN.flatMap((own) => [
    ...place.files.workloads.flatMap((name) => workloadRows(taken, own, name)),
    kernelsRow(taken, own),
  ]);
  return [...rows, ...besideV86(place, taken), differingRow(place, taken)];
}

function workloadRows(taken: readonly Taken[], own: Own, name: string): Measurement[] {
  const title = `Workload \`${name}\`, ${CODE[own]}`;
  const target = TARGETS[name];
  const wall = beside(taken, [own, "qemu"], (times) => spentOn(times, name).seconds);
  const first: Measurement =
    name === "coremark"
      ? { name: title, unit: "/s", peer: QEMU, rounds: wall.map(toRates), target: COREMARK_TARGET }
      : { name: title, unit: "s", peer: QEMU, rounds: wall, ...(target === undefined ? {} : { target }) };
  const processor = beside(taken, [own, "qemu"], (times) => spentOn(times, name).processorSeconds);
  return [first, { name: `${title}: the host's processor time`, unit: "s", peer: QEMU, rounds: processor }];
}

function kernelsRow(taken: readonly Taken[], own: Own): Measurement {
  const rounds = beside(taken, [own, "qemu"], (times) =>
    geometricMean(PROGRAMS.map((name) => spentOn(times, name).seconds)),
  );
  const name = `Workloads \`${PROGRAMS.join("`, `")}\`, ${CODE[own]}: geometric mean`;
  return { name, unit: "s", peer: QEMU, rounds, target: KERNELS_TARGET };
}

function besideV86({ files }: Place, taken: readonly Taken[]): Measurement[] {
  const row = (name: string, figure: (times: MachineTimes) => number): Measurement => {
    return {
      name: `${name}, ${CODE.cloister}`,
      unit: "s",
      peer: V86,
      rounds: beside(taken, ["cloister", "v86"], figure),
    };
  };
  const rows = files.workloads.map((name) => row(`Workload \`${name}\``, (times) => spentOn(times, name).seconds));
  return [...rows, row("Boot to the first program", ({ boot }) => boot.seconds)].filter(
    ({ rounds }) => rounds.length > 0,
  );
}

/** Work that was done wrongly is not worth a time. */
function differingRow({ files }: Place, taken: readonly Taken[]): Measurement {
  const engines = taken.flatMap((round) => [
    round.cloister,
    round.kept,
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
function beside(
  taken: readonly Taken[],
  [own, peer]: readonly [Own, "qemu" | "v86"],
  figure: (times: MachineTimes) => number,
): Round[] {
  return taken.flatMap(({ [own]: ours, [peer]: other }) => {
    const theirs = other === undefined ? Number.NaN : figure(other);
    return Number.isNaN(theirs) ? [] : [{ cloister: [figure(ours)], peer: [theirs] }];
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
