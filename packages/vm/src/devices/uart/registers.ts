/**
 * Registers and bits of the 16550.
 * @see Texas Instruments PC16550D data sheet (SNLS378), chapter "Registers"
 */

/** Offsets. Those with two names depend on reading or writing, or on LCR.DLAB. */
export const REGISTER = {
  /** Receiver buffer (read), transmitter holding (write), divisor's lower byte (DLAB). */
  data: 0,
  /** Interrupt enable; divisor's upper byte (DLAB). */
  interruptEnable: 1,
  /** Interrupt identification (read), FIFO control (write). */
  interruptIdentification: 2,
  lineControl: 3,
  modemControl: 4,
  lineStatus: 5,
  modemStatus: 6,
  scratch: 7,
} as const;

/** Interrupt enable. */
export const ENABLE = { received: 1, transmitterEmpty: 2, lineStatus: 4, modemStatus: 8, all: 15 } as const;

/** Interrupt identification, from the highest priority down to none. */
export const IDENTIFICATION = {
  lineStatus: 6,
  received: 4,
  timeout: 12,
  transmitterEmpty: 2,
  modemStatus: 0,
  none: 1,
  fifosEnabled: 0xc0,
} as const;

/** FIFO control. The two upper bits choose the trigger level. */
export const FIFO_CONTROL = { enable: 1, clearReceived: 2 } as const;

/** Bytes in the receive FIFO that raise an interrupt, by the two upper bits of FIFO control. */
export const TRIGGER_LEVELS = [1, 4, 8, 14] as const;

/** Bytes of a FIFO. */
export const FIFO_BYTES = 16;

/** Line control: the divisor is at offsets 0 and 1. */
export const DIVISOR_LATCH = 0x80;

/** Modem control. */
export const MODEM_CONTROL = { terminalReady: 1, requestToSend: 2, out1: 4, out2: 8, loopback: 16, all: 31 } as const;

/** Line status. */
export const LINE_STATUS = { dataReady: 1, overrun: 2, transmitterIdle: 0x60 } as const;

/** Modem status: the lines in the upper half, what changed since the last read in the lower. */
export const MODEM_STATUS = {
  clearToSend: 0x10,
  dataSetReady: 0x20,
  ring: 0x40,
  carrier: 0x80,
  changes: 0x0f,
} as const;
