/** The page of figures: what is asked for, and what was answered. */
import { reactive } from "vue";
import type { Asked, Figures, HotSpots } from "../api/figures";
import { readFigures, readHotSpots } from "../api/figures";
import { serverNow } from "../format/times";
import type { Shell } from "../shell";

/** By what figures are counted. */
export const KEYS = ["township", "community", "grid", "category", "grade", "level", "unit", "paired", "source", "month"];
export interface FiguresState {
  by: string;
  span: "month" | "year";
  month: string;
  year: string;
  area: string;
  found: Figures | null;
  spots: HotSpots | null;
  failed: string;
  busy: boolean;
}
export const figures: FiguresState = reactive({ by: "community", span: "month", month: "", year: "", area: "", found: null, spots: null, failed: "", busy: false });
let turn = new AbortController();

/** Return whether an account may read figures; to visitors they are not shown. */
export function mayCount({ actions, visitors }: Pick<Shell, "actions" | "visitors">): boolean {
  return !visitors && actions.includes("statistics");
}

/** Return the present month of the district, such as 2026-09. */
export function monthOf(moment: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: timezone, year: "numeric", month: "2-digit" }).formatToParts(moment);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}`;
}

/** Begin with the present month, where nothing was asked for yet. */
export function beginFigures(timezone: string): void {
  if (figures.month) return;
  figures.month = monthOf(serverNow(), timezone);
  figures.year = figures.month.slice(0, 4);
}

/** Return what is asked for as a question to the service. */
export function askedFigures({ by, span, month, year, area }: Pick<FiguresState, "by" | "span" | "month" | "year" | "area">): Asked {
  return { by, ...(span === "month" ? { month } : { year }), ...(area ? { area } : {}) };
}

/** Read what is asked for; an older question is given up. */
export async function loadFigures(): Promise<void> {
  turn.abort();
  const mine = (turn = new AbortController());
  Object.assign(figures, { busy: true, failed: "" });
  try {
    const { by, ...period } = askedFigures(figures);
    const [found, spots] = await Promise.all([readFigures({ by, ...period }, mine.signal), readHotSpots(period, mine.signal)]);
    Object.assign(figures, { found, spots });
  } catch (error) {
    if (!mine.signal.aborted) Object.assign(figures, { failed: (error as Error).message, found: null, spots: null });
  } finally {
    if (mine === turn) figures.busy = false;
  }
}
