/** The table of moves with its words and fields, as the service goes by it itself. */
import { ref } from "vue";
import { getJson } from "../api/client";
import { fromTyped } from "../format/times";

export interface MoveRow {
  move: string;
  label: string;
  needs: string[];
  takes: string[];
}
export interface StepRow {
  step: string;
  label: string;
  needs: string[];
  takes: string[];
}
export interface Lifecycle {
  moves: MoveRow[];
  fields: Record<string, string>;
  choices: Record<string, Record<string, string>>;
  steps: StepRow[];
  step_choices: Record<string, Record<string, string>>;
  roles: Record<string, string>;
}
/** Fields that are times, typed in the district's zone. */
export const TIMES = new Set(["until", "at", "notified_at", "expected_at", "report_at"]);

/** Return the fields that were filled in, times with their zone. */
export function filledFields(fields: Record<string, string | boolean>): Record<string, string | boolean> {
  const given = Object.entries(fields).filter(([, value]) => value !== "" && value !== false);
  return Object.fromEntries(given.map(([name, value]) => [name, TIMES.has(name) ? fromTyped(String(value)) : value]));
}

export const lifecycle = ref<Lifecycle | null>(null);

/** Read the table, unless it is known already. */
export async function loadLifecycle(): Promise<void> {
  lifecycle.value ??= await getJson<Lifecycle>("/api/lifecycle");
}
