/** The one map of the page, for those who ask it to go somewhere. */
import type { ConsoleMap } from "../map/map";

let map: ConsoleMap | null = null;

/** Return the map, if it could be drawn. */
export function mapOf(): ConsoleMap | null {
  return map;
}

/** Make a map the one of the page. */
export function useMap(made: ConsoleMap | null): void {
  map = made;
}
