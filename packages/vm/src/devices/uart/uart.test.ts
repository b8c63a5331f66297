import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { fuzzDevice } from "../../bus/testing/fuzz-device.ts";
import { createManualClock, createWire, type ManualClock, type Wire } from "../../bus/testing/parts.ts";
import { OUTPUT_BYTES } from "./output.ts";
import { createUart, type Uart, UART_WINDOW_BYTES } from "./uart.ts";

const DATA = 0;
const IER = 1;
const IIR = 2;
const FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const SCR = 7;

type Subject = { readonly uart: Uart; readonly clock: ManualClock; readonly wire: Wire; readonly sent: string[] };

/** A port, and a host that has `input` to send whenever there is room. */
function create(input: string = ""): Subject {
  const [clock, wire, sent] = [createManualClock(), createWire(), [] as string[]];
  let left = Buffer.from(input);
  const uart = createUart({
    name: "uart0",
    interrupt: wire,
    clock,
    transmit: (bytes) => sent.push(Buffer.from(bytes).toString()),
    drained: () => (left = left.subarray(uart.receive(left))),
  });
  return { uart, clock, wire, sent };
}

function send(uart: Uart, text: string): void {
  for (const byte of Buffer.from(text)) uart.write(DATA, 1, byte);
}

const bytes = (text: string): Buffer => Buffer.from(text);
const identify = (uart: Uart): number => uart.read(IIR, 1) & 0x0f;

describe("the serial port's transmitter", () => {
  test("lets bytes go together, once the guest's slice is over", () => {
    const { uart, clock, sent } = create();
    send(uart, "hello ");
    send(uart, "world");
    deepEqual(sent, []);
    clock.advance(0);
    send(uart, "!");
    clock.advance(0);
    deepEqual([sent, clock.waiting()], [["hello world", "!"], 0]);
  });

  test("waits for no end of the slice when the buffer is full", () => {
    const { uart, clock, sent } = create();
    send(uart, "a".repeat(OUTPUT_BYTES + 1));
    deepEqual([sent.map((text) => text.length), clock.waiting()], [[OUTPUT_BYTES], 1]);
    uart.flush();
    uart.flush();
    deepEqual(
      sent.map((text) => text.length),
      [OUTPUT_BYTES, 1],
    );
  });

  test("sends what was written before a snapshot, and not again after it", () => {
    const { uart, sent } = create();
    send(uart, "a");
    const state = uart.save();
    deepEqual(sent, ["a"]);
    uart.restore(state);
    uart.flush();
    deepEqual(sent, ["a"]);
  });

  test("is always empty, and says so by interrupt once for each time", () => {
    const { uart, wire } = create();
    equal(uart.read(LSR, 1), 0x60);
    uart.write(IER, 1, 2);
    deepEqual([wire.high, identify(uart), wire.high, identify(uart)], [true, 2, false, 1]);
    uart.write(DATA, 1, 0x41);
    equal(wire.high, true);
    uart.write(IER, 1, 0);
    equal(wire.high, false);
    uart.write(IER, 1, 2);
    equal(identify(uart), 2);
  });
});

describe("the serial port's receiver", () => {
  test("takes 16 bytes with FIFOs, one without, and the rest after that", () => {
    const { uart } = create();
    deepEqual([uart.receive(bytes("ab")), uart.receive(bytes("b"))], [1, 0]);
    equal(uart.read(DATA, 1), 0x61);
    uart.write(FCR, 1, 1);
    deepEqual([uart.receive(bytes("0123456789abcdefgh")), uart.receive(bytes("g"))], [16, 0]);
    equal(uart.read(DATA, 1), 0x30);
    equal(uart.receive(bytes("gh")), 1);
  });

  test("gives a reading guest all of a long text in order", () => {
    const text = "The quick brown fox jumps over the lazy dog. ".repeat(10);
    const { uart } = create(text);
    uart.write(FCR, 1, 1);
    const read: number[] = [];
    while ((uart.read(LSR, 1) & 1) === 1) read.push(uart.read(DATA, 1));
    equal(Buffer.from(read).toString(), text);
  });

  const triggers: readonly (readonly [number, number])[] = [
    [0x01, 1],
    [0x41, 4],
    [0x81, 8],
    [0xc1, 14],
  ];
  for (const [control, level] of triggers) {
    test(`tells ${level} bytes from fewer, which are a timeout`, () => {
      const { uart, wire } = create();
      uart.write(FCR, 1, control);
      uart.write(IER, 1, 1);
      if (level > 1) uart.receive(bytes("x".repeat(level - 1)));
      equal(identify(uart), level > 1 ? 12 : 1);
      uart.receive(bytes("x"));
      deepEqual([identify(uart), wire.high], [4, true]);
      while ((uart.read(LSR, 1) & 1) === 1) uart.read(DATA, 1);
      deepEqual([identify(uart), wire.high, uart.read(DATA, 1)], [1, false, 0]);
    });
  }

  test("drops what it holds when the FIFO is cleared, and asks for more", () => {
    const { uart } = create("0123456789abcdefXY");
    uart.write(FCR, 1, 1);
    uart.write(FCR, 1, 3);
    deepEqual([uart.read(DATA, 1), uart.read(DATA, 1), uart.read(LSR, 1)], [0x58, 0x59, 0x60]);
  });
});

