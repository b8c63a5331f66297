import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findHierarchies, groupsNamed } from "./cgroup-places.ts";

describe("control groups are found", () => {
  it("on a host with version 2 alone", () => {
    const found = findHierarchies({
      mountinfo:
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n22 1 8:1 / / rw - ext4 /dev/sda1 rw",
      cgroup: "0::/user.slice/user-1000.slice/session-2.scope\n",
    });
    const own = "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope";
    assert.deepEqual(found, [{ version: 2, controllers: [], root: "/sys/fs/cgroup", own }]);
  });

  it("on a host with both, version 2 first, and controllers that are mounted together", () => {
    const found = findHierarchies({
      mountinfo: [
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
        "33 31 0:30 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer",
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
      ].join("\n"),
      cgroup: "3:cpu,cpuacct:/a\n2:freezer:/\n0::/\n",
    });
    assert.deepEqual(
      found.map(({ version, controllers, own }) => [version, controllers, own]),
      [
        [2, [], "/sys/fs/cgroup/unified"],
        [1, ["cpu", "cpuacct"], "/sys/fs/cgroup/cpu,cpuacct/a"],
      ],
    );
  });

  it("in a container, where the mount begins further down, and where a path leads out of it", () => {
    const mountinfo = "40 39 0:35 /docker/abc /sys/fs/cgroup/pi\\040ds rw - cgroup cgroup rw,pids";
    const ownOf = (path: string): string | undefined =>
      findHierarchies({ mountinfo, cgroup: `8:pids:${path}\n` })[0]?.own;
    assert.equal(ownOf("/docker/abc/inner"), "/sys/fs/cgroup/pi ds/inner");
    assert.equal(ownOf("/../other"), "/sys/fs/cgroup/pi ds");
  });

  it("of another process, with those above them that have the same name in their path", () => {
    const name = "fb6435a5ae13";
    const mountinfo = [
      "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
    ].join("\n");
    const namedIn = (cgroup: string): readonly string[] => groupsNamed(name, 1, { mountinfo, cgroup });
    const tables: readonly (readonly [cgroup: string, groups: readonly string[]])[] = [
      [`4:memory:/libpod_parent/libpod-${name}\n`, [`/sys/fs/cgroup/memory/libpod_parent/libpod-${name}`]],
      [
        `0::/machine.slice/libpod-${name}.scope/container\n`,
        ["/container", ""].map((end) => `/sys/fs/cgroup/unified/machine.slice/libpod-${name}.scope${end}`),
      ],
      [`0::/system.slice/docker-${name}.scope\n`, [`/sys/fs/cgroup/unified/system.slice/docker-${name}.scope`]],
      ["4:memory:/user.slice\n0::/user.slice\n", []],
      ["", []],
    ];
    for (const [cgroup, groups] of tables) assert.deepEqual(namedIn(cgroup), groups, cgroup);
  });

  it("nowhere, where there are none", () => {
    assert.deepEqual(findHierarchies({ mountinfo: "", cgroup: "" }), []);
  });
});
