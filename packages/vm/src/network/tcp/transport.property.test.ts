import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isSameBytes } from "../ethernet.ts";
import type { Ipv4Header } from "../ipv4.ts";
import type { ByteStream, StreamListener } from "../port.ts";
import { createRandom } from "../testing/random.ts";
import { createVirtualClock, type VirtualClock } from "../testing/virtual-clock.ts";
import { TcpTransport } from "./transport.ts";

const GUEST = 0x0a00020f;
const WORLD = 0xc6336407;
const STEPS_MAX = 100_000;
const MILLISECOND = 1_000_000;

type Faults = { readonly seed: number; readonly loss: number; readonly twice: number; readonly damage: number };

/** Two transports with a link between them that loses, repeats, damages and reorders what it carries. */
function createPair(clock: VirtualClock, faults: Faults): { guest: TcpTransport; accepted: Promise<ByteStream> } {
  const random = createRandom(faults.seed);
  const { promise: accepted, resolve } = Promise.withResolvers<ByteStream>();
  const [left, right] = createLocalPair();
  const carry =
    (to: () => TcpTransport) => (header: Ipv4Header, length: number, write: (bytes: Uint8Array) => void) => {
      const payload = new Uint8Array(length);
      write(payload);
      for (let copies = random() < faults.twice ? 2 : 1; copies > 0; copies -= 1) {
        const bytes = payload.slice();
        if (random() < faults.damage) {
          const at = Math.floor(random() * length);
          bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
        }
        if (random() >= faults.loss) {
          const delay = Math.floor(random() * 20 * MILLISECOND);
          clock.schedule(clock.now() + delay, () => to().receive({ ...header, payload: bytes, bytes }));
        }
      }
    };
  const base = { clock, connectionsMax: 8 };
  const outbound = {
    connectTcp: async () => {
      resolve(right);
      return left;
    },
  };
  const guest: TcpTransport = new TcpTransport({
    ...base,
    outbound,
    gateway: GUEST,
    guest: WORLD,
    sendPacket: carry(() => world),
  });
  const world: TcpTransport = new TcpTransport({
    ...base,
    outbound,
    gateway: WORLD,
    guest: GUEST,
    sendPacket: carry(() => guest),
  });
  return { guest, accepted };
}

/** Two streams that are each other's other end, without any bound. */
function createLocalPair(): readonly [ByteStream, ByteStream] {
  const [left, right] = [createInbox(), createInbox()];
  let ended = 0;
  const toStream = (own: Inbox, other: Inbox): ByteStream => ({
    listen: (listener) => own.open(listener),
    write: (bytes) => {
      const copy = bytes.slice();
      other.put((listener) => listener.data(copy));
      return true;
    },
    end: () => {
      other.put((listener) => listener.end());
      ended += 1;
      if (ended === 2) {
        other.put((listener) => listener.close(false));
        own.put((listener) => listener.close(false));
      }
    },
    destroy: () => other.put((listener) => listener.close(true)),
    pause: () => undefined,
    resume: () => undefined,
  });
  return [toStream(left, right), toStream(right, left)];
}

type Inbox = { open(listener: StreamListener): void; put(tell: (listener: StreamListener) => void): void };

/** Tells a listener, in order and never at once; keeps what there is to tell until there is one. */
function createInbox(): Inbox {
  const waiting: ((listener: StreamListener) => void)[] = [];
  let listener: StreamListener | undefined;
  const flush = (): void => {
    if (listener !== undefined) {
      for (const tell of waiting.splice(0)) {
        tell(listener);
      }
    }
  };
  return {
    open(to) {
      listener = to;
      queueMicrotask(flush);
    },
    put(tell) {
      waiting.push(tell);
      queueMicrotask(flush);
    },
  };
}

type Outcome = { readonly bytes: Uint8Array; readonly failed: boolean };

