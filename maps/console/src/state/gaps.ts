/** The gaps of the newest computation: the heaviest at once, all of them when they are asked for. */
import { reactive } from "vue";
import type { Gaps } from "../api/answers";
import { readGaps } from "../api/answers";
import { Problem } from "../api/client";

const FIRST = 300;
const MOST = 20_000;
export const gaps: { known: Gaps | null; error: string; refused: boolean } = reactive({ known: null, error: "", refused: false });

/** Read the gaps, unless they are known; a reason lets all of them be read. */
export async function loadGaps(all = false, reason = ""): Promise<void> {
  if (gaps.known && !all) return;
  Object.assign(gaps, { error: "", refused: false });
  try {
    gaps.known = await readGaps(all ? MOST : FIRST, reason);
  } catch (error) {
    gaps.error = (error as Error).message;
    gaps.refused = all && error instanceof Problem && error.status === 403;
  }
}

/** Read the heaviest gaps again where some are known: they were computed anew. */
export async function refreshGaps(): Promise<void> {
  if (gaps.known) gaps.known = await readGaps(FIRST, "").catch(() => gaps.known);
}
