/** What a sandbox on macOS may see and change. Absolute paths, free of links: seatbelt compares them as the kernel resolves them. */
export type SeatbeltView = {
  /** Read and written. */
  readonly writable: readonly string[];
  /** Read alone. */
  readonly readable: readonly string[];
};

const SYSTEM = ["/usr", "/bin", "/sbin", "/System", "/Library/Apple", "/private/var/db/dyld", "/private/etc/ssl"];
const DEVICES = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx"];

/**
 * The profile for `sandbox-exec -p`: everything is refused that it does not allow, the network altogether. The guest agent speaks on
 * its standard input and output, which need no permission.
 */
export function seatbeltProfile({ writable, readable }: SeatbeltView): string {
  return [
    "(version 1)",
    "(deny default)",
    "(allow process-exec process-fork)",
    "(allow signal (target same-sandbox))",
    "(allow sysctl-read)",
    "(allow file-read-metadata)",
    '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))',
    allow("file-read*", [...SYSTEM, ...readable, ...writable].map(subpath)),
    allow("file-write*", writable.map(subpath)),
    allow("file-read* file-write* file-ioctl", [...DEVICES.map(literal), '(regex #"^/dev/ttys[0-9]+$")']),
    "(deny network*)",
    "",
  ].join("\n");
}

/** Without a filter the operations would be allowed on everything. */
function allow(operations: string, filters: readonly string[]): string {
  return filters.length === 0 ? "" : `(allow ${operations} ${filters.join(" ")})`;
}

const subpath = (path: string): string => `(subpath ${quote(path)})`;
const literal = (path: string): string => `(literal ${quote(path)})`;

/** A string of the profile's language, in which only these two characters mean something else. */
function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
