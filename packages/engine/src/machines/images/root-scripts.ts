/** What is done to every root file system of Debian packages, however they got there. */

/** Documentation and translations: nobody reads them in a machine. */
export const LEFT_OUT: readonly string[] = ["doc", "man", "info", "locale", "lintian"].map(
  (name) => `/usr/share/${name}/*`,
);

/** Adds the user whom agents and gates run as, without password; `$1` is the root. No program of the image runs, so that any architecture will do. */
export const ADD_AGENT = `set -e
echo 'agent:x:1000:1000:Agent:/home/agent:/bin/bash' >>"$1/etc/passwd"
echo 'agent:x:1000:' >>"$1/etc/group"
echo 'agent:!:20089:0:99999:7:::' >>"$1/etc/shadow"
install -d -m 755 "$1/home/agent"
chown 1000:1000 "$1/home/agent"`;

/** Removes what differs between two builds, and what names a machine; `$1` is the root. */
export const CLEAN = `set -e
cd "$1"
rm -rf var/lib/apt/lists/* var/cache/apt var/cache/debconf/*-old var/cache/ldconfig var/lib/dpkg/*-old var/backups/* run/* tmp/*
rm -f etc/ssh/ssh_host_* etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/subuid- etc/subgid- var/lib/dbus/machine-id
find var/log -type f -delete`;
