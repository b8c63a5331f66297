import type { RequestPermissionRequest, RequestPermissionResponse } from "@agentclientprotocol/sdk/unstable";

/**
 * Answers a request for permission: allowed this once. Never for always: some agents then write a settings file into the
 * work tree. Where it is not offered, the request is cancelled.
 */
export function answerPermission({ options }: RequestPermissionRequest): RequestPermissionResponse {
  const once = options.find(({ kind }) => kind === "allow_once");
  return once === undefined
    ? { outcome: { outcome: "cancelled" } }
    : { outcome: { outcome: "selected", optionId: once.optionId } };
}
