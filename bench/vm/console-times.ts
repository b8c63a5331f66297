/** Times of a machine's workloads, by what its console says and when. */

/** What something took. */
export type Spent = {
  /** On the wall's clock, in s. */
  readonly seconds: number;
  /** Of all of the host's processors, in s. */
  readonly processorSeconds: number;
};

/** What one run of a machine showed. */
export type MachineTimes = {
  /** From the start until the machine's first program ran. */
  readonly boot: Spent;
  readonly workloads: ReadonlyMap<string, Workload>;
};

/** One workload: what it took, its exit status, and what it printed. */
export type Workload = Spent & { readonly status: number; readonly output: readonly string[] };

/** What a machine has taken since its start. */
export type Meter = () => Spent;

type OpenTimes = {
  boot?: Spent;
  isDone: boolean;
  readonly begun: Map<string, Spent>;
  readonly ended: Map<string, Spent & { readonly status: number; readonly output: string[] }>;
};

const MAX_LINE = 4096;
const MAX_LINES_OF_OUTPUT = 200;
const NOTHING: Spent = { seconds: Number.NaN, processorSeconds: Number.NaN };

/**
 * Reads a console until `guest/init` says that it is done. A line's time is that of the piece that completes it.
 * @throws Error with the end of what the console said where it ends before that
 */
export async function readConsoleTimes(console: AsyncIterable<Uint8Array>, meter: Meter): Promise<MachineTimes> {
  const times: OpenTimes = { isDone: false, begun: new Map(), ended: new Map() };
  let tail = "";
  for await (const piece of console) {
    const spent = meter();
    const lines = (tail + Buffer.from(piece).toString("latin1")).split("\n");
    tail = (lines.pop() ?? "").slice(-MAX_LINE);
    for (const line of lines) takeLine(times, line.trim(), spent);
    if (times.isDone && times.boot !== undefined) return { boot: times.boot, workloads: times.ended };
  }
  throw new Error(
    `The machine ended before its workloads did; ${times.ended.size} had. Its console's last words: ${tail}`,
  );
}

function takeLine(times: OpenTimes, line: string, spent: Spent): void {
  const [mark = "", name = "", ...rest] = line.split(" ");
  if (mark === "@ready") times.boot ??= spent;
  if (mark === "@begin") times.begun.set(name, spent);
  if (mark === "@done") times.isDone = true;
  if (mark === "@end") {
    const taken = subtract(spent, times.begun.get(name) ?? NOTHING);
    times.ended.set(name, { ...taken, status: Number(rest[0]), output: [] });
  }
  if (mark === "@output") takeOutput(times.ended.get(name)?.output ?? [], rest.join(" "));
}

function takeOutput(output: string[], line: string): void {
  if (output.length < MAX_LINES_OF_OUTPUT) output.push(line);
}

function subtract(end: Spent, begin: Spent): Spent {
  return {
    seconds: end.seconds - begin.seconds,
    processorSeconds: end.processorSeconds - begin.processorSeconds,
  };
}
