import type { StoredImage } from "@cloister/engine/machines";
import type { JsonOption } from "../../definitions/shared-options.ts";
import { printJson, type Terminal } from "../../terminal/terminal.ts";

/** Says which image there is now, and where its files lie. */
export function printImage(terminal: Terminal, image: StoredImage, { json }: JsonOption): void {
  const { kernel, initrd, disk, archive } = image;
  const files = [kernel, initrd, disk, archive].flatMap((path) => path ?? []);
  if (json === true) printJson(terminal, image);
  else terminal.print(`${image.name} ${image.digest}`, ...files.map((path) => `  ${path}`));
}
