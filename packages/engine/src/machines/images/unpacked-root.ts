import { join } from "node:path";
import { asRoot } from "./as-root.ts";
import { runBuildTool, type ToolContext } from "./build-tool.ts";
import { IMAGE_EPOCH_S } from "./epoch.ts";
import { ADD_AGENT, CLEAN, LEFT_OUT } from "./root-scripts.ts";

/** What a root file system is made of without any program of it running. */
export type UnpackedRoot = {
  /** Debian packages with all that they need: paths of `.deb` files. */
  readonly packages: readonly string[];
  /** A tar archive of what Cloister adds. */
  readonly own: string;
  /** The tar archive to write. */
  readonly archive: string;
};

/**
 * Unpacks packages and enters them into dpkg's own database as what they are: unpacked, with their scripts, not configured. Since
 * Debian 12, /bin, /lib and /sbin are links into /usr. `$1` is the root, `$2` a pattern a line of what is left out.
 */
const UNPACK = `set -euo pipefail
root=$1 left_out=$2
shift 2
info=$root/var/lib/dpkg/info
control=$root.control
for name in bin lib lib64 sbin; do mkdir -p "$root/usr/$name" && ln -s "usr/$name" "$root/$name"; done
mkdir -p "$info" "$root/var/lib/dpkg/updates"
for package; do
  dpkg-deb --fsys-tarfile "$package" | tar --extract --directory="$root" --numeric-owner --preserve-permissions \\
    --keep-directory-symlink --anchored --exclude-from=<(printf '%s' "$left_out")
  dpkg-deb --control "$package" "$control"
  name=$(dpkg-deb --field "$package" Package)
  if [ "$(dpkg-deb --field "$package" Multi-Arch)" = same ]; then name=$name:$(dpkg-deb --field "$package" Architecture); fi
  dpkg-deb --fsys-tarfile "$package" | tar --list | sed -e 's,^\\.,,' -e 's,\\(.\\)/$,\\1,' -e 's,^/$,/.,' >"$info/$name.list"
  { sed '/^Package:/a Status: install ok unpacked' "$control/control"; echo; } >>"$root/var/lib/dpkg/status"
  rm "$control/control"
  for file in "$control"/*; do if [ -e "$file" ]; then cp "$file" "$info/$name.$(basename "$file")"; fi; done
  rm -r "$control"
done
echo 1 >"$info/format"
`;

/** What the packages' own scripts would do and a machine can't do without: users, names, defaults, trusted certificates. `$1` is the root. */
const FINISH = `set -euo pipefail
cd "$1"
install -m 644 usr/share/base-passwd/passwd.master etc/passwd
install -m 644 usr/share/base-passwd/group.master etc/group
sed 's/^\\([^:]*\\):.*/\\1:*:20089:0:99999:7:::/' etc/passwd >etc/shadow
chown 0:42 etc/shadow
chmod 640 etc/shadow
if [ -e usr/share/libc-bin/nsswitch.conf ]; then cp usr/share/libc-bin/nsswitch.conf etc/nsswitch.conf; fi
cp usr/share/base-files/profile etc/profile
cp usr/share/base-files/dot.bashrc root/.bashrc
cp usr/share/base-files/dot.profile root/.profile
mkdir -p etc/alternatives
choose() {
  if [ ! -e "usr/bin/$2" ] || [ -e "usr/bin/$1" ]; then return; fi
  ln -s "/usr/bin/$2" "etc/alternatives/$1"
  ln -s "/etc/alternatives/$1" "usr/bin/$1"
}
choose awk mawk
choose cc gcc
choose c++ g++
choose pager more
choose which which.debianutils
if [ -d usr/share/ca-certificates ]; then
  mkdir -p etc/ssl/certs usr/lib/ssl
  cat usr/share/ca-certificates/*/*.crt >etc/ssl/certs/ca-certificates.crt
  ln -sf /etc/ssl/certs/ca-certificates.crt usr/lib/ssl/cert.pem
fi
`;

/** `$1` is the root, `$2` what Cloister adds, `$3` the archive. What a user namespace made can be removed by it alone. */
const PACK = `set -euo pipefail
tar --extract --directory="$1" --numeric-owner --keep-directory-symlink --file="$2"
tar --create --format=gnu --sort=name --numeric-owner --clamp-mtime --mtime=@${IMAGE_EPOCH_S} --directory="$1" --file="$3" .
rm -rf "$1"
`;

/** Runs the scripts one after the other: `$1` to `$4` are the first four arguments, the rest the packages. */
const ALL = `set -euo pipefail
root=$1 left_out=$2 own=$3 archive=$4
shift 4
bash -c "$UNPACK" unpack "$root" "$left_out" "$@"
for script in "$FINISH" "$ADD_AGENT" "$CLEAN"; do bash -c "$script" finish "$root"; done
bash -c "$PACK" pack "$root" "$own" "$archive"
`;

/**
 * Makes a root file system of packages for any processor, on this one: nothing of it runs. dpkg's database says that they are unpacked;
 * what their scripts would do beyond what every machine needs stays undone.
 */
export async function buildUnpackedRoot(context: ToolContext, { packages, own, archive }: UnpackedRoot): Promise<void> {
  const root = join(context.folder, "unpacked");
  const leftOut = LEFT_OUT.map((path) => `.${path}\n`).join("");
  const env = { UNPACK, FINISH, ADD_AGENT, CLEAN, PACK };
  await runBuildTool(context, asRoot(["bash", "-c", ALL, "build", root, leftOut, own, archive, ...packages]), { env });
}
