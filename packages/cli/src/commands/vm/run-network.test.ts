import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { after, before, suite, test } from "node:test";
import type { EgressRule } from "@cloister/core";
import { type ByteStream, HOST_ADDRESS, type Outbound } from "@cloister/vm";
import { openEgress } from "./run-network.ts";

const notes: string[] = [];

/** Says a text, ends, and collects what comes back. */
async function talk(stream: ByteStream, words: string): Promise<{ readonly heard: string; readonly failed: boolean }> {
  const { promise, resolve } = Promise.withResolvers<{ heard: string; failed: boolean }>();
  let heard = "";
  stream.listen({
    data: (bytes) => void (heard += Buffer.from(bytes).toString()),
    end: () => undefined,
    drain: () => undefined,
    close: (failed) => resolve({ heard, failed }),
  });
  stream.write(Buffer.from(words));
  stream.end();
  return promise;
}

suite("the way out of a guest's network", () => {
  const servers: Server[] = [];
  let allowed = 0;
  let other = 0;
  const listen = async (): Promise<number> => {
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  before(async () => {
    [allowed, other] = [await listen(), await listen()];
  });
  after(() => servers.forEach((server) => server.close()));

  async function withRules<Result>(
    rules: readonly EgressRule[],
    use: (outbound: Outbound) => Promise<Result>,
  ): Promise<Result> {
    notes.length = 0;
    await using egress = openEgress(rules, { note: (text) => void notes.push(text) });
    return await use(egress.outbound);
  }

  test("leads to this host's loopback where a rule names the gateway, and carries both directions to their ends", async () => {
    const end = await withRules([{ host: HOST_ADDRESS, port: allowed }], async (outbound) =>
      talk(await outbound.connectTcp({ host: HOST_ADDRESS, port: allowed }), "there and back\n"),
    );
    assert.deepEqual(end, { heard: "there and back\n", failed: false });
    assert.deepEqual(notes, []);
  });

  test("leads to a name's address where a rule names it, by the address that the guest was told", async () => {
    const end = await withRules([{ host: "localhost", port: allowed }], async (outbound) => {
      const [address = ""] = await outbound.resolve("localhost");
      assert.match(address, /^198\.18\./);
      return talk(await outbound.connectTcp({ host: address, port: allowed }), "by name\n");
    });
    assert.equal(end.heard, "by name\n");
  });

  test("refuses what no rule allows, and tells of it once", async () => {
    await withRules([{ host: HOST_ADDRESS, port: allowed }], async (outbound) => {
      const [named = ""] = await outbound.resolve("localhost");
      for (const to of [
        { host: HOST_ADDRESS, port: other },
        { host: HOST_ADDRESS, port: other },
        { host: "127.0.0.1", port: allowed },
        { host: named, port: allowed },
      ])
        await assert.rejects(outbound.connectTcp(to), /refused/);
    });
    assert.deepEqual(notes, [
      `the guest was kept from ${HOST_ADDRESS} port ${other}: no rule allows it.`,
      `the guest was kept from 127.0.0.1 port ${allowed}: no rule allows it.`,
      `the guest was kept from localhost port ${allowed}: no rule allows it.`,
    ]);
  });

  test("ends what is open when it is closed", async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    await withRules([{ host: HOST_ADDRESS, port: allowed }], async (outbound) => {
      const stream = await outbound.connectTcp({ host: HOST_ADDRESS, port: allowed });
      stream.listen({ data: () => undefined, end: () => undefined, drain: () => undefined, close: resolve });
    });
    await promise;
  });
});
