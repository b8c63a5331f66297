/** Makes a load, in a process of its own: `make-load.ts PLAN`, a {@link LoadPlan} in JSON. Prints a {@link LoadResult}. */
import { Pool } from "undici";
import { Conversation, PACED_BODY, SHORT_BODY } from "./conversation.ts";
import { type LoadPlan, type LoadResult, PACE_MS } from "./load-plan.ts";

const plan = JSON.parse(process.argv[2] ?? "") as LoadPlan;
const firstBytes: number[] = [];
const chunks: number[] = [];
const pool = new Pool(plan.origin, { connections: plan.connections, pipelining: 1 });
const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01", ...plan.headers };

const clients = Array.from({ length: plan.connections }, (_, index) => createClient(index));
const send = async (requests: number): Promise<number> => {
  let left = requests;
  const startedAt = performance.now();
  const isWanted = (): boolean => left-- > 0;
  await Promise.all(clients.map((run) => run(isWanted)));
  return (performance.now() - startedAt) / 1000;
};
await send(plan.warmUp);
firstBytes.length = chunks.length = 0;
const seconds = await send(plan.requests);
const result: LoadResult = { firstBytes, chunks, seconds };
process.stdout.write(`${JSON.stringify(result)}\n`);
await pool.close();

/** Sends one request after the other, as long as more are wanted. */
type Client = (isWanted: () => boolean) => Promise<void>;

/** Made before any clock runs: a conversation takes some 15 ms, which are not the contender's. */
function createClient(index: number): Client {
  const conversation = plan.kind === "large" ? new Conversation(nameOf(plan.number, index)) : undefined;
  const fixed = plan.kind === "paced" ? PACED_BODY : SHORT_BODY;
  return async (isWanted) => {
    // Streams of real agents do not beat in time.
    if (plan.kind === "paced")
      await new Promise((resolve) => setTimeout(resolve, (index * PACE_MS) / plan.connections));
    while (isWanted()) await ask(conversation?.next() ?? fixed);
  };
}

/** Two characters for the load, two for the client: texts that a gateway has seen in an earlier load would cost it less. */
function nameOf(load: number, client: number): string {
  return [load, client].map((number) => (number % 36 ** 2).toString(36).padStart(2, "0")).join("");
}

async function ask(body: Buffer): Promise<void> {
  const askedAt = performance.now();
  const answer = await pool.request({ method: "POST", path: "/v1/messages", headers, body });
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${(await answer.body.text()).slice(0, 500)}`);
  let isFirst = true;
  let tail = "";
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    const now = process.hrtime.bigint();
    if (isFirst) firstBytes.push(performance.now() - askedAt);
    isFirst = false;
    const text = chunk.toString("latin1");
    if (plan.kind === "paced") readTimes(text, now);
    tail = text;
  }
  if (!tail.includes("message_stop")) throw new Error(`The answer did not come to its end: ${tail.slice(-200)}`);
}

function readTimes(text: string, now: bigint): void {
  for (const [, written] of text.matchAll(/at (\d{10,}) some/g)) chunks.push(Number(now - BigInt(written ?? 0)) / 1e6);
}
