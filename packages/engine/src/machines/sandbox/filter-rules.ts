/**
 * System calls that programs in a sandbox are refused. They have no capability of the host anyway: this keeps them away from the parts
 * of the kernel in which mistakes are found most often, and from what the other walls don't cover.
 */

/** A test of an argument, by its lower 32 bits. All of a rule's must hold. */
export type ArgumentTest =
  /** Any of these bits is set. */
  | { readonly argument: number; readonly anyBit: number }
  | { readonly argument: number; readonly equals: number }
  | { readonly argument: number; readonly noneOf: readonly number[] };

/** A refusal. */
export type FilterRule = {
  /** Numbers of the system call; undefined where the architecture has no such call. */
  readonly x64?: number;
  readonly arm64?: number;
  /** `ENOSYS` where programs know a way without it. */
  readonly answer: "EPERM" | "ENOSYS";
  readonly when?: readonly ArgumentTest[];
};

/** New namespaces: mount, cgroup, uts, ipc, user, pid, net (sched.h). In them a program would have capabilities. */
const NAMESPACES = 0x7e020000;
/** Time namespace: a bit that means something else to clone(2). */
const TIME_NAMESPACE = 0x80;
/** Set-user-id and set-group-id: a file that would lend its owner's rights to whoever starts it on the host. */
const LENT_RIGHTS = 0o6000;
/** O_CREAT and O_TMPFILE's own bit: only then does open(2) look at the mode. */
const CREATES = 0o20000100;
/** Unspecified, Unix, IPv4, IPv6, netlink. Others, such as vsock, know no network namespaces and would reach the host. */
const SOCKET_FAMILIES = [0, 1, 2, 10, 16];
/** Put characters into a terminal's input, as if somebody had typed them. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

const lendsRights = (argument: number): ArgumentTest => ({ argument, anyBit: LENT_RIGHTS });
const always = (x64: number, arm64?: number): FilterRule => ({
  x64,
  ...(arm64 === undefined ? {} : { arm64 }),
  answer: "EPERM",
});
const missing = (number: number): FilterRule => ({ x64: number, arm64: number, answer: "ENOSYS" });
const sometimes = (x64: number, arm64: number | undefined, ...when: ArgumentTest[]): FilterRule => ({
  ...always(x64, arm64),
  when,
});

/** The rules. Numbers are those of the kernel's unistd.h. */
export const FILTER_RULES: readonly FilterRule[] = [
  // Namespaces and mounts.
  sometimes(56, 220, { argument: 0, anyBit: NAMESPACES }), // clone
  missing(435), // clone3: its flags are out of a filter's reach; libraries go back to clone
  sometimes(272, 97, { argument: 0, anyBit: NAMESPACES | TIME_NAMESPACE }), // unshare
  always(308, 268), // setns
  always(165, 40), // mount
  always(166, 39), // umount2
  always(155, 41), // pivot_root
  always(161, 51), // chroot
  missing(428), // open_tree
  missing(429), // move_mount
  missing(430), // fsopen
  missing(431), // fsconfig
  missing(432), // fsmount
  missing(433), // fspick
  missing(442), // mount_setattr
  // Files that keep rights on the host.
  sometimes(90, undefined, lendsRights(1)), // chmod
  sometimes(91, 52, lendsRights(1)), // fchmod
  sometimes(268, 53, lendsRights(2)), // fchmodat
  sometimes(452, 452, lendsRights(2)), // fchmodat2
  sometimes(133, undefined, lendsRights(1)), // mknod
  sometimes(259, 33, lendsRights(2)), // mknodat
  sometimes(85, undefined, lendsRights(1)), // creat
  sometimes(2, undefined, { argument: 1, anyBit: CREATES }, lendsRights(2)), // open
  sometimes(257, 56, { argument: 2, anyBit: CREATES }, lendsRights(3)), // openat
  missing(437), // openat2: its mode is out of a filter's reach; programs go back to openat
  always(304, 265), // open_by_handle_at
  // Ways out that no namespace closes.
  sometimes(41, 198, { argument: 0, noneOf: SOCKET_FAMILIES }), // socket
  sometimes(16, 29, { argument: 1, equals: TIOCSTI }), // ioctl
  sometimes(16, 29, { argument: 1, equals: TIOCLINUX }),
  always(248, 217), // add_key
  always(249, 218), // request_key
  always(250, 219), // keyctl
  always(103, 116), // syslog
  always(300, 262), // fanotify_init
  always(312, 272), // kcmp
  // Large and dangerous parts of the kernel.
  always(321, 280), // bpf
  always(323, 282), // userfaultfd
  always(298, 241), // perf_event_open
  missing(425), // io_uring_setup
  missing(426), // io_uring_enter
  missing(427), // io_uring_register
  // The host's own affairs.
  always(246, 104), // kexec_load
  always(320, 294), // kexec_file_load
  always(175, 105), // init_module
  always(313, 273), // finit_module
  always(176, 106), // delete_module
  always(167, 224), // swapon
  always(168, 225), // swapoff
  always(169, 142), // reboot
  always(163, 89), // acct
  always(179, 60), // quotactl
  always(443, 443), // quotactl_fd
  always(172), // iopl
  always(173), // ioperm
  always(164, 170), // settimeofday
  always(227, 112), // clock_settime
  always(170, 161), // sethostname
  always(171, 162), // setdomainname
  always(153, 58), // vhangup
];
