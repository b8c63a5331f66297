import { readNested, readNumber } from "../bus/device-state.ts";
import type { BlockBackend, DeviceState } from "../bus/port.ts";
import type { OverlayDisk } from "../disk/overlay-disk.ts";
import { invalidSnapshot } from "./format.ts";
import { readText } from "./read-text.ts";

/** The disks of a machine, and what its owner calls their content. */
export type Drives = { readonly drives?: readonly BlockBackend[]; readonly driveIds?: readonly string[] };

/** Saves which disks there are, and of overlays what differs from their bases. */
export function saveDrives({ drives = [], driveIds = [] }: Drives): readonly DeviceState[] {
  return drives.map((drive, index) => ({
    id: driveIds[index] ?? "",
    sizeBytes: drive.sizeBytes,
    ...(isOverlay(drive) ? { overlay: drive.save() } : {}),
  }));
}

/** @throws VmError `snapshot_invalid` where the machine has other drives than the one that was saved */
export function checkDrives(saved: readonly DeviceState[], { drives = [], driveIds = [] }: Drives): void {
  if (saved.length !== drives.length)
    throw invalidSnapshot(`has ${saved.length} drives, the machine ${drives.length}`, "give it the same drives");
  for (const [index, state] of saved.entries()) {
    const drive = drives[index];
    const before = describe(readText(state, "id"), readNumber(state, "sizeBytes"), "overlay" in state);
    const now = describe(driveIds[index] ?? "", drive?.sizeBytes ?? 0, drive !== undefined && isOverlay(drive));
    if (before !== now)
      throw invalidSnapshot(`has as drive ${index} ${before}, the machine ${now}`, "give it the same");
  }
}

/** Gives overlays their clusters back. @throws VmError `snapshot_invalid` */
export function restoreDrives(saved: readonly DeviceState[], { drives = [] }: Drives): void {
  for (const [index, drive] of drives.entries())
    if (isOverlay(drive)) drive.restore(readNested(saved[index] ?? {}, "overlay"));
}

function describe(id: string, sizeBytes: number, hasOverlay: boolean): string {
  return `${hasOverlay ? "an overlay over " : ""}${id === "" ? "a disk" : `"${id}"`} of ${sizeBytes} bytes`;
}

function isOverlay(drive: BlockBackend): drive is OverlayDisk {
  return "changedClusters" in drive;
}
