/** Runs a command as root, or as root of a user namespace of its own: files then have the owners that an archive says. */
export function asRoot(command: readonly string[]): readonly string[] {
  return process.getuid?.() === 0 ? command : ["mmdebstrap", "--unshare-helper", ...command];
}
