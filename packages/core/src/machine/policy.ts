import type { DriverName } from "./driver.ts";

/** A host and port that a machine may reach through the egress proxy. */
export type EgressRule = {
  /** Lower case, without trailing dot; an IP address in its usual form; or `*.example.org` for every name below example.org. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
};

/** A credential that a machine may use without having it: it holds the placeholder, the egress proxy puts the value in. */
export type SecretRule = EgressRule & {
  /** The environment variable that holds the placeholder in the machine. The value is the caller's variable of the same name. */
  readonly variable: string;
  /** The request header in which the placeholder is replaced, lower case. Nowhere else. */
  readonly header: string;
};

/** A folder of the host that a machine sees. */
export type Mount = {
  /** Absolute path on the host. */
  readonly from: string;
  /** Absolute path in the machine. */
  readonly to: string;
  /** False unless the user said so. */
  readonly writable: boolean;
};

/** What a machine may use of the host. */
export type MachineLimits = {
  /** Memory, in MiB. */
  readonly memoryMib: number;
  /** Processor cores; a fraction for sandboxes and containers. */
  readonly cpus: number;
  /** What it may write, in MiB. */
  readonly diskMib: number;
  /** Processes and threads at one time. */
  readonly processes: number;
};

/** What a machine may do: the same for every driver. */
export type MachinePolicy = {
  readonly limits: MachineLimits;
  /** Nothing but these and the model gateway can be reached. */
  readonly egress: readonly EgressRule[];
  readonly secrets: readonly SecretRule[];
  readonly mounts: readonly Mount[];
  /** Copies the user's agent logins into the machine: the user said so, and was told what it means. */
  readonly copyCredentials: boolean;
};

/** Limits of a machine where nobody says otherwise. */
export const DEFAULT_MACHINE_LIMITS: MachineLimits = { memoryMib: 2048, cpus: 2, diskMib: 10_240, processes: 1024 };

/** No way out but the model gateway, nothing of the host. */
export const DEFAULT_MACHINE_POLICY: MachinePolicy = {
  limits: DEFAULT_MACHINE_LIMITS,
  egress: [],
  secrets: [],
  mounts: [],
  copyCredentials: false,
};

/** The machine that a run asks for. */
export type MachineChoice = {
  readonly driver: Exclude<DriverName, "host">;
  /** Name or digest of an image, or a name that the driver knows. */
  readonly image?: string;
  readonly policy: MachinePolicy;
  /** How many runs share a machine, where they ask for the same. Default: 1, a machine for each run. */
  readonly perMachine?: number;
};
