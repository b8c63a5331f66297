/** Debian's word for this host's processor, or Node's where Debian has none. */
export function hostArchitecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}
