/** Times of a machine's workloads, by what its console says and when. */

/** What one run of a machine showed. */
export type MachineTimes = {
  /** From the start until the machine's first program ran, in s. */
  readonly bootSeconds: number;
  readonly workloads: ReadonlyMap<string, WorkloadTime>;
};

/** One workload: wall time in s, its exit status, and what it printed. */
export type WorkloadTime = { readonly seconds: number; readonly status: number; readonly output: readonly string[] };

type OpenTimes = {
  bootSeconds?: number;
  isDone: boolean;
  readonly begun: Map<string, number>;
  readonly ended: Map<string, Ended>;
};
type Ended = { readonly seconds: number; readonly status: number; readonly output: string[] };

const MAX_LINE = 4096;
const MAX_LINES_OF_OUTPUT = 200;

/**
 * Reads a console until `guest/init` says that it is done. The time of a line is that of the piece that completes it.
 * @param now in ms, on the same clock as `startedAt`
 * @throws Error with the end of what the console said where it ends before that
 */
export async function readConsoleTimes(
  console: AsyncIterable<Uint8Array>,
  { startedAt, now }: { readonly startedAt: number; readonly now: () => number },
): Promise<MachineTimes> {
  const times: OpenTimes = { isDone: false, begun: new Map(), ended: new Map() };
  let tail = "";
  for await (const piece of console) {
    const at = (now() - startedAt) / 1000;
    const lines = (tail + Buffer.from(piece).toString("latin1")).split("\n");
    tail = (lines.pop() ?? "").slice(-MAX_LINE);
    for (const line of lines) takeLine(times, line.trim(), at);
    if (times.isDone && times.bootSeconds !== undefined)
      return { bootSeconds: times.bootSeconds, workloads: times.ended };
  }
  throw new Error(
    `The machine ended before its workloads did; ${times.ended.size} had. Its console's last words: ${tail}`,
  );
}

function takeLine(times: OpenTimes, line: string, at: number): void {
  const [mark = "", name = "", ...rest] = line.split(" ");
  if (mark === "@ready") times.bootSeconds = at;
  if (mark === "@begin") times.begun.set(name, at);
  if (mark === "@done") times.isDone = true;
  if (mark === "@end") {
    const begun = times.begun.get(name) ?? Number.NaN;
    times.ended.set(name, { seconds: at - begun, status: Number(rest[0]), output: [] });
  }
  const output = times.ended.get(name)?.output;
  if (mark === "@output" && output !== undefined && output.length < MAX_LINES_OF_OUTPUT) output.push(rest.join(" "));
}
