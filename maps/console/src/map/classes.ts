/** Classes of a share for the map: the same before and after, so that two maps can be compared. */
import type { Figure } from "../api/answers";

/** Lower limits of the classes, in shares of 1. */
export const LIMITS = [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5];
export const MEASURE = "covered_share";

/** Return the class of a share: an index of `LIMITS`; null for no data, which is not 0. */
export function classOf(share: number | null | undefined): number | null {
  if (share === null || share === undefined) return null;
  return LIMITS.reduce((found, limit, index) => (share >= limit ? index : found), 0);
}

/** Return the certain figure of each area by code. */
export function certainShares(figures: Figure[], level: string): Map<string, number | null> {
  const rows = figures.filter((row) => row.level === level && row.certainty === "certain" && row.device_set === "all");
  return new Map(rows.map((row) => [row.code, row[MEASURE]]));
}

/** Return how many areas are in each class, and how many have no figure. */
export function countClasses(shares: Map<string, number | null>): { counts: number[]; none: number } {
  const counts = LIMITS.map(() => 0);
  let none = 0;
  for (const share of shares.values()) {
    const found = classOf(share);
    if (found === null) none += 1;
    else counts[found] = (counts[found] ?? 0) + 1;
  }
  return { counts, none };
}

/** Return the codes of each class. */
export function codesByClass(shares: Map<string, number | null>): string[][] {
  const found: string[][] = LIMITS.map(() => []);
  for (const [code, share] of shares) {
    const at = classOf(share);
    if (at !== null) found[at]?.push(code);
  }
  return found;
}