describe("the serial port", () => {
  test("has its divisor where data and interrupt enable are, behind the latch bit", () => {
    const { uart, clock, sent } = create();
    uart.write(IER, 1, 5);
    uart.write(LCR, 1, 0x83);
    uart.write(DATA, 1, 0x12);
    uart.write(IER, 1, 0x34);
    deepEqual([uart.read(DATA, 1), uart.read(IER, 1)], [0x12, 0x34]);
    uart.write(LCR, 1, 0x03);
    clock.advance(0);
    deepEqual([uart.read(LCR, 1), uart.read(IER, 1), sent], [3, 5, []]);
  });

  test("passes Linux's search for a 16550A: scratch, loopback, FIFO bits", () => {
    const { uart } = create();
    uart.write(SCR, 1, 0xa5);
    equal(uart.read(SCR, 1), 0xa5);
    uart.write(MCR, 1, 0x1a);
    equal(uart.read(MSR, 1) & 0xf0, 0x90);
    uart.write(MCR, 1, 0);
    uart.write(FCR, 1, 1);
    equal(uart.read(IIR, 1) >>> 6, 3);
    uart.write(FCR, 1, 0);
    equal(uart.read(IIR, 1) >>> 6, 0);
  });

  test("hears itself in loopback, and nobody else, with an overrun where that is too much", () => {
    const { uart, clock, wire, sent } = create("host");
    uart.write(MCR, 1, 0x10);
    uart.write(IER, 1, 4);
    send(uart, "ab");
    deepEqual([uart.receive(bytes("c")), wire.high, identify(uart)], [0, true, 6]);
    deepEqual([uart.read(LSR, 1), uart.read(LSR, 1), wire.high], [0x63, 0x61, false]);
    equal(uart.read(DATA, 1), 0x61);
    clock.advance(0);
    deepEqual(sent, []);
    uart.write(MCR, 1, 0);
    equal(uart.read(DATA, 1), 0x68);
  });

  test("tells of modem lines that changed, until they are read; of ringing only its end", () => {
    const { uart, wire } = create();
    uart.write(MCR, 1, 0x10);
    uart.read(MSR, 1);
    uart.write(IER, 1, 8);
    uart.write(MCR, 1, 0x14);
    deepEqual([wire.high, uart.read(MSR, 1)], [false, 0x40]);
    uart.write(MCR, 1, 0x12);
    deepEqual([wire.high, identify(uart), uart.read(MSR, 1)], [true, 0, 0x15]);
    deepEqual([wire.high, uart.read(MSR, 1)], [false, 0x10]);
  });

  test("serves the receiver before the transmitter", () => {
    const { uart } = create();
    uart.write(IER, 1, 3);
    uart.receive(bytes("x"));
    deepEqual([identify(uart), uart.read(DATA, 1), identify(uart), identify(uart)], [4, 0x78, 2, 1]);
  });

  test("outlives any guest, and goes on from a saved state", () =>
    fuzzDevice({
      windowBytes: UART_WINDOW_BYTES,
      registers: [DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR],
      create: ({ clock, wire }) => createUart({ name: "uart0", interrupt: wire, clock, transmit: () => {} }),
      stimulate: (device, value) => (device as Uart).receive(Uint8Array.of(value & 0xff, 0x55)),
    }));
});
