// A program for the tests of the period book: spends from the book that is its first argument, under the owner that is its second,
// until its budget is spent, with `width` requests under way at once. Says that it is ready, and begins when its input ends.
// Says each settlement before it is booked, as a journal does.
// Arguments: path owner seed width maxCost (micro-dollars).
import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import type { Amount, MicroUsd } from "@cloister/core";
import { openPeriodBook, type PeriodRequest } from "../period-book.ts";

const [path = "", owner = "", seed = "1", width = "3", maxCost = "1000"] = process.argv.slice(2);
const book = openPeriodBook(path, 0.8);
const budgets = [{ scope: "day", key: "day:2026-11-21", maxCost: Number(maxCost) as MicroUsd }] as const;
const amount = (cost: number): Amount => ({ cost: cost as MicroUsd, tokens: 2 * cost });

/** A generator of numbers that is the same for the same seed (linear, modulus 2^31). */
let state = Number(seed);
function random(limit: number): number {
  state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
  return Math.floor((state / 2 ** 31) * limit);
}

async function spendUntilRefused(client: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    const request: PeriodRequest = { owner, request: `${client}-${index}`, budgets };
    const bound = 1 + random(60);
    let admission = book.reserve(request, amount(bound));
    while (admission.type === "wait") {
      await pause(1);
      admission = book.reserve(request, amount(bound));
    }
    if (admission.type === "refused") return;
    await pause(random(3));
    const actual = random(bound + 1);
    writeSync(1, `${actual}\n`);
    for (const { detail } of book.settle(request, amount(actual))) writeSync(1, `warned ${detail}\n`);
  }
}

writeSync(1, "ready\n");
await text(process.stdin);
await Promise.all(Array.from({ length: Number(width) }, (_, client) => spendUntilRefused(client)));
book.close();
