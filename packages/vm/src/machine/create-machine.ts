import { readSnapshot } from "../snapshot/read-snapshot.ts";
import { toSnapshotFile } from "../snapshot/snapshot-file.ts";
import { type Machine, VirtualMachine } from "./machine.ts";
import { checkOptions, MIB_BYTES, type MachineOptions } from "./options.ts";

/**
 * Makes a machine, with one RV64GC hart on QEMU's `virt` board, and loads what it starts with: a kernel, firmware, or a snapshot.
 * @throws VmError `option_invalid` for options that can't be; `image_invalid` for a kernel or firmware that can't be started;
 *   `snapshot_invalid` for a snapshot that is damaged, or of a machine of other parts
 */
export async function createMachine({ snapshot, ...options }: MachineOptions): Promise<Machine> {
  checkOptions(options);
  if (snapshot === undefined) return new VirtualMachine(options);
  const files = [snapshot].flat().map(toSnapshotFile);
  const state = await readSnapshot(files, options.host.codecs ?? [], options.host.crc32);
  return new VirtualMachine({ memoryMib: state.memoryBytes / MIB_BYTES, ...options }, state);
}
