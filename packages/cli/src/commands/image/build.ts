import { openImages, readManifest } from "@cloister/engine/machines";
import type { ImageBuildOptions } from "../../definitions/image.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { toSingleLine } from "../../render/plain-text.ts";
import { printImage } from "./print-image.ts";

const DEFAULT_MANIFEST = "agents";

/** `cloister image build`. */
export const build: CommandHandler<ImageBuildOptions> = async ({ args: [name], options }, terminal) => {
  const read = readManifest(name ?? DEFAULT_MANIFEST);
  const manifest = options.arch === undefined ? read : { ...read, architecture: options.arch };
  const image = await openImages(terminal.env).build(manifest, {
    onProgress: (line) => terminal.note(toSingleLine(line)),
    ...(options.force === undefined ? {} : { force: options.force }),
  });
  printImage(terminal, image, options);
  return 0;
};
