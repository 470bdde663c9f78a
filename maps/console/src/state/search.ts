/** The search as people type: one question at a time, the newest answer wins. */
import type { Found, SearchAnswer, TypedCoordinates } from "../api/answers";
import { searchFor } from "../api/answers";
import type { Kind, Selection } from "./address";

const AREAS = new Set(["grid", "community", "township", "district"]);
let running: AbortController | null = null;

/** Return what was found, or null where something else was typed since. */
export async function search(typed: string): Promise<SearchAnswer | null> {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  try {
    return await searchFor(typed, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** Drop the question that waits for its answer. */
export function stopSearch(): void {
  running?.abort();
}

/** Return what choosing a result selects: the thing itself where the console knows its kind, else its place. */
export function selectionOf(found: Found): Selection {
  const { kind, code, lon, lat } = found;
  const own = kind === "camera" || kind === "incident" || AREAS.has(kind);
  if (own && code) return { kind: kind as Kind, code };
  return lon === null || lat === null ? null : { kind: "spot", lon, lat };
}

/** Return the two places that typed coordinates may mean. */
export function placesOf(typed: TypedCoordinates): { lon: number; lat: number; gcj02: boolean }[] {
  const plain = { lon: typed.lon, lat: typed.lat, gcj02: false };
  return typed.question ? [plain, { ...typed.if_gcj02, gcj02: true }] : [plain];
}
