/** Answers of the service, as far as the console reads them. */
import { getJson } from "./client";
import { address } from "./paths";

export type Light = "green" | "amber" | "red" | null;
export type Box = [number, number, number, number];
export interface Area {
  level: string;
  code: string;
  name: string;
  parent: string | null;
  box: Box;
  spot: [number, number];
}
export interface Incident {
  id: string;
  code: string;
  version: number;
  title: string;
  category: string | null;
  state: string;
  reported_at: string | null;
  exact: boolean;
  address: string | null;
  lon: number | null;
  lat: number | null;
  grid_code: string | null;
  community_code: string | null;
  township_code: string | null;
  status: string | null;
  light: Light;
  amber_at: string | null;
  due_at: string | null;
  alarm: "accept" | "acknowledge" | null;
  emergency: boolean;
  on_hold: boolean;
  supervised: boolean;
  unit_code: string | null;
  unit_name: string | null;
  duty_phone: string | null;
}
export interface SeeingCamera {
  code: string;
  name: string | null;
  relation: "sees" | "possible" | "near";
  why: string | null;
  distance_m: number;
  bearing_deg: number | null;
  heading_deg: number | null;
  px_per_m: number | null;
  online: boolean | null;
  footage_until: string | null;
  unit: string | null;
  phone: string | null;
  footage?: string | null;
  footage_light?: string | null;
  position?: string;
  detail?: string | null;
  online_share?: number | null;
  online_text?: string | null;
  night?: string | null;
  why_text?: string | null;
}
/** What sees a place; of an incident as recorded when it was answered, with `none`, `stale` and when. */
export interface Seeing {
  cameras: SeeingCamera[];
  withheld: number;
  ask: string | null;
  nearest_m: number | null;
  none?: string | null;
  stale?: number;
  recorded_at?: string | null;
}
export interface Located {
  status: "inside" | "border" | "outside";
  grid_code: string | null;
  candidates: string[];
  community_code: string | null;
  township_code: string | null;
  nearest_code: string | null;
  nearest_m: number | null;
}
export interface Found {
  kind: string;
  kind_name: string;
  layer: string | null;
  code: string | null;
  name: string;
  lon: number | null;
  lat: number | null;
  exact: boolean;
}
export interface TypedCoordinates {
  lon: number;
  lat: number;
  if_gcj02: { lon: number; lat: number };
  apart_m: number;
  question: string | null;
}
export interface SearchAnswer {
  query: string;
  results: Found[];
  coordinates: TypedCoordinates | null;
  withheld: number;
}
export interface Figure {
  level: string;
  code: string;
  name: string;
  device_set: string;
  detail: number;
  certainty: string;
  area_m2: number | null;
  open_ground_m2: number | null;
  covered_share: number | null;
  covered_demand_share: number | null;
  [measure: string]: unknown;
}
export interface CameraCount {
  owner_kind: string | null;
  reported: number | null;
  registered: number | null;
  located: number | null;
  computed: number | null;
}
export interface Coverage {
  computed_at: string;
  incidents_until: string | null;
  areas: Figure[];
  cameras: CameraCount[];
}
/** A gap by a point inside it; what is left of one may lack numbers. */
export interface Gap {
  rank: number;
  grid_code: string;
  area_m2: number;
  weight: number | null;
  road_m: number | null;
  entrances: number | null;
  incidents: number | null;
  lon: number;
  lat: number;
}
export interface Gaps {
  incidents_until: string | null;
  total: number;
  gaps: Gap[];
}
const MOST_FOUND = 12;
const PAGE = 500;
const MOST_LISTED = 5_000;
type Row = [string, string, string, string | null, Box, [number, number]];

/** Read the granted areas, and what every map of them must say of itself. */
export async function readAreas(): Promise<{ areas: Area[]; remark: string }> {
  const { areas: rows, remark } = await getJson<{ areas: Row[]; remark: string }>(address("/api/console/areas"));
  const areas = rows.map(([level, code, name, parent, box, spot]) => ({ level, code, name, parent, box, spot }));
  return { areas, remark };
}

/** Read the open incidents, the newest first, page by page. */
export async function readIncidents(): Promise<Incident[]> {
  const found: Incident[] = [];
  let next: string | null = null;
  do {
    const query = { open: true, limit: PAGE, ...(next ? { next } : {}) };
    const page: { incidents: Incident[]; next: string | null; visitors?: boolean } = await getJson(address("/api/incidents", { query }));
    if (page.visitors) document.dispatchEvent(new Event("govgrid:visitors"));
    found.push(...page.incidents);
    next = page.next;
  } while (next && found.length < MOST_LISTED);
  return found;
}

/** Read an incident by its number, closed ones as well; nothing where there is none that is granted. */
export async function readIncident(code: string): Promise<Incident | undefined> {
  const page = await getJson<{ incidents: Incident[] }>(address("/api/incidents", { query: { code } }));
  return page.incidents[0];
}

/** Read one feature of a layer. */
export async function readFeature(layer: string, code: string): Promise<GeoJSON.Feature> {
  return getJson(address("/api/collections/{layer}/items/{item}", { path: { layer, item: code } }));
}

/** Read what a camera sees. */
export async function readViewshed(code: string): Promise<GeoJSON.FeatureCollection> {
  return getJson(address("/api/cameras/{code}/viewshed", { path: { code } }));
}

/** Read the cameras of an incident: as recorded, or computed now. */
export async function readIncidentSeeing(id: string, now: boolean): Promise<Seeing> {
  return getJson(address("/api/incidents/{incident}/cameras", { path: { incident: id }, query: { now } }));
}

/** Read which cameras see a place. */
export async function readSeeing(lon: number, lat: number): Promise<Seeing> {
  return getJson(address("/api/cameras/seeing", { query: { lon, lat } }));
}

/** Read in which grid a place lies. */
export async function readLocated(lon: number, lat: number): Promise<Located> {
  return getJson(address("/api/locate", { query: { lon, lat } }));
}

/** Read the figures of the areas of a level. */
export async function readCoverage(level: string): Promise<Coverage> {
  return getJson(address("/api/coverage", { query: { by: level, device_set: "all" } }));
}

/** Read the heaviest gaps. */
export async function readGaps(limit: number, reason: string): Promise<Gaps> {
  return getJson(address("/api/gaps", { query: { limit, ...(reason ? { reason } : {}) } }));
}

/** Read the figures of one area. */
export async function readFigures(area: string): Promise<Coverage> {
  return getJson(address("/api/coverage", { query: { area, device_set: "all" } }));
}

/** Search by what was typed. */
export async function searchFor(typed: string, signal: AbortSignal): Promise<SearchAnswer> {
  return getJson(address("/api/search", { query: { q: typed, limit: MOST_FOUND } }), signal);
}
