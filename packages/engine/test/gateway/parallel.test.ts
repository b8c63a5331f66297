import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Budget, fromUsd, WIRES } from "@cloister/core";
import { parseScript, startModelServer } from "@cloister/testkit";
import { ask, post, type Settled, startTestGateway } from "./harness.ts";

const CLIENTS = 50;
const ROUNDS = 4;

/** Reproducible: the same numbers in every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A conversation a client, each of another size; every seventh answer is cut. */
function createScript(seed: number): Parameters<typeof parseScript>[0] {
  const random = createRandom(seed);
  const conversations = Array.from({ length: CLIENTS }, (_, client) => ({
    match: `client-${client}-`,
    turns: [
      {
        text: "word ".repeat(1 + random(200)),
        usage: { input: random(5000), cacheRead: random(3000), cacheWrite: 0, output: 1 + random(2000), reasoning: 0 },
        ...(client % 7 === 3 ? { fault: { type: "truncate", afterChunks: 2, times: "always" } } : {}),
      },
    ],
  }));
  return JSON.stringify({ conversations });
}

async function runClients(url: string, token: string, stream: (client: number) => boolean): Promise<number[]> {
  const statuses: number[] = [];
  const client = async (number: number): Promise<void> => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const wire = WIRES[(number + round) % WIRES.length] ?? "anthropic";
      const asked = ask(wire, token, { prompt: `client-${number}-`, stream: stream(number) });
      const response = await post(url, asked);
      statuses.push(response.status);
      await response.text().catch(() => undefined); // Cut, as the script says.
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  return statuses;
}

describe("many clients on one budget", () => {
  it("leave a ledger that equals the server's log exactly", async () => {
    await using model = await startModelServer({ script: parseScript(createScript(1)) });
    await using test = await startTestGateway(model.url);
    await runClients(test.gateway.url, test.token, (client) => client % 2 === 0);
    await test.gateway.close();
    const whole = test.settled().filter(({ completeness }) => completeness === "whole");
    assert.equal(test.settled().length, CLIENTS * ROUNDS);
    assert.equal(whole.length, model.requests.filter(({ usage }) => usage !== undefined).length);
    const { input, cacheRead, cacheWrite, output, reasoning } = model.usageTotals.total;
    assert.deepEqual(sumOf(whole), { input, cacheRead, cacheWrite, output, reasoning });
    const rest = test.settled().filter(({ completeness }) => completeness !== "whole");
    assert.ok(rest.length > 0, "some were cut");
    assert.deepEqual(new Set(rest.map(({ completeness }) => completeness)), new Set(["partial"]));
  });

  it("overshoot it by at most one request, all of them together", async () => {
    const limit = fromUsd(0.25);
    await using model = await startModelServer({ script: parseScript(createScript(2)) });
    const budgets: Budget[] = [{ scope: "run", key: "run:run", maxCost: limit }];
    await using test = await startTestGateway(model.url, { budgets: () => budgets });
    const statuses = await runClients(test.gateway.url, test.token, () => true);
    await test.gateway.close();
    const costs = test.settled().map(({ cost }) => cost);
    const spent = costs.reduce((sum, cost) => sum + cost, 0);
    assert.ok(spent >= limit, `the budget is used: ${spent}`);
    assert.ok(spent - limit <= Math.max(...costs), `overshoot ${spent - limit}`);
    assert.ok(
      statuses.some((status) => status === 402 || status === 429),
      "somebody was refused",
    );
    assert.equal(model.requests.length, test.settled().length, "who was refused cost nothing");
  });

  it("go on where they were when the budget is raised", async () => {
    await using model = await startModelServer({ script: parseScript(createScript(3)) });
    let maxCost = fromUsd(0.05);
    await using test = await startTestGateway(model.url, {
      budgets: () => [{ scope: "run", key: "run:run", maxCost }],
    });
    await runClients(test.gateway.url, test.token, () => true);
    const before = model.requests.length;
    maxCost = fromUsd(1000);
    const statuses = await runClients(test.gateway.url, test.token, () => true);
    assert.ok(statuses.every((status) => status === 200));
    assert.equal(model.requests.length, before + CLIENTS * ROUNDS);
  });
});

function sumOf(rows: readonly Settled[]): Settled["usage"] {
  const total = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  for (const { usage } of rows)
    for (const kind of Object.keys(total) as (keyof typeof total)[]) total[kind] += usage[kind];
  return total;
}
