import type { ImageFiles } from "../built-image.ts";
import type { BootResult } from "./fuzz-boot.ts";

/** What a thread of boots is told. */
export type BootsOrder = {
  readonly image: ImageFiles;
  readonly seeds: readonly number[];
  /** Begins no more boots when so much of its time is over, in seconds from the first one on. */
  readonly seconds: number;
};

/** What it tells. */
export type BootsMessage =
  | { readonly kind: "prepared" }
  | { readonly kind: "begun"; readonly seed: number }
  | { readonly kind: "ended"; readonly result: BootResult; readonly residentBytes: number };
