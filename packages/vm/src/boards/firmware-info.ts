/** Bytes of the structure: six 64-bit words. */
export const FIRMWARE_INFO_BYTES = 48;

/** "OSBI", little-endian. */
const MAGIC = 0x4942_534f;
const VERSION = 2;
const SUPERVISOR_MODE = 1;

/**
 * Makes what tells OpenSBI's dynamic firmware which program to start next, in supervisor mode.
 * @param next address of its first instruction; without it the firmware stops there
 * @see OpenSBI, docs/firmware/fw_dynamic.md and include/sbi/fw_dynamic.h
 */
export function createFirmwareInfo(next: number = 0): Uint8Array<ArrayBuffer> {
  const words = [MAGIC, VERSION, next, SUPERVISOR_MODE, 0, 0];
  const bytes = new Uint8Array(FIRMWARE_INFO_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) {
    view.setUint32(index * 8, word % 2 ** 32, true);
    view.setUint32(index * 8 + 4, Math.floor(word / 2 ** 32), true);
  }
  return bytes;
}
