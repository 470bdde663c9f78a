/** The state of the console: one object that components read, and what changes it. */
import { reactive, watch } from "vue";
import type { Coverage, Incident, Seeing } from "../api/answers";
import { readAreas, readIncidents } from "../api/answers";
import { serverNow } from "../format/times";
import { useAreas } from "./areas";
import type { Page, Selection, View } from "./address";
import { parseAddress, sameSelection, writeAddress } from "./address";

/** What visitors may see of the map. */
export const VISITOR_LAYERS = ["grids", "incidents"];
export const DEFAULT_LAYERS = ["grids", "cameras", "incidents"];
export type Place = "map" | "list" | "detail";
export interface State {
  page: Page;
  selection: Selection;
  layers: string[];
  view: View | null;
  ready: boolean;
  failed: string;
  incidents: Incident[];
  waiting: Incident[];
  readAt: number;
  live: "live" | "polling" | "stale";
  seeing: Seeing | null;
  coverage: Coverage | null;
  pane: Place;
  dialog: "" | "help" | "view" | "login" | "print";
  tick: number;
  taking: boolean;
  placing: boolean;
  viewing: string;
  announced: string;
  remark: string;
  visitors: boolean;
  /** How often each layer was told to have changed. */
  changes: Record<string, number>;
}
export const state: State = reactive({
  page: "map",
  selection: null,
  layers: [...DEFAULT_LAYERS],
  view: null,
  ready: false,
  failed: "",
  incidents: [],
  waiting: [],
  readAt: 0,
  live: "polling",
  seeing: null,
  coverage: null,
  pane: "map",
  dialog: "",
  taking: false,
  placing: false,
  tick: 0,
  viewing: "",
  announced: "",
  remark: "",
  visitors: false,
  changes: {},
});

/** Choose something, or nothing; the map does not move by it. */
export function choose(chosen: Selection): void {
  if (state.visitors || sameSelection(chosen, state.selection)) return;
  state.selection = chosen;
  state.taking = state.placing = false;
  state.page = "map";
  state.pane = chosen ? "detail" : "map";
}

/** Switch a layer of the map on or off. */
export function toggleLayer(name: string): void {
  const on = state.layers.includes(name);
  state.layers = on ? state.layers.filter((each) => each !== name) : [...state.layers, name];
}

/** Read areas and incidents; without areas there is nothing to show. */
export async function load(): Promise<void> {
  const [{ areas, remark }, open] = await Promise.all([readAreas(), readIncidents()]);
  useAreas(areas);
  state.remark = remark;
  state.incidents = open;
  state.readAt = serverNow();
  state.ready = true;
}

/** Read the incidents again: known rows change in place, new ones wait until they are asked for. */
export async function refresh(): Promise<void> {
  merge(await readIncidents());
  state.readAt = serverNow();
}

/** Take over read incidents without moving the list. */
export function merge(read: Incident[]): void {
  const newest = new Map(read.map((each) => [each.code, each]));
  const known = new Set(state.incidents.map((each) => each.code));
  state.incidents = state.incidents.flatMap((each) => newest.get(each.code) ?? []);
  state.waiting = read.filter((each) => !known.has(each.code));
}

/** Show the incidents that came in since, on top of the list. */
export function showWaiting(): void {
  state.incidents = [...state.waiting, ...state.incidents];
  state.waiting = [];
}

/** Keep state and address the same, in both directions. */
export function followAddress(): void {
  const take = (): void => {
    const asked = parseAddress(location.search);
    state.page = state.visitors ? "map" : (asked.page ?? "map");
    state.selection = state.visitors ? null : asked.selection;
    state.pane = state.selection ? "detail" : "map";
    state.layers = state.visitors ? [...VISITOR_LAYERS] : (asked.layers ?? [...DEFAULT_LAYERS]);
    state.view = asked.view;
  };
  take();
  addEventListener("popstate", take);
  watch(
    () => [state.selection, state.page, state.layers, state.view] as const,
    ([selection, page], [before, pageBefore]) => {
      const to = location.pathname + query();
      if (to === location.pathname + location.search) return;
      if (page === pageBefore && sameSelection(selection, before)) history.replaceState(null, "", to);
      else history.pushState(null, "", to);
    },
  );
}

function query(): string {
  const plain = state.visitors || state.layers.join() === DEFAULT_LAYERS.join();
  const { page, selection, view } = state;
  return writeAddress({ page, selection, view, layers: plain ? null : state.layers }, location.search);
}
