/** Moves of the chosen incident: which are legal, and making one at the version that was seen. */
import { reactive, watch } from "vue";
import type { Incident } from "../api/answers";
import { getJson, newKey, patchJson, postMove } from "../api/client";
import type { Duplicate, Proposal } from "../api/intake";
import { address } from "../api/paths";
import { refresh, state } from "./console";
import { detail, loadDetail } from "./detail";
import type { Whistle } from "./whistles";

export interface Move {
  move: string;
  word?: string;
  at: string;
  account?: string | null;
  post?: string | null;
  target_unit?: string | null;
  target_name?: string | null;
  reason?: string | null;
  note?: string | null;
}
/** One unit that an incident was sent to, with its own state. */
export interface Dispatch {
  id: string;
  unit_code: string;
  unit_name: string | null;
  duty_phone: string | null;
  lead: boolean;
  state: string;
  version: number;
}
export interface History extends Incident {
  dispatches?: Dispatch[];
  whistles?: Whistle[];
  legal: string[];
  moves: Move[];
  notice?: string;
  reason?: string | null;
  proposed_unit_code?: string | null;
  alternatives?: Proposal[];
  candidates?: string[];
  candidates_m?: number[];
  duplicates?: Duplicate[];
  lost?: { minutes: number; working: boolean } | null;
  due_provisional?: boolean;
}
export type Fields = Record<string, unknown>;
export const history: { of: string; known: History | null; error: string; busy: boolean } = reactive({ of: "", known: null, error: "", busy: false });

/** Read the history of an incident, and what may be done with it now. */
export async function readHistory(id: string): Promise<void> {
  if (history.of !== id) Object.assign(history, { of: id, known: null, error: "" });
  try {
    const found = await getJson<History>(address("/api/incidents/{incident}", { path: { incident: id } }));
    if (history.of === id) history.known = found;
  } catch (error) {
    if (history.of === id) history.error = (error as Error).message;
  }
}

/** Make a change of the chosen incident; what somebody else did meanwhile is said, and read anew. */
export async function makeChange(write: (known: History) => Promise<void>): Promise<boolean> {
  const known = history.known;
  if (!known || history.busy) return false;
  Object.assign(history, { busy: true, error: "" });
  try {
    await write(known);
    return true;
  } catch (error) {
    history.error = (error as Error).message;
    return false;
  } finally {
    history.busy = false;
    await Promise.all([readHistory(known.id), refresh().catch(() => undefined)]);
  }
}

/** Make a move; what somebody else did meanwhile is said, and read anew. */
export async function makeMove(move: string, fields: Fields = {}): Promise<boolean> {
  return makeChange(({ id, version }) => postMove(address("/api/incidents/{incident}/moves", { path: { incident: id } }), { move, ...fields, client_id: newKey() }, version));
}

/** Send an incident to a unit: accept it on the way, or take it back from the one that has it. */
export async function sendTo(unit: string, reason = ""): Promise<boolean> {
  const before = ["accept", "recall"].find((move) => history.known?.legal.includes(move));
  if (before && !history.known?.legal.includes("assign") && !(await makeMove(before))) return false;
  return makeMove("assign", { unit, ...(reason ? { reason } : {}) });
}

async function correct(body: object): Promise<boolean> {
  const done = await makeChange(({ id, version }) => patchJson(address("/api/incidents/{incident}", { path: { incident: id } }), body, version));
  if (done) await loadDetail(detail.of);
  return done;
}

/** Put the chosen incident where was clicked: grid, unit, limit and cameras are answered anew. */
export async function placeAt(lon: number, lat: number, accuracy: number): Promise<void> {
  state.placing = false;
  await correct({ lon, lat, accuracy_m: accuracy, located_by: "map" });
}

/** Choose another of the grids at a border; unit and limit follow. */
export async function chooseGrid(grid: string): Promise<boolean> {
  const { lon, lat, accuracy_m: accuracy } = (history.known ?? {}) as Partial<History> & { accuracy_m?: number | null };
  return correct({ lon, lat, accuracy_m: accuracy ?? 0, grid_code: grid });
}

/** Read the history of each incident that is chosen, and again when the list knows of a newer version. */
export function followHistory(): void {
  watch(
    () => state.incidents.find((each) => each.id === history.of)?.version,
    (version) => {
      if (version && history.known && version > history.known.version && !history.busy) void readHistory(history.of);
    },
  );
  watch(
    () => detail.incident?.id,
    (id) => {
      if (id) void readHistory(id);
      else Object.assign(history, { of: "", known: null, error: "" });
    },
  );
}
