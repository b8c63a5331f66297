import type { BudgetLimits, RequestEvent } from "@cloister/core";

/** What the journal of a gateway that runs alone holds. No event holds a token or a credential. */
export type GatewayEvent =
  /** The first record. `version`: Cloister's. */
  | {
      readonly type: "gateway_started";
      readonly gateway: string;
      readonly version: string;
      readonly limits: BudgetLimits;
    }
  /** It goes on; `limits` replace those before. */
  | { readonly type: "gateway_resumed"; readonly version: string; readonly limits: BudgetLimits }
  /** It was stopped in peace: everything is settled. */
  | { readonly type: "gateway_ended" }
  | RequestEvent;
