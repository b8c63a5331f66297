/**
 * Ways out of a sandbox. Each is a program that runs inside, and the answer that shows that the wall held. `$NAME` in it is what the
 * test put on the host: see `escapes.test.ts`.
 */
export type Escape = {
  readonly name: string;
  /** For `/bin/sh`, or Python where it begins with `import`. */
  readonly program: string;
  /** The whole of standard output, or a pattern of it. */
  readonly answer: string | RegExp;
};

/** Calls a function of libc and prints what error it gave. */
const call = (expression: string): string =>
  `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print("done" if libc.${expression} >= 0 else os.strerror(ctypes.get_errno()))`;

/** Tries a Python expression and prints what error it gave. */
const attempt = (expression: string): string =>
  `import os, socket, fcntl, signal, sys
try:
    ${expression}
    print("done")
except OSError as error:
    print(error.strerror)`;

const REFUSED = "Operation not permitted";
const MISSING = "No such file or directory";
const READ_ONLY = "Read-only file system";

/** What a sandbox must withstand. */
export const ESCAPES: readonly Escape[] = [
  {
    name: "reads the user's ssh keys",
    program: attempt('open(os.environ["HOST_HOME"] + "/.ssh/canary")'),
    answer: MISSING,
  },
  {
    name: "reads a file of the host by its path",
    program: attempt('open(os.environ["CANARY_FILE"])'),
    answer: MISSING,
  },
  { name: "lists root's home", program: attempt('os.listdir("/root")'), answer: MISSING },
  { name: "reads /etc/shadow", program: attempt('open("/etc/shadow")'), answer: MISSING },
  {
    name: "reads the host's accounts",
    program: "cat /etc/passwd | cut -d: -f1 | tr '\\n' ' '",
    answer: "root agent nobody",
  },
  { name: "reads private TLS keys", program: attempt('os.listdir("/etc/ssl/private")'), answer: MISSING },
  {
    name: "finds docker's and the system bus's sockets",
    program: "ls -A /run /var/run 2>/dev/null",
    answer: /^(?!.*(?:docker|dbus))/s,
  },
  {
    name: "reads the environment of a host process",
    program: attempt('open("/proc/" + os.environ["HOST_PID"] + "/environ")'),
    answer: MISSING,
  },
  {
    name: "finds the host's secret in any environment",
    program: 'cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | grep -c "^CANARY_SECRET="',
    answer: "0",
  },
  {
    name: "goes through another root",
    program: "ls /proc/1/root/root /proc/1/root/boot 2>&1 | grep -c 'No such file'",
    answer: "2",
  },
  {
    name: "reads kernel memory",
    program: attempt('print(len(open("/proc/kcore", "rb").read(1)), "bytes", end=" ")'),
    answer: /^(?:Operation not permitted|No such file or directory|Permission denied|0 bytes done)$/,
  },
  {
    name: "pulls a magic system request",
    program: attempt('open("/proc/sysrq-trigger", "w").write("h")'),
    answer: /^(?:Read-only file system|No such file or directory|Permission denied)$/,
  },
  {
    name: "sets where the host's core dumps go",
    program: attempt('open("/proc/sys/kernel/core_pattern", "w")'),
    answer: /^(?:Read-only file system|Permission denied)$/,
  },
  {
    name: "changes the host's kernel settings",
    program: attempt('open("/proc/sys/vm/swappiness", "w")'),
    answer: /^(?:Read-only file system|Permission denied)$/,
  },
  {
    name: "spares itself the OOM killer",
    program: attempt('open("/proc/self/oom_score_adj", "w")'),
    answer: READ_ONLY,
  },
  { name: "writes among the host's programs", program: attempt('open("/usr/bin/canary", "w")'), answer: READ_ONLY },
  { name: "replaces the shell", program: attempt('os.rename("/bin/sh", "/bin/sh.old")'), answer: READ_ONLY },
  {
    name: "puts another folder in /bin's place",
    program: attempt('os.rename("/bin", "/bin.old")'),
    answer: "Device or resource busy",
  },
  { name: "writes to /etc", program: attempt('open("/etc/canary", "w")'), answer: READ_ONLY },
  {
    name: "writes to the running Node",
    program: attempt('open(os.environ["NODE_FOLDER"] + "/canary", "w")'),
    answer: READ_ONLY,
  },
  {
    name: "puts a link in the place of a folder that leads to a mount",
    program: attempt(
      'os.rename(os.path.dirname(os.environ["NODE_FOLDER"]), os.path.dirname(os.environ["NODE_FOLDER"]) + "-moved")',
    ),
    answer: "Device or resource busy",
  },
  { name: "mounts", program: call('mount(b"none", b"/tmp", b"tmpfs", 0, 0)'), answer: REFUSED },
  { name: "unmounts", program: call('umount2(b"/proc", 2)'), answer: REFUSED },
  { name: "mounts by the newer calls", program: call('syscall(430, b"tmpfs", 0)'), answer: "Function not implemented" },
  { name: "makes a user namespace", program: call("unshare(0x10000000)"), answer: REFUSED },
  {
    name: "makes a user namespace by clone",
    program: call("syscall(56 if os.uname().machine == 'x86_64' else 220, 0x10000011, 0, 0, 0, 0)"),
    answer: REFUSED,
  },
  { name: "makes namespaces by clone3", program: call("syscall(435, 0, 0)"), answer: "Function not implemented" },
  { name: "joins a namespace", program: call('setns(os.open("/proc/self/ns/net", 0), 0)'), answer: REFUSED },
  { name: "changes its root", program: attempt('os.chroot("/tmp")'), answer: REFUSED },
  { name: "becomes root", program: attempt("os.setuid(0)"), answer: /^(?:Invalid argument|Operation not permitted)$/ },
  {
    name: "gains rights from set-user-id programs",
    program:
      "find /usr/bin -perm -4000 -name su -exec sh -c 'su -c id root </dev/null' \\; 2>/dev/null | grep -c uid=0",
    answer: "0",
  },
  { name: "has a capability", program: "grep -c '^Cap[A-Za-z]*:\\s*0*$' /proc/self/status", answer: "5" },
  { name: "makes a device", program: attempt('os.mknod("/tmp/device", 0o20666, os.makedev(1, 1))'), answer: REFUSED },
  { name: "opens physical memory", program: attempt('open("/dev/mem")'), answer: MISSING },
  { name: "opens a disk", program: "ls /dev | grep -cE '^(sd|vd|nvme|loop|dm-|kvm|fuse|tun)'", answer: "0" },
  {
    name: "has descriptors of the host",
    program:
      "import os\nprint(sorted(int(name) for name in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + name)))",
    answer: "[0, 1, 2]",
  },
  {
    name: "finds the host's descriptors at any process",
    program: 'ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c "$CANARY_FILE"',
    answer: "0",
  },
  {
    name: "reaches a socket of the host by its path",
    program: attempt('socket.socket(socket.AF_UNIX).connect(os.environ["CANARY_SOCKET"])'),
    answer: MISSING,
  },
  {
    name: "reaches an abstract socket of the host",
    program: attempt('socket.socket(socket.AF_UNIX).connect("\\0" + os.environ["CANARY_ABSTRACT"])'),
    answer: "Connection refused",
  },
  {
    name: "reaches the host's loopback",
    program: attempt('socket.create_connection(("127.0.0.1", int(os.environ["CANARY_PORT"])), 1)'),
    answer: "Connection refused",
  },
  {
    name: "reaches other hosts",
    program: attempt('socket.create_connection(("192.0.2.1", 80), 1)'),
    answer: "Network is unreachable",
  },
  {
    name: "sends datagrams",
    program: attempt('socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))'),
    answer: "Network is unreachable",
  },
  {
    name: "opens a raw socket",
    program: attempt("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"),
    answer: REFUSED,
  },
  { name: "opens a packet socket", program: attempt("socket.socket(17, socket.SOCK_RAW)"), answer: REFUSED },
  {
    name: "reaches the hypervisor by vsock",
    program: attempt("socket.socket(40, socket.SOCK_STREAM)"),
    answer: REFUSED,
  },
  {
    name: "uses the kernel's cryptography",
    program: attempt("socket.socket(38, socket.SOCK_SEQPACKET)"),
    answer: REFUSED,
  },
  {
    name: "has an interface besides loopback",
    program: "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' \\n'",
    answer: "lo",
  },
  {
    name: "traces a process of the host",
    program: call('ptrace(16, int(os.environ["HOST_PID"]), 0, 0)'),
    answer: "No such process",
  },
  {
    name: "kills a process of the host",
    program: attempt('os.kill(int(os.environ["HOST_PID"]), signal.SIGKILL)'),
    answer: "No such process",
  },
  {
    name: "types into a terminal",
    program: attempt('import pty; fcntl.ioctl(pty.openpty()[1], 0x5412, b"x")'),
    answer: REFUSED,
  },
  {
    name: "opens the terminal that Cloister runs in",
    program: attempt('open("/dev/tty")'),
    answer: "No such device or address",
  },
  {
    name: "asks for keys",
    program: call("syscall(250 if os.uname().machine == 'x86_64' else 219, 0, -4, 0)"),
    answer: REFUSED,
  },
  {
    name: "loads a BPF program",
    program: call("syscall(321 if os.uname().machine == 'x86_64' else 280, 0, 0, 0)"),
    answer: REFUSED,
  },
  { name: "uses io_uring", program: call("syscall(425, 1, 0)"), answer: "Function not implemented" },
  { name: "sets the clock", program: call("settimeofday(ctypes.create_string_buffer(16), None)"), answer: REFUSED },
  { name: "renames the host", program: call('sethostname(b"x", 1)'), answer: REFUSED },
  {
    name: "leaves a set-user-id program",
    program: attempt('open("/tmp/lent", "w"); os.chmod("/tmp/lent", 0o4755)'),
    answer: REFUSED,
  },
  {
    name: "creates a set-user-id program",
    program: attempt('os.open("/tmp/lent2", os.O_CREAT | os.O_WRONLY, 0o4755)'),
    answer: REFUSED,
  },
  {
    name: "links a program of the host into its own files",
    program: attempt('os.link("/usr/bin/env", "/tmp/env")'),
    answer: "Invalid cross-device link",
  },
];
