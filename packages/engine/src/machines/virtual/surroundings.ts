import type { MachineSurroundings } from "../port.ts";

const HOME = "/home/agent";
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** How processes see a virtual machine that was made of an image of Cloister's. */
export const GUEST_SURROUNDINGS: MachineSurroundings = {
  user: "agent",
  home: HOME,
  env: { PATH, HOME, USER: "agent", LANG: "C.UTF-8" },
  hostPrograms: false,
  hostNetwork: false,
};
