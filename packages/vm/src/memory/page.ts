/** Bytes of a page: the guest's, of dirty tracking, and of what is fetched at once. */
export const PAGE_BYTES = 4096;
