import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { RequestEvent } from "@cloister/core";
import { createLedger } from "./ledger.ts";

function event(request: string): RequestEvent {
  return { type: "request_refused", request, iteration: 1, reason: "budget", detail: "" };
}

function collect(): { readonly batches: string[][]; readonly write: (events: readonly RequestEvent[]) => void } {
  const batches: string[][] = [];
  return {
    batches,
    write: (events) => void batches.push(events.map((each) => ("request" in each ? each.request : ""))),
  };
}

const NEVER = (): never => assert.fail("nothing fails here");

describe("the ledger", () => {
  it("writes what comes in one turn together, in order", async () => {
    const { batches, write } = collect();
    const ledger = createLedger(write, NEVER);
    ledger.note(event("a"));
    await Promise.all([ledger.promise(event("b")), ledger.promise(event("c"), event("d"))]);
    assert.deepEqual(batches, [["a", "b", "c", "d"]]);
  });

  it("resolves a promise only when it is written", async () => {
    let isWritten = false;
    const ledger = createLedger(() => void (isWritten = true), NEVER);
    const promised = ledger.promise(event("a"));
    assert.equal(isWritten, false);
    await promised;
    assert.equal(isWritten, true);
  });

  it("rejects what was promised where it can't be written, and goes on", async () => {
    const failures: unknown[] = [];
    let isBroken = true;
    const ledger = createLedger(
      () => {
        if (isBroken) throw new Error("the disk is full");
      },
      (error) => failures.push(error),
    );
    await assert.rejects(ledger.promise(event("a")), /disk is full/);
    isBroken = false;
    await ledger.promise(event("b"));
    assert.equal(failures.length, 1);
  });

  it("writes at once when it is flushed", () => {
    const { batches, write } = collect();
    const ledger = createLedger(write, NEVER);
    ledger.note(event("a"));
    void ledger.flush();
    void ledger.flush();
    assert.deepEqual(batches, [["a"]]);
  });

  it("writes together what comes while the disk is at work and a moment longer, and resolves no promise before its turn", async () => {
    const { batches, write } = collect();
    const syncs = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const secondIsWritten = Promise.withResolvers<void>();
    const ledger = createLedger(async (events) => {
      write(events);
      if (batches.length === 2) secondIsWritten.resolve();
      await syncs[batches.length - 1]?.promise;
    }, NEVER);
    const done: string[] = [];
    const promise = (name: string): Promise<void> => ledger.promise(event(name)).then(() => void done.push(name));
    const first = promise("a");
    await setImmediate();
    const rest = [promise("b"), promise("c")];
    await setImmediate();
    assert.deepEqual([batches, done], [[["a"]], []]);
    syncs[0]?.resolve();
    await first;
    rest.push(promise("d"));
    await secondIsWritten.promise;
    assert.deepEqual([batches, done], [[["a"], ["b", "c", "d"]], ["a"]]);
    const flushed = ledger.flush();
    syncs[1]?.resolve();
    await Promise.all([...rest, flushed]);
    assert.deepEqual(done, ["a", "b", "c", "d"]);
  });

  for (const { count, written } of [
    { count: 23, written: 1 },
    { count: 24, written: 2 },
  ]) {
    it(`${written === 1 ? "waits for more" : "waits no longer"} where ${count} events came while the disk was at work`, async () => {
      const { batches, write } = collect();
      const sync = Promise.withResolvers<void>();
      const ledger = createLedger((events) => (write(events), sync.promise), NEVER);
      const first = ledger.promise(event("first"));
      await setImmediate();
      ledger.note(...Array.from({ length: count }, (_, index) => event(String(index))));
      sync.resolve();
      await first;
      await Promise.resolve();
      assert.equal(batches.length, written);
      await ledger.flush();
      assert.deepEqual(
        batches.map((batch) => batch.length),
        [1, count],
      );
    });
  }

  it("rejects what was promised where the disk fails later", async () => {
    const failures: unknown[] = [];
    const ledger = createLedger(
      () => Promise.reject(new Error("the disk is gone")),
      (error) => failures.push(error),
    );
    await assert.rejects(ledger.promise(event("a")), /disk is gone/);
    await ledger.flush();
    assert.equal(failures.length, 1);
  });
});
