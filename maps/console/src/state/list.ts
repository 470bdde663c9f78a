/** What the list shows of the open incidents: filtered, sorted, counted. */
import { computed, reactive } from "vue";
import type { Incident } from "../api/answers";
import { above, areaOf } from "./areas";
import { state } from "./console";

export interface Filter {
  quick: "all" | "red" | "amber" | "new" | "unsigned" | "unplaced";
  category: string;
  township: string;
  sort: "due" | "newest";
}
/** What the list, the map and a print are cut to. */
export const filter: Filter = reactive({ quick: "all", category: "", township: "", sort: "due" });
const ORDER = { red: 0, amber: 1, green: 2 } as const;

/** Return the township of an incident's grid. */
export function townshipOf(incident: Incident): string {
  return incident.township_code ?? above(incident.grid_code ?? "").find((area) => area.level === "township")?.code ?? "";
}

function fitsQuick(incident: Incident, quick: Filter["quick"]): boolean {
  if (quick === "red" || quick === "amber") return incident.light === quick;
  if (quick === "new") return incident.state === "reported";
  if (quick === "unsigned") return incident.state === "assigned";
  return quick === "all" || incident.lon === null;
}

/** Return the incidents that a filter lets through, in its order. */
export function listed(incidents: Incident[], filter: Filter): Incident[] {
  const fits = incidents.filter(
    (each) =>
      fitsQuick(each, filter.quick) &&
      (!filter.category || each.category === filter.category) &&
      (!filter.township || townshipOf(each) === filter.township),
  );
  return filter.sort === "newest" ? fits.sort(newest) : fits.sort(urgent);
}

/** The open incidents that the filter lets through, in its order. */
export const shown = computed(() => listed(state.incidents.slice(), filter));

function newest(a: Incident, b: Incident): number {
  return (b.reported_at ?? "").localeCompare(a.reported_at ?? "");
}

function urgent(a: Incident, b: Incident): number {
  const rank = (each: Incident): number => (each.light ? ORDER[each.light] : 3);
  return rank(a) - rank(b) || (a.due_at ?? "9").localeCompare(b.due_at ?? "9") || newest(a, b);
}

/** Return how many incidents each quick filter lets through. */
export function countQuick(incidents: Incident[]): Record<Filter["quick"], number> {
  const count = (quick: Filter["quick"]): number => incidents.filter((each) => fitsQuick(each, quick)).length;
  return { all: incidents.length, red: count("red"), amber: count("amber"), new: count("new"), unsigned: count("unsigned"), unplaced: count("unplaced") };
}

/** Return the values of a field that occur, with how often, the most frequent first. */
export function valuesOf(incidents: Incident[], of: (incident: Incident) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const each of incidents) {
    const value = of(each);
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** Return the name of a township for the filter. */
export function townshipName(code: string): string {
  return areaOf(code)?.name ?? code;
}
