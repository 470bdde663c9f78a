/** The table of moves with its words and fields, as the service goes by it itself. */
import { ref } from "vue";
import { getJson } from "../api/client";

export interface MoveRow {
  move: string;
  label: string;
  needs: string[];
  takes: string[];
}
export interface Lifecycle {
  moves: MoveRow[];
  fields: Record<string, string>;
  choices: Record<string, Record<string, string>>;
}
export const lifecycle = ref<Lifecycle | null>(null);

/** Read the table, unless it is known already. */
export async function loadLifecycle(): Promise<void> {
  lifecycle.value ??= await getJson<Lifecycle>("/api/lifecycle");
}
