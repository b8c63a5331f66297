export { periodOf } from "./period.ts";
export type { PeriodBook, PeriodRequest } from "./period-book.ts";
export { openPeriodBook } from "./period-book.ts";
export type { ModelPricing, NamedPriceList, PricePolicy } from "./price-list.ts";
export { createPriceList } from "./price-list.ts";
