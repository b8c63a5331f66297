import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ByteStream } from "../../network/port.ts";
import { TestDriver } from "../virtio/testing/driver.ts";
import { OPERATION, SHUTDOWN } from "./packet.ts";
import { createVirtioVsock, type VirtioVsock } from "./virtio-vsock.ts";

const GUEST = 3;
const HOST = 2;
const BUFFER_BYTES = 44 + 1000;

type Packet = {
  readonly hostPort: number;
  readonly guestPort: number;
  readonly operation: number;
  readonly flags: number;
  readonly forwarded: number;
  readonly payload: Uint8Array;
};

/** The guest's driver: sends packets, and takes those of the device. */
class Guest {
  readonly vsock: VirtioVsock = createVirtioVsock(GUEST);
  readonly driver: TestDriver;

  constructor() {
    this.driver = new TestDriver(this.vsock);
    this.driver.start();
  }

  send(
    operation: number,
    options: { flags?: number; payload?: Uint8Array; credit?: number; forwarded?: number } = {},
  ): void {
    const { flags = 0, payload = new Uint8Array(0), credit = 65_536, forwarded = 0 } = options;
    const header = new Uint8Array(44);
    const view = new DataView(header.buffer);
    for (const [offset, value] of [
      [0, GUEST],
      [8, HOST],
      [16, 5000],
      [20, 1024],
      [24, payload.length],
      [32, flags],
      [36, credit],
      [40, forwarded],
    ] as const) {
      view.setUint32(offset, value, true);
    }
    view.setUint16(28, 1, true);
    view.setUint16(30, operation, true);
    this.driver.exchange(1, payload.length === 0 ? [header] : [header, payload]);
  }

  /** Offers buffers until nothing more comes. */
  receive(): Packet[] {
    const packets: Packet[] = [];
    for (;;) {
      const completion = this.driver.take(0);
      if (completion === undefined) {
        const before = this.driver.offer(0, [BUFFER_BYTES]);
        const next = this.driver.take(0);
        if (next === undefined) {
          assert.ok(before >= 0);
          return packets;
        }
        packets.push(toPacket(next.bytes));
      } else {
        packets.push(toPacket(completion.bytes));
      }
    }
  }
}

function toPacket(bytes: Uint8Array): Packet {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    hostPort: view.getUint32(16, true),
    guestPort: view.getUint32(20, true),
    operation: view.getUint16(30, true),
    flags: view.getUint32(32, true),
    forwarded: view.getUint32(40, true),
    payload: bytes.slice(44),
  };
}

type Log = { readonly bytes: number[]; readonly events: string[] };

function follow(stream: ByteStream): Log {
  const log: Log = { bytes: [], events: [] };
  stream.listen({
    data: (bytes) => bytes.forEach((byte) => log.bytes.push(byte)),
    end: () => void log.events.push("end"),
    drain: () => void log.events.push("drain"),
    close: (failed) => void log.events.push(failed ? "failed" : "closed"),
  });
  return log;
}

/** A guest with a connection to the host's port 1024. */
function createConnected(credit?: number): { guest: Guest; stream: ByteStream; log: Log } {
  const guest = new Guest();
  let stream: ByteStream | undefined;
  let log: Log | undefined;
  guest.vsock.listen(1024, (accepted) => {
    stream = accepted;
    log = follow(accepted);
  });
  guest.send(OPERATION.request, credit === undefined ? {} : { credit });
  assert.ok(stream !== undefined && log !== undefined);
  assert.deepEqual(
    guest.receive().map(({ operation }) => operation),
    [OPERATION.response],
  );
  return { guest, stream, log };
}

test("the configuration says the guest's context", () => {
  assert.equal(new Guest().driver.device.read(0x100, 4), GUEST);
});

test("a request to a port that nobody listens at is reset", () => {
  const guest = new Guest();
  guest.send(OPERATION.request);
  const [packet] = guest.receive();
  assert.deepEqual([packet?.operation, packet?.hostPort, packet?.guestPort], [OPERATION.reset, 1024, 5000]);
});

test("ports that nobody listens at by name are somebody else's to take or refuse", () => {
  for (const taken of [1024, 1025]) {
    const guest = new Guest();
    guest.vsock.listenElsewhere((port) => (port === taken ? (stream) => void follow(stream) : undefined));
    guest.send(OPERATION.request);
    const [packet] = guest.receive();
    assert.equal(packet?.operation, taken === 1024 ? OPERATION.response : OPERATION.reset);
  }
});

test("a guest that neither sends nor receives any more is answered with a reset, which nothing follows", () => {
  const { guest, log } = createConnected();
  guest.send(OPERATION.shutdown, { flags: SHUTDOWN.send | SHUTDOWN.receive });
  assert.deepEqual(
    guest.receive().map(({ operation }) => operation),
    [OPERATION.reset],
  );
  assert.deepEqual(log.events, ["end", "closed"]);
});

