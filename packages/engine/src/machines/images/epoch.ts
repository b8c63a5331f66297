/** The time that every file of an image bears, in s since the epoch: 2025-01-01T00:00:00Z. A constant, so that a build has no date of its own. */
export const IMAGE_EPOCH_S = 1_735_689_600;
