/** Label that holds a machine's id. */
export const MACHINE_LABEL = "cloister.machine";
/** Label that holds whose machines these are: several homes of Cloister may share one engine. */
export const HOME_LABEL = "cloister.home";

const SNAPSHOTS = "cloister-snapshot";

/** The container of a machine. */
export function containerName(id: string): string {
  return `cloister-${id}`;
}

/** The image of a machine's snapshot. */
export function snapshotImage(id: string, snapshot: string): string {
  return `${SNAPSHOTS}:${id}-${snapshot}`;
}

/** What a clone starts from: no name of a snapshot holds a dot. */
export function cloneImage(id: string): string {
  return `${SNAPSHOTS}:${id}-clone.base`;
}

/** The id in the name of a container or snapshot image of Cloister. */
export function idIn(name: string): string | undefined {
  return /^(?:cloister-|(?:localhost\/)?cloister-snapshot:)([a-z0-9]{12})(?:-|$)/.exec(name)?.[1];
}
