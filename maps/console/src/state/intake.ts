/** The form of a new incident: what is typed, what would be answered, and saving it. */
import { reactive, watch } from "vue";
import type { NewIncident, SentPlace, Trial } from "../api/intake";
import { takeIncident, tryRouting } from "../api/intake";
import { readLocated } from "../api/answers";
import { newKey, Problem } from "../api/client";
import { say } from "../words/words";
import { areaOf } from "./areas";
import type { Row } from "./search";
import { choose, refresh, showWaiting, state } from "./console";
import { recall, remember } from "./memory";
import { enqueue } from "./queue";

const PAUSE = 120;
const NAME = "draft";
const LEVELS = ["grid", "community"];
const DEVICES = ["camera", "pole"];
export type LocatedBy = NonNullable<NewIncident["located_by"]>;
export interface Place {
  lon: number | null;
  lat: number | null;
  area: string;
  name: string;
  by: LocatedBy;
  code: string;
  accuracy: number;
}
export interface Draft {
  id: string;
  place: Place | null;
  grid: string;
  category: string;
  text: string;
  source: string;
  address: string;
}
export interface Span {
  field: string;
  start: number;
  end: number;
  kind: string;
}
interface Intake {
  draft: Draft;
  trial: Partial<Trial> | null;
  trialError: string;
  error: string;
  spans: Span[];
  busy: boolean;
}
const empty = (): Draft => ({ id: newKey(), place: null, grid: "", category: "", text: "", source: "telephone", address: "" });
export const intake: Intake = reactive({ draft: empty(), trial: null, trialError: "", error: "", spans: [], busy: false });
let turn = 0;
let timer = 0;

function nameSpot(lon: number, lat: number): string {
  return `${lon.toFixed(6)}, ${lat.toFixed(6)}`;
}

function isCommunity(code: string): boolean {
  return areaOf(code)?.level === "community";
}

/** Return whether nothing was typed yet. */
export function isBlank({ place, category, text, address }: Draft): boolean {
  return !place && !category && !text.trim() && !address.trim();
}

/** Open the form; what was typed before is still there. */
export function openForm(): void {
  state.taking = true;
  state.pane = "detail";
}

/** Close the form; what was typed stays. */
export function closeForm(): void {
  state.taking = false;
  state.pane = state.selection ? "detail" : "map";
}

/** Forget what was typed. */
export function clearForm(): void {
  Object.assign(intake, { draft: empty(), trial: null, trialError: "", error: "", spans: [] });
}

/** Take a place that was clicked on the map. */
export function takeClick(lon: number, lat: number, accuracy: number): void {
  Object.assign(intake.draft, { grid: "", place: { lon, lat, area: "", name: nameSpot(lon, lat), by: "map", code: "", accuracy } });
}

/** Take a place that was found by address, code or pinyin. */
export function takeFound({ name, lon, lat, found }: Row): void {
  const kind = found?.kind ?? "";
  const [area, code] = [LEVELS.includes(kind) ? (found?.code ?? "") : "", found?.code ?? ""];
  const by: LocatedBy = !found ? "map" : area ? "area" : DEVICES.includes(kind) ? "device" : "address";
  const at = area ? { lon: null, lat: null } : { lon, lat };
  Object.assign(intake.draft, { grid: "", place: { ...at, area, name, by, code, accuracy: 0 } });
}

function placeOf({ place, grid }: Draft): SentPlace {
  if (!place) return {};
  const { lon, lat, area, accuracy } = place;
  if (lon !== null && lat !== null) return { lon, lat, accuracy_m: accuracy, ...(grid ? { grid_code: grid } : {}) };
  return isCommunity(area) ? { community_code: area } : { grid_code: area };
}

/** Return the incident as it is sent. */
export function written(draft: Draft, way: "" | "redact" | "not_personal" = ""): NewIncident {
  const { place, category, text, source, address } = draft;
  return {
    category, text, source, client_id: draft.id, ...placeOf(draft),
    ...(place ? { located_by: place.by, ...(place.code ? { located_code: place.code } : {}) } : {}),
    ...(address.trim() ? { address: address.trim() } : {}),
    ...(way ? { [way]: true } : {}),
  };
}

async function preview(draft: Draft, mayTry: boolean): Promise<Partial<Trial> | null> {
  const { place, category } = draft;
  if (!place) return null;
  if (category && mayTry) return tryRouting({ category, ...placeOf(draft) });
  if (place.lon === null || place.lat === null) return { status: "inside", grid_code: place.area, candidates: [], candidates_m: [] };
  return { ...(await readLocated(place.lon, place.lat)), candidates_m: [] };
}

async function look(mayTry: boolean): Promise<void> {
  const mine = (turn += 1);
  try {
    const found = await preview(intake.draft, mayTry);
    if (mine === turn) Object.assign(intake, { trial: found, trialError: "" });
  } catch (error) {
    if (mine === turn) Object.assign(intake, { trial: null, trialError: error instanceof Problem && error.status === 0 ? say("new.later") : (error as Error).message });
  }
}

/** Keep the draft, and ask what it would be answered, from now on. */
export function followDraft(mayTry: boolean): void {
  const kept = recall<Draft>(NAME);
  if (kept) intake.draft = { ...empty(), ...kept };
  watch(() => intake.draft, (draft) => remember(NAME, isBlank(draft) ? null : draft), { deep: true });
  watch(() => [intake.draft.place, intake.draft.category, intake.draft.grid, state.taking] as const, () => {
    clearTimeout(timer);
    if (state.taking) timer = window.setTimeout(() => void look(mayTry), PAUSE);
  });
}

/** Show an incident that was just taken, wherever the list stands. */
export async function showTaken(code: string): Promise<void> {
  await refresh().catch(() => undefined);
  showWaiting();
  choose({ kind: "incident", code });
}

/** Save the incident; without a network it waits in the queue. */
export async function save(way: "" | "redact" | "not_personal" = ""): Promise<void> {
  if (intake.busy) return;
  Object.assign(intake, { busy: true, error: "", spans: [] });
  const given = written(intake.draft, way);
  try {
    const { code } = await takeIncident(given);
    clearForm();
    closeForm();
    state.announced = say("new.saved", { code });
    await showTaken(code);
  } catch (error) {
    refused(error as Error, given);
  } finally {
    intake.busy = false;
  }
}

function refused(error: Error, given: NewIncident): void {
  if (error instanceof Problem && error.status === 0) {
    enqueue(given);
    clearForm();
    closeForm();
    return;
  }
  intake.error = error.message;
  if (error instanceof Problem && Array.isArray(error.facts["spans"])) intake.spans = error.facts["spans"] as Span[];
}

/** Put an incident of the queue back into the form. */
export function reopen(given: NewIncident): void {
  const { lon = null, lat = null, address = "", source, category, text, client_id: id } = given;
  const area = lon === null ? (given.grid_code ?? given.community_code ?? "") : "";
  const name = lon === null || lat === null ? area : nameSpot(lon, lat);
  const place: Place = { lon, lat, area, name, by: given.located_by ?? "map", code: given.located_code ?? "", accuracy: given.accuracy_m ?? 0 };
  clearForm();
  Object.assign(intake.draft, { id, place, category, text, source, address });
  openForm();
}
