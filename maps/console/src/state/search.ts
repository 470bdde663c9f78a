/** The search as people type: one question at a time, the newest answer wins. */
import type { Found, SearchAnswer, TypedCoordinates } from "../api/answers";
import { searchFor } from "../api/answers";
import { groupCode } from "../format/numbers";
import { say } from "../words/words";
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

/** One line of the results: the typed coordinates first, then what was found. */
export interface Row {
  id: string;
  kind: string;
  name: string;
  code: string;
  selection: Selection;
  lon: number | null;
  lat: number | null;
  found: Found | null;
}

/** Return the lines of an answer. */
export function rowsOf(answer: SearchAnswer | null): Row[] {
  const places = answer?.coordinates ? placesOf(answer.coordinates) : [];
  const typed = places.map(({ lon, lat, gcj02 }, index) => ({
    id: `place-${index}`, kind: say(gcj02 ? "search.gcj02" : "search.wgs84"), name: `${lon.toFixed(6)}, ${lat.toFixed(6)}`, code: "",
    selection: { kind: "spot" as const, lon, lat }, lon, lat, found: null,
  }));
  const found = (answer?.results ?? []).map((each, index) => ({
    id: `found-${index}`, kind: each.kind_name, name: each.name || each.code || "", code: each.code && each.code !== each.name ? groupCode(each.code) : "",
    selection: selectionOf(each), lon: each.lon, lat: each.lat, found: each,
  }));
  return [...typed, ...found];
}

/** Return the two places that typed coordinates may mean. */
export function placesOf(typed: TypedCoordinates): { lon: number; lat: number; gcj02: boolean }[] {
  const plain = { lon: typed.lon, lat: typed.lat, gcj02: false };
  return typed.question ? [plain, { ...typed.if_gcj02, gcj02: true }] : [plain];
}
