/**
 * Makes the user `agent` (1000) with a home in an image that was not made for Cloister, for any POSIX shell: no image is sure to have
 * `useradd`. What is there already stays as it is.
 */
export const PREPARE_USER = `set -e
grep -q '^agent:' /etc/passwd || echo 'agent:x:1000:1000:agent:/home/agent:/bin/sh' >>/etc/passwd
grep -q '^agent:' /etc/group || echo 'agent:x:1000:' >>/etc/group
mkdir -p /home/agent
chown agent:agent /home/agent`;
