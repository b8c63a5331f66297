import assert from "node:assert/strict";
import { test } from "node:test";
import { createVirtualClock } from "../testing/virtual-clock.ts";
import { TcpConnection } from "./connection.ts";
import { FLAG, type Segment } from "./segment.ts";

/** A segment of the guest's. */
function segment(sequence: number, flags: number, acknowledgement = 0): Segment {
  const ports = { sourcePort: 5000, destinationPort: 80 };
  return { ...ports, sequence, acknowledgement, flags, window: 1000, payload: new Uint8Array(0) };
}

/** A connection of which the guest's sequence numbers 1000 (SYN) and 1001 (FIN) were received, and that waits for late segments. */
function createLingering(): TcpConnection {
  const clock = createVirtualClock();
  const nothing = (): void => undefined;
  const connection = new TcpConnection({
    clock,
    initialSequence: 100,
    send: nothing,
    established: nothing,
    closed: nothing,
  });
  connection.accept(segment(1000, FLAG.synchronize));
  connection.listen({ data: nothing, end: nothing, drain: nothing, close: nothing });
  connection.receive(segment(1001, FLAG.acknowledge, 101));
  connection.end();
  clock.step();
  clock.step();
  connection.receive(segment(1001, FLAG.acknowledge | FLAG.finish, 102));
  assert.ok(connection.isLingering);
  return connection;
}

for (const [sequence, isReopened] of [
  [1000, false],
  [1001, false],
  [1002, true],
  [0x7000_0000, true],
  [0xf000_0000, false],
] as const)
  test(`a connection that lingers is ${isReopened ? "" : "not "}opened anew by a SYN of sequence number ${sequence}`, () => {
    assert.equal(createLingering().isReopenedBy(segment(sequence, FLAG.synchronize)), isReopened);
  });
