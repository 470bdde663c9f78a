/** Moves of the chosen incident: which are legal, and making one at the version that was seen. */
import { reactive, watch } from "vue";
import type { Incident } from "../api/answers";
import { getJson, newKey, postMove } from "../api/client";
import { address } from "../api/paths";
import { refresh } from "./console";
import { detail } from "./detail";

export interface Move {
  move: string;
  word?: string;
  at: string;
  account?: string | null;
  post?: string | null;
  unit_name?: string | null;
  reason?: string | null;
  note?: string | null;
}
export interface History extends Incident {
  legal: string[];
  moves: Move[];
}
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

/** Make a move; what somebody else did meanwhile is said, and read anew. */
export async function makeMove(move: string, fields: { unit?: string; reason?: string } = {}): Promise<boolean> {
  const known = history.known;
  if (!known || history.busy) return false;
  Object.assign(history, { busy: true, error: "" });
  try {
    await postMove(address("/api/incidents/{incident}/moves", { path: { incident: known.id } }), { move, ...fields, client_id: newKey() }, known.version);
    return true;
  } catch (error) {
    history.error = (error as Error).message;
    return false;
  } finally {
    history.busy = false;
    await Promise.all([readHistory(known.id), refresh().catch(() => undefined)]);
  }
}

/** Read the history of each incident that is chosen. */
export function followHistory(): void {
  watch(
    () => detail.incident?.id,
    (id) => {
      if (id) void readHistory(id);
      else Object.assign(history, { of: "", known: null, error: "" });
    },
  );
}