test("bytes go both ways, and an orderly end is agreed on", () => {
  const { guest, stream, log } = createConnected();
  guest.send(OPERATION.write, { payload: Uint8Array.of(1, 2, 3) });
  stream.write(Uint8Array.of(4, 5));
  stream.end();
  const packets = guest.receive();
  assert.deepEqual(
    packets.map(({ operation, flags }) => [operation, flags]),
    [
      [OPERATION.write, 0],
      [OPERATION.shutdown, SHUTDOWN.send],
    ],
  );
  assert.deepEqual(packets[0]?.payload, Uint8Array.of(4, 5));
  guest.send(OPERATION.shutdown, { flags: SHUTDOWN.send });
  assert.equal(guest.receive().at(-1)?.flags, SHUTDOWN.send | SHUTDOWN.receive);
  guest.send(OPERATION.reset);
  assert.deepEqual(log, { bytes: [1, 2, 3], events: ["end", "closed"] });
});

test("the host sends no more than the guest has room for, and goes on when it makes room", () => {
  const { guest, stream, log } = createConnected(1500);
  const isFree = stream.write(new Uint8Array(300 * 1024));
  const first = guest.receive();
  assert.equal(isFree, false);
  assert.equal(
    first.reduce((sum, { payload }) => sum + payload.length, 0),
    1500,
  );
  guest.send(OPERATION.creditUpdate, { credit: 1_000_000, forwarded: 1500 });
  const rest = guest.receive();
  assert.equal(
    rest.reduce((sum, { payload }) => sum + payload.length, 0),
    300 * 1024 - 1500,
  );
  assert.deepEqual(log.events, ["drain"]);
});

test("a stream that is paused gives no credit back, and a guest that sends beyond its credit is cut off", () => {
  const { guest, stream, log } = createConnected();
  stream.pause();
  for (let sent = 0; sent < 256; sent += 64) {
    guest.send(OPERATION.write, { payload: new Uint8Array(64 * 1024) });
  }
  assert.deepEqual(guest.receive(), []);
  assert.deepEqual(log.events, []);
  guest.send(OPERATION.write, { payload: new Uint8Array(1) });
  assert.deepEqual(log.events, ["failed"]);
  assert.deepEqual(
    guest.receive().map(({ operation }) => operation),
    [OPERATION.reset],
  );
});

test("a stream that goes on tells the guest how much has been taken", () => {
  const { guest, stream } = createConnected();
  stream.pause();
  guest.send(OPERATION.write, { payload: new Uint8Array(200 * 1024) });
  stream.resume();
  const [packet] = guest.receive();
  assert.deepEqual([packet?.operation, packet?.forwarded], [OPERATION.creditUpdate, 200 * 1024]);
});

test("the host connects to the guest where it answers, and not where it refuses", async () => {
  for (const [answer, isExpected] of [
    [OPERATION.response, true],
    [OPERATION.reset, false],
  ] as const) {
    const guest = new Guest();
    const connecting = guest.vsock.connectGuest(22);
    const [request] = guest.receive();
    assert.deepEqual([request?.operation, request?.guestPort], [OPERATION.request, 22]);
    const header = new Uint8Array(44);
    const view = new DataView(header.buffer);
    for (const [offset, value] of [
      [0, GUEST],
      [8, HOST],
      [16, 22],
      [20, request?.hostPort ?? 0],
      [36, 1000],
    ] as const) {
      view.setUint32(offset, value, true);
    }
    view.setUint16(28, 1, true);
    view.setUint16(30, answer, true);
    guest.driver.exchange(1, [header]);
    assert.equal((await connecting) !== undefined, isExpected);
  }
});

test("after a restore streams have failed, and the driver is told that the transport was reset", () => {
  const { guest, log } = createConnected();
  guest.vsock.restore(guest.vsock.save());
  assert.deepEqual(log.events, ["failed"]);
  assert.deepEqual(guest.driver.exchange(2, [8]), { written: 4, bytes: new Uint8Array(4) });
});

test("whatever a guest sends, the device answers within its bounds and never throws", () => {
  const { guest } = createConnected();
  const operations = fc.array(
    fc.record({ operation: fc.integer({ min: 0, max: 9 }), flags: fc.nat(7), length: fc.nat(3000), credit: fc.nat() }),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(operations, (sequence) => {
      for (const { operation, flags, length, credit } of sequence) {
        guest.send(operation, { flags, payload: new Uint8Array(length), credit });
      }
      assert.ok(guest.receive().length <= 4 * sequence.length + 256);
      assert.equal(guest.driver.broken, false);
    }),
    { numRuns: 30 },
  );
});
