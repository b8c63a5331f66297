import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { GATEWAY_HARDWARE, USER_NETWORK } from "./addresses.ts";
import { writeFrameHeader } from "./ethernet.ts";
import { PROTOCOL, writePacketHeader } from "./ipv4.ts";
import type { ByteStream, Outbound } from "./port.ts";
import { segmentBytes, writeSegment, type Segment } from "./tcp/segment.ts";
import { createVirtualClock } from "./testing/virtual-clock.ts";
import { createDatagram } from "./udp.ts";
import { UserNetwork } from "./user-network.ts";

const GUEST_HARDWARE = Uint8Array.of(0x52, 0x54, 0, 1, 2, 3);

/** A stream that takes everything and says nothing. */
const SINK: ByteStream = {
  listen: () => undefined,
  write: () => true,
  end: () => undefined,
  destroy: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

function createNetwork(): {
  network: UserNetwork;
  replies: Uint8Array[];
  opened: () => number;
  settle: () => Promise<void>;
} {
  let connections = 0;
  const outbound: Outbound = {
    connectTcp: async () => {
      connections += 1;
      return SINK;
    },
    resolve: async () => ["192.0.2.1"],
  };
  const clock = createVirtualClock();
  const network = new UserNetwork({ clock, outbound, connectionsMax: 4 });
  const replies: Uint8Array[] = [];
  network.receive = (frame) => void replies.push(frame);
  const settle = async (): Promise<void> => {
    await new Promise(setImmediate);
    for (let steps = 0; steps < 50; steps += 1) {
      clock.step();
    }
  };
  return { network, replies, opened: () => connections, settle };
}

function toFrame(protocol: number, destination: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(34 + payload.length);
  frame.set(payload, 34);
  writePacketHeader(frame.subarray(14), { source: USER_NETWORK.guest, destination, protocol });
  writeFrameHeader(frame, { destination: GATEWAY_HARDWARE, source: GUEST_HARDWARE, type: 0x0800 });
  return frame;
}

function toSegmentFrame(segment: Partial<Segment>): Uint8Array {
  const whole: Segment = {
    sourcePort: 1000,
    destinationPort: 80,
    sequence: 0,
    acknowledgement: 0,
    flags: 0,
    window: 1000,
    payload: new Uint8Array(0),
    ...segment,
  };
  const destination = 0xc0000201;
  const bytes = new Uint8Array(segmentBytes(whole));
  writeSegment(bytes, whole, { source: USER_NETWORK.guest, destination });
  return toFrame(PROTOCOL.tcp, destination, bytes);
}

const anyFrame = fc.oneof(
  fc.uint8Array({ maxLength: 1600 }),
  fc.tuple(fc.constantFrom(0x0800, 0x0806), fc.uint8Array({ maxLength: 200 })).map(([type, payload]) => {
    const frame = new Uint8Array(14 + payload.length);
    frame.set(payload, 14);
    writeFrameHeader(frame, { destination: GATEWAY_HARDWARE, source: GUEST_HARDWARE, type });
    return frame;
  }),
  fc
    .tuple(fc.constantFrom(1, 6, 17, 99), fc.uint8Array({ maxLength: 200 }))
    .map(([protocol, payload]) => toFrame(protocol, USER_NETWORK.gateway, payload)),
  fc.tuple(fc.constantFrom(53, 67, 99), fc.uint8Array({ maxLength: 400 })).map(([destinationPort, payload]) => {
    const addresses = { source: USER_NETWORK.guest, destination: USER_NETWORK.nameServer };
    const datagram = createDatagram({ sourcePort: 5, destinationPort, payload }, addresses);
    return toFrame(PROTOCOL.udp, addresses.destination, datagram);
  }),
);

const anySegment = fc.record({
  sourcePort: fc.integer({ min: 1000, max: 1010 }),
  sequence: fc.oneof(fc.nat(3), fc.nat(), fc.constant(0xffff_ffff)),
  acknowledgement: fc.oneof(fc.nat(300_000), fc.nat()),
  flags: fc.nat(0x1f),
  window: fc.nat(0xffff),
  windowShift: fc.nat(255),
  maximumSegmentSize: fc.nat(0xffff),
  payload: fc.uint8Array({ maxLength: 50 }),
});

test("whatever frames a guest sends, nothing is thrown and answers are frames", async () => {
  const { network, replies, settle } = createNetwork();
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { maxLength: 20 }), async (frames) => {
      for (const frame of frames) {
        network.send(frame);
      }
      await settle();
      assert.ok(replies.splice(0).every(({ length }) => length >= 14 && length <= 1514));
    }),
    { numRuns: 100 },
  );
});

test("whatever segments a guest sends, nothing is thrown and no more connections are open than may be", async () => {
  const { network, replies, settle } = createNetwork();
  await fc.assert(
    fc.asyncProperty(fc.array(anySegment, { maxLength: 30 }), async (segments) => {
      for (const segment of segments) {
        network.send(toSegmentFrame(segment));
        await Promise.resolve();
      }
      await settle();
      // A burst of 30 segments is answered by itself and by timers, not by a storm.
      assert.ok(replies.splice(0).length <= 4 * segments.length + 50 * 4);
    }),
    { numRuns: 100 },
  );
});

test("a guest that opens more connections than it may is refused", async () => {
  const { network, replies, opened, settle } = createNetwork();
  for (let port = 1; port <= 6; port += 1) {
    network.send(toSegmentFrame({ sourcePort: port, flags: 0x02 }));
  }
  assert.equal(replies.filter((frame) => frame[47] === 0x14).length, 2, "resets");
  await settle();
  assert.equal(opened(), 4);
});

test("a damaged segment opens nothing", async () => {
  const { network, replies, opened, settle } = createNetwork();
  const frame = toSegmentFrame({ flags: 0x02 });
  frame[40] = (frame[40] ?? 0) ^ 1;
  network.send(frame);
  await settle();
  assert.deepEqual([opened(), replies.length], [0, 0]);
});
