import { basename, resolve } from "node:path";
import { openImages } from "@cloister/engine/machines";
import type { ImageImportOptions } from "../../definitions/image.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { toSingleLine } from "../../render/plain-text.ts";
import { printImage } from "./print-image.ts";

/** `cloister image import`. */
export const importImage: CommandHandler<ImageImportOptions> = async ({ args: [disk = ""], options }, terminal) => {
  const { name = nameOf(disk), arch, kernel, initrd, append } = options;
  const path = (file: string): string => resolve(terminal.cwd, file);
  const image = await openImages(terminal.env).importDisk(
    {
      disk: path(disk),
      name,
      ...(arch !== undefined && { architecture: arch }),
      ...(kernel !== undefined && { kernel: path(kernel) }),
      ...(initrd !== undefined && { initrd: path(initrd) }),
      ...(append !== undefined && { kernelArguments: append }),
    },
    { onProgress: (line) => terminal.note(toSingleLine(line)) },
  );
  printImage(terminal, image, options);
  return 0;
};

/** Of a file, without what its name ends with, in the letters that names of images have. */
function nameOf(file: string): string {
  const stem = basename(file).replace(/\.[a-z0-9]+$/i, "");
  return stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
