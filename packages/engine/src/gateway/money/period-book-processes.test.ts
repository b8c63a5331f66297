import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Amount, MicroUsd } from "@cloister/core";
import { openPeriodBook } from "./period-book.ts";

const program = join(import.meta.dirname, "testing", "spend-loop.ts");
const KEY = "day:2026-11-21";
/** The most that one request of the program comes to. */
const GREATEST_BOUND = 60;

const amount = (cost: number): Amount => ({ cost: cost as MicroUsd, tokens: 2 * cost });

function temporaryPath(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "cloister-period-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "period.db");
}

type Spender = {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** It waits for the end of its input. */
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
};

type SpenderOptions = {
  readonly path: string;
  readonly owner: string;
  /** Requests under way at once. */
  readonly width: number;
  readonly maxCost: number;
  /** Lines that it says until it is killed. */
  readonly killAfter?: number;
};

/** Starts processes that spend, all from the same moment on: one alone would be done before the others have started. */
async function startSpenders(options: readonly SpenderOptions[]): Promise<readonly Spender[]> {
  const spenders = options.map(startSpender);
  await Promise.all(spenders.map(({ ready, ended }) => Promise.race([ready, ended])));
  for (const { child } of spenders) child.stdin?.end();
  return spenders;
}

function startSpender({ path, owner, width, maxCost, killAfter = Infinity }: SpenderOptions): Spender {
  const seed = owner.slice(1);
  const child = spawn(process.execPath, [program, path, owner, seed, String(width), String(maxCost)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  const read = async (): Promise<void> => {
    const exited = once(child, "exit");
    let rest = "";
    for await (const chunk of child.stdout) {
      const parts = (rest + String(chunk)).split("\n");
      rest = parts.pop() ?? "";
      if (parts.includes("ready")) ready.resolve();
      lines.push(...parts.filter((line) => line !== "ready"));
      if (lines.length >= killAfter && child.exitCode === null) child.kill("SIGKILL");
    }
    await exited;
  };
  return { child, lines, ready: ready.promise, ended: read() };
}

function said(lines: readonly string[]): number {
  return lines.filter((line) => /^\d+$/.test(line)).reduce((sum, line) => sum + Number(line), 0);
}

test(
  "eight processes of three requests each share a day: nothing is lost, one request at most overshoots, one warns",
  { timeout: 60_000 },
  async (context) => {
    const path = temporaryPath(context);
    const spenders = await startSpenders(
      Array.from({ length: 8 }, (_, index) => ({ path, owner: `r${index + 1}`, width: 3, maxCost: 3000 })),
    );
    await Promise.all(spenders.map(({ ended }) => ended));
    assert.deepEqual(
      spenders.map(({ child }) => child.exitCode),
      spenders.map(() => 0),
    );
    const book = openPeriodBook(path, 0.8);
    context.after(() => book.close());
    const total = spenders.reduce((sum, { lines }) => sum + said(lines), 0);
    assert.deepEqual(book.spent(KEY), amount(total));
    assert.ok(total >= 3000 && total < 3000 + GREATEST_BOUND, `${total}`);
    assert.equal(spenders.flatMap(({ lines }) => lines.filter((line) => line.startsWith("warned"))).length, 1);
    assert.ok(spenders.filter(({ lines }) => lines.length > 0).length > 1, "more than one process came to spend");
  },
);

test(
  "processes that are killed in the middle hold up nobody, are charged what they were promised, and their ledgers mend it",
  { timeout: 60_000 },
  async (context) => {
    const path = temporaryPath(context);
    const killed = await startSpenders(
      [5, 12, 30].map((killAfter, index) => ({
        path,
        owner: `r${index + 1}`,
        width: 4,
        maxCost: 1_000_000,
        killAfter,
      })),
    );
    await Promise.all(killed.map(({ ended }) => ended));
    assert.deepEqual(
      killed.map(({ child }) => child.signalCode),
      killed.map(() => "SIGKILL"),
    );
    const book = openPeriodBook(path, 0.8);
    context.after(() => book.close());
    const budgets = [{ scope: "day", key: KEY, maxCost: 1_000_000 as MicroUsd }] as const;
    const request = { owner: "r9", request: "a", budgets };
    assert.equal(book.reserve(request, amount(2_000_000)).type, "admitted", "it would wait for ever for the dead");
    book.settle(request, amount(0));

    const total = killed.reduce((sum, { lines }) => sum + said(lines), 0);
    const spent = book.spent(KEY).cost;
    assert.ok(spent >= total && spent <= total + 3 * 4 * GREATEST_BOUND, `${spent} of ${total}`);
    assert.equal(readdirSync(`${path}.holders`).length, 1, "locks of the dead are cleared away");

    for (const [index, { lines }] of killed.entries()) {
      book.rebuild(`r${index + 1}`, new Map([[KEY, amount(said(lines))]]));
    }
    assert.deepEqual(book.spent(KEY), amount(total));
  },
);
