import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGrants } from "./grants.ts";

const IDENTITY = { run: "r", task: "t", iteration: 1 };

describe("grants", () => {
  it("recognises a token by its identity, and no other", () => {
    const grants = createGrants();
    const { token } = grants.admit(IDENTITY);
    assert.deepEqual(grants.recognise(token)?.identity, IDENTITY);
    for (const other of ["", "cloister-", `${token}x`, token.slice(0, -1), token.toUpperCase()])
      assert.equal(grants.recognise(other), undefined);
  });

  it("gives every grant a token of its own", () => {
    const grants = createGrants();
    const tokens = Array.from({ length: 100 }, () => grants.admit(IDENTITY).token);
    assert.equal(new Set(tokens).size, 100);
  });

  it("revokes a token at once, and cuts off and waits for what came with it", async () => {
    const grants = createGrants();
    const grant = grants.admit(IDENTITY);
    const work = Promise.withResolvers<void>();
    let cuts = 0;
    grants.recognise(grant.token)?.follow(work.promise, () => {
      cuts += 1;
      setImmediate(work.resolve);
    });
    const ended = grant.end();
    assert.equal(grants.recognise(grant.token), undefined);
    await ended;
    assert.equal(cuts, 1);
  });

  it("does not touch the requests of other grants", async () => {
    const grants = createGrants();
    const [one, other] = [grants.admit(IDENTITY), grants.admit(IDENTITY)];
    grants.recognise(other.token)?.follow(new Promise(() => undefined), () => assert.fail("was cut off"));
    await one.end();
    assert.ok(grants.recognise(other.token));
  });
});
