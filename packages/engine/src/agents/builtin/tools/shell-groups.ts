/** The process groups of the commands that the model started: what they leave running ends with the agent. */
export type ShellGroups = {
  /** Remembers the group that process `leader` leads. */
  readonly add: (leader: number) => void;
  /** Sends `signal` to the group of `leader`; false where no process of it lives. */
  readonly signal: (leader: number, signal: NodeJS.Signals) => boolean;
  /** Kills every group that lives. */
  readonly killAll: () => void;
};

/** An empty set of groups. */
export function createShellGroups(): ShellGroups {
  const leaders = new Set<number>();
  const signal = (leader: number, name: NodeJS.Signals): boolean => {
    try {
      process.kill(-leader, name);
      return true;
    } catch {
      leaders.delete(leader); // ESRCH: the group is gone, and its number may soon be someone else's.
      return false;
    }
  };
  return {
    add: (leader) => void leaders.add(leader),
    signal,
    killAll() {
      for (const leader of leaders) signal(leader, "SIGKILL");
    },
  };
}