/** Sends bytes and ends; collects what comes. */
async function exchange(stream: ByteStream, bytes: Uint8Array): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const parts: Uint8Array[] = [];
  let sent = 0;
  const sendMore = (): void => {
    let hasRoom = true;
    while (hasRoom && sent < bytes.length) {
      const part = bytes.subarray(sent, sent + 5000);
      sent += part.length;
      hasRoom = stream.write(part);
    }
    if (hasRoom) {
      stream.end();
    }
  };
  stream.listen({
    data: (part) => void parts.push(part.slice()),
    end: () => undefined,
    drain: sendMore,
    close: (failed) => resolve({ bytes: new Uint8Array(Buffer.concat(parts)), failed }),
  });
  sendMore();
  return await promise;
}

async function runUntil<T>(clock: VirtualClock, outcome: Promise<T>): Promise<T> {
  const progress = { isOver: false };
  void outcome.finally(() => {
    progress.isOver = true;
  });
  for (let steps = 0; steps < STEPS_MAX && !progress.isOver; steps += 1) {
    clock.step();
    await Promise.resolve();
    if (clock.pending === 0) {
      await new Promise(setImmediate);
    }
  }
  assert.ok(progress.isOver, "the exchange came to no end");
  return await outcome;
}

const fill = (length: number, seed: number): Uint8Array => {
  const random = createRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
};

/** Here the first SYN comes a second time when both sides have ended. */
const LATE_OPENING = { seed: 21, loss: 0, twice: 0, damage: 0, up: 5841, down: 0 };

test("whatever the link loses, repeats, damages and reorders, both sides get exactly the other's bytes", async () => {
  const faults = fc.record({
    seed: fc.integer({ min: 0 }),
    loss: fc.double({ min: 0, max: 0.15, noNaN: true }),
    twice: fc.double({ min: 0, max: 0.3, noNaN: true }),
    damage: fc.double({ min: 0, max: 0.1, noNaN: true }),
    up: fc.integer({ min: 0, max: 60_000 }),
    down: fc.integer({ min: 0, max: 60_000 }),
  });
  await fc.assert(
    fc.asyncProperty(faults, async ({ up, down, ...rest }) => {
      const clock = createVirtualClock();
      const { guest, accepted } = createPair(clock, rest);
      const sentUp = fill(up, rest.seed);
      const sentDown = fill(down, rest.seed + 1);
      const atWorld = accepted.then((stream) => exchange(stream, sentDown));
      const atGuest = guest.connectGuest(80).then((stream) => stream && exchange(stream, sentUp));
      const [gotDown, gotUp] = await runUntil(clock, Promise.all([atGuest, atWorld]));
      assert.deepEqual([gotDown?.failed, gotUp.failed], [false, false]);
      assert.ok(isSameBytes(gotDown?.bytes ?? fill(1, 0), sentDown), "the guest got other bytes than were sent");
      assert.ok(isSameBytes(gotUp.bytes, sentUp), "the world got other bytes than were sent");
    }),
    { numRuns: 60, examples: [[LATE_OPENING]] },
  );
});

test("a link that carries nothing ends an attempt, and leaves no timer behind", async () => {
  const clock = createVirtualClock();
  const { guest } = createPair(clock, { seed: 1, loss: 1, twice: 0, damage: 0 });
  assert.equal(await runUntil(clock, guest.connectGuest(80)), undefined);
  assert.equal(clock.pending, 0);
});

test("after an orderly end no timer is left behind", async () => {
  const clock = createVirtualClock();
  const { guest, accepted } = createPair(clock, { seed: 2, loss: 0, twice: 0, damage: 0 });
  const atWorld = accepted.then((stream) => exchange(stream, fill(1_000_000, 3)));
  const atGuest = guest.connectGuest(80).then((stream) => stream && exchange(stream, fill(10, 4)));
  await runUntil(clock, Promise.all([atWorld, atGuest]));
  while (clock.step()) {
    await Promise.resolve();
  }
  assert.equal(clock.pending, 0);
});
