import type { DriverName, MachineEvent } from "@cloister/core";
import type { ImageStore } from "../images/port.ts";
import type { MachinePlaces } from "../places.ts";
import type { MachineDriver } from "../port.ts";
import type { Registry } from "../registry/index.ts";
import type { Drivers } from "./drivers.ts";

/** The drivers that there are; each is loaded when it is needed. */
export type DriverTable = Readonly<Partial<Record<DriverName, () => Promise<MachineDriver>>>>;

/** What a manager is made of. */
export type ManagerOptions = {
  /** The caller's environment. Values of secrets come from it. */
  readonly env: Readonly<Record<string, string>>;
  readonly places: MachinePlaces;
  readonly drivers: DriverTable;
  readonly images: ImageStore;
  /** ms since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
  /** Told of what a person should know, a sentence at a time. */
  readonly onWarning?: (sentence: string) => void;
  /** Told of each event of this process once it is in the registry. */
  readonly onEvent?: (event: MachineEvent) => void;
};

/** What the operations of a manager share. */
export type ManagerContext = {
  readonly env: Readonly<Record<string, string>>;
  readonly places: MachinePlaces;
  readonly images: ImageStore;
  readonly drivers: Drivers;
  readonly registry: Registry;
  readonly now: () => number;
  readonly warn: (sentence: string) => void;
};
