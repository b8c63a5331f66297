import assert from "node:assert/strict";
import { once } from "node:events";
import { duplexPair } from "node:stream";
import { suite, test } from "node:test";
import { createSocksOutbound } from "./socks-outbound.ts";

const GRANTED = [5, 0];
const TO = { host: "192.0.2.1", port: 443 };

/** A proxy that says what it is told to, byte by byte, whatever it is asked. @returns what it was asked */
function startProxy(answer: readonly number[]): {
  readonly outbound: ReturnType<typeof createSocksOutbound>;
  asked: () => Buffer;
} {
  const heard: Buffer[] = [];
  const outbound = createSocksOutbound(() => {
    const [client, proxy] = duplexPair();
    proxy.on("data", (bytes: Buffer) => void heard.push(bytes));
    for (const byte of answer) proxy.write(Uint8Array.of(byte));
    proxy.end();
    return client;
  });
  return { outbound, asked: () => Buffer.concat(heard) };
}

suite("an outbound through a SOCKS 5 proxy", () => {
  const granted: Readonly<Record<string, readonly number[]>> = {
    "an address": [5, 0, 0, 1, 1, 2, 3, 4, 0, 80],
    "a longer address": [5, 0, 0, 4, ...Array.from({ length: 16 }, () => 7), 0, 80],
    "a name": [5, 0, 0, 3, 2, 97, 98, 0, 80],
  };
  for (const [what, reply] of Object.entries(granted))
    test(`takes all of an answer with ${what}, and leaves what follows to the guest`, async () => {
      const { outbound, asked } = startProxy([...GRANTED, ...reply, 42, 43]);
      const stream = await outbound.connectTcp(TO);
      const bytes: number[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      stream.listen({
        data: (part) => void bytes.push(...part),
        end: resolve,
        drain: () => undefined,
        close: () => undefined,
      });
      await promise;
      assert.deepEqual(bytes, [42, 43]);
      assert.deepEqual(asked(), Buffer.from([5, 1, 0, 5, 1, 0, 3, 9, ...Buffer.from(TO.host), 1, 187]));
      stream.destroy();
    });

  const refused: Readonly<Record<string, readonly [readonly number[], RegExp]>> = {
    "a refusal": [[...GRANTED, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0], /refused 192\.0\.2\.1, with reply 2/],
    "a proxy that wants a password": [[5, 2], /does not let guests in/],
    "another protocol": [[72, 84], /does not let guests in/],
    "an end in the middle": [[...GRANTED, 5], /ended in the middle/],
    "an end before an answer": [[], /ended in the middle/],
  };
  for (const [what, [answer, message]] of Object.entries(refused))
    test(`takes ${what} for a refusal`, () => assert.rejects(startProxy(answer).outbound.connectTcp(TO), { message }));

  test("takes a connection that breaks for a refusal", async () => {
    const outbound = createSocksOutbound(() => {
      const [client] = duplexPair();
      void once(client, "readable").catch(() => undefined);
      queueMicrotask(() => client.destroy(new Error("broken")));
      return client;
    });
    await assert.rejects(outbound.connectTcp(TO));
  });

  test("asks for the name that an address stands for", async () => {
    const { outbound, asked } = startProxy([...GRANTED, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    const [address = ""] = await outbound.resolve("example.test");
    const stream = await outbound.connectTcp({ host: address, port: 80 });
    stream.destroy();
    assert.match(asked().toString("latin1"), /example\.test/);
    assert.deepEqual(await outbound.resolve("a".repeat(256)), []);
  });
});
