/** What is known of the chosen thing: read when it is chosen, dropped when something else is. */
import { reactive, watch } from "vue";
import type { Incident, Located, Seeing } from "../api/answers";
import { readFeature, readIncident, readIncidentSeeing, readLocated, readSeeing, readViewshed } from "../api/answers";
import { Problem } from "../api/client";
import type { LonLat } from "../map/shapes";
import { say } from "../words/words";
import type { Pick, Selection, Spot } from "./address";
import { areaOf } from "./areas";
import { state } from "./console";

const MOST_OUTLINES = 6;
export interface Detail {
  of: Selection;
  loading: boolean;
  error: string;
  place: LonLat | null;
  feature: GeoJSON.Feature | null;
  incident: Incident | null;
  located: Located | null;
  seeing: Seeing | null;
  seeingError: string;
  viewsheds: Map<string, GeoJSON.Feature[]>;
  outline: string;
}
const nothing = (of: Selection): Detail => ({
  of, loading: false, error: "", place: null, feature: null, incident: null, located: null,
  seeing: null, seeingError: "", viewsheds: new Map(), outline: "",
});
export const detail: Detail = reactive(nothing(null));
let turns = 0;

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : say("error.unknown");
}

function pointOf(feature: GeoJSON.Feature): LonLat | null {
  if (feature.geometry?.type !== "Point") return null;
  const [lon, lat] = feature.geometry.coordinates;
  return lon === undefined || lat === undefined ? null : [lon, lat];
}

async function loadOutlines(codes: string[], still: () => boolean): Promise<void> {
  await Promise.all(
    codes.map(async (code) => {
      // an outline that is not granted is no failure: the line and the words stay
      const found = await readViewshed(code).catch(() => null);
      if (found && still()) detail.viewsheds.set(code, found.features.filter((each) => each.geometry));
    }),
  );
}

async function loadLocated([lon, lat]: LonLat, still: () => boolean): Promise<void> {
  const found = await readLocated(lon, lat);
  if (still()) Object.assign(detail, { located: found, outline: found.grid_code ?? "" });
}

async function loadSeeing(asked: Promise<Seeing>, still: () => boolean): Promise<void> {
  try {
    const found = await asked;
    if (!still()) return;
    detail.seeing = found;
    const outlined = found.cameras.filter((each) => each.relation === "sees" && each.name !== null);
    void loadOutlines(outlined.slice(0, MOST_OUTLINES).map((each) => each.code), still);
  } catch (error) {
    if (still()) detail.seeingError = sentence(error);
  }
}

async function loadCamera({ code }: Pick, still: () => boolean): Promise<void> {
  const feature = await readFeature("cameras", code);
  if (!still()) return;
  Object.assign(detail, { feature, place: pointOf(feature) });
  await loadOutlines([code], still);
}

/** Return an incident of the list, else by its number: a link may lead to a closed one. */
async function incidentOf(code: string): Promise<Incident> {
  const known = [...state.incidents, ...state.waiting].find((each) => each.code === code);
  if (known) return known;
  const found = await readIncident(code);
  if (!found) throw new Problem(404, "", say("error.no_incident"));
  return found;
}

async function loadIncident({ code }: Pick, still: () => boolean): Promise<void> {
  const incident = await incidentOf(code);
  if (!still()) return;
  const { lon, lat } = incident;
  const place: LonLat | null = lon === null || lat === null ? null : [lon, lat];
  Object.assign(detail, { incident, place });
  const asked = place ? [loadLocated(place, still), loadSeeing(readIncidentSeeing(incident.id, false), still)] : [];
  await Promise.all(asked);
}

/** Compute the cameras of the chosen incident anew; what was recorded stays recorded. */
export async function lookAgain(): Promise<void> {
  const mine = turns;
  const incident = detail.incident;
  if (incident) await loadSeeing(readIncidentSeeing(incident.id, true), () => mine === turns);
}

async function loadGap({ code }: Pick, still: () => boolean): Promise<void> {
  const feature = await readFeature("gaps", code);
  if (still()) detail.feature = feature;
}

async function loadSpot(spot: Spot, still: () => boolean): Promise<void> {
  detail.place = [spot.lon, spot.lat];
  await Promise.all([loadLocated(detail.place, still), loadSeeing(readSeeing(spot.lon, spot.lat), still)]);
}

async function loadPicked(chosen: Pick | Spot, still: () => boolean): Promise<void> {
  if (chosen.kind === "spot") return loadSpot(chosen, still);
  if (chosen.kind === "camera") return loadCamera(chosen, still);
  if (chosen.kind === "incident") return loadIncident(chosen, still);
  if (chosen.kind === "gap") return loadGap(chosen, still);
  if (!areaOf(chosen.code)) throw new Problem(404, "", say("error.no_area"));
  detail.outline = chosen.code;
}

/** Read what is known of a selection. */
export async function loadDetail(chosen: Selection): Promise<void> {
  Object.assign(detail, nothing(chosen), { viewsheds: new Map() });
  if (!chosen) return;
  const turn = (turns += 1);
  const still = (): boolean => turn === turns;
  detail.loading = true;
  try {
    await loadPicked(chosen, still);
  } catch (error) {
    if (still()) detail.error = sentence(error);
  } finally {
    if (still()) detail.loading = false;
  }
}

/** Read the detail of each new selection, once the areas are known. */
export function followSelection(): void {
  watch(
    () => [state.selection, state.ready] as const,
    ([chosen, ready]) => {
      if (ready) void loadDetail(chosen);
    },
    { immediate: true },
  );
}
