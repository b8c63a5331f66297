/** Numbers of a qcow2 image are big-endian, of up to 64 bits. Those that say a place or a size stay below 2^53 here. */

const HIGH = 0x1_0000_0000;

/** Reads 64 bits; what is beyond 2^53 loses its lower bits, and is far beyond every bound that is checked afterwards. */
export function readU64(view: DataView, at: number): number {
  return view.getUint32(at) * HIGH + view.getUint32(at + 4);
}

/** Writes 64 bits. @param value an integer from 0 to 2^53 */
export function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / HIGH));
  view.setUint32(at + 4, value % HIGH);
}

/** A view of bytes, wherever they lie. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
