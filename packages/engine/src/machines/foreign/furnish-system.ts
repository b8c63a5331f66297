import type { GuestConnection } from "../guest/port.ts";
import { runInGuest } from "../guest/run-in-guest.ts";
import { GUEST_SURROUNDINGS } from "../virtual/surroundings.ts";

/** Adds the user that agents run as, with a number that nobody has and no password, and its home; what is there stays. */
const ADD_USER = `set -eu
user=$1 home=$2
has_name() { grep -q "^$user:" "$1"; }
end_line() { [ -z "$(tail -c 1 "$1")" ] || echo >>"$1"; }
touch /etc/passwd /etc/group
if ! has_name /etc/passwd; then
  id=1000
  while grep -q "^[^:]*:[^:]*:$id:" /etc/passwd /etc/group; do id=$((id + 1)); done
  end_line /etc/passwd
  end_line /etc/group
  has_name /etc/group || echo "$user:*:$id:" >>/etc/group
  echo "$user:*:$id:$id::$home:/bin/sh" >>/etc/passwd
fi
[ -d "$home" ] || { mkdir -p "$home" && chown "$user:" "$home"; }
`;

/** Gives a system that Cloister did not build what every machine has besides the guest agent. @throws CloisterError `machine_failed` */
export async function furnishSystem(guest: GuestConnection): Promise<void> {
  const { user = "", home, env } = GUEST_SURROUNDINGS;
  await runInGuest(guest, { argv: ["/bin/sh", "-c", ADD_USER, "sh", user, home], cwd: "/", env });
}
