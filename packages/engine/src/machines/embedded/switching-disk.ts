import type { BlockBackend } from "@cloister/vm";
import { openDisk } from "@cloister/vm/node";

/** With more layers than the driver ever stacks, there is a cycle. */
const IMAGES_MAX = 256;

/** A machine's disk, whose last layer can become another one while the machine stands still. */
export class SwitchingDisk implements BlockBackend {
  readonly sizeBytes: number;
  readonly readOnly = false;
  readonly #imageFolder: string;
  #disk: BlockBackend;

  /**
   * Opens a disk by its last layer.
   * @param imageFolder where the image's own file is: it may be on another file system than the layers
   * @throws VmError `disk_invalid`, `disk_failed`
   */
  constructor(layer: string, imageFolder: string) {
    this.#imageFolder = imageFolder;
    this.#disk = this.#open(layer);
    this.sizeBytes = this.#disk.sizeBytes;
  }

  /** Writes go to another layer from now on, which lies over the one so far. @throws VmError; then nothing has changed */
  switchTo(layer: string): void {
    this.#disk.flush();
    const next = this.#open(layer);
    this.#disk.close();
    this.#disk = next;
  }

  read(offset: number, into: Uint8Array): void {
    this.#disk.read(offset, into);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#disk.write(offset, bytes);
  }

  zero(offset: number, length: number): void {
    if (this.#disk.zero === undefined) this.#disk.write(offset, new Uint8Array(length));
    else this.#disk.zero(offset, length);
  }

  flush(): void {
    this.#disk.flush();
  }

  close(): void {
    this.#disk.close();
  }

  #open(path: string): BlockBackend {
    return openDisk({ path, format: "qcow2", backingFolders: [this.#imageFolder], imagesMax: IMAGES_MAX });
  }
}
