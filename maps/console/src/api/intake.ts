/** Questions of a new incident: what a form offers, what would be answered, and taking it. */
import { getJson, postJson } from "./client";
import { address } from "./paths";

export interface Category {
  name: string;
  group: string | null;
  emergency: boolean;
  spelled: string;
}
export interface Unit {
  code: string;
  name: string;
  duty_phone: string | null;
  spelled: string;
}
export interface Word {
  code: string;
  name: string;
}
export interface Choices {
  categories: Category[];
  sources: Word[];
  reasons: Record<string, Word[]>;
  results: Word[];
  units: Unit[];
}
export interface Duplicate {
  code: string;
  distance_m: number;
  age_days: number;
}
export interface Proposal {
  unit_code: string;
  unit_name: string | null;
  reason: string;
}
/** What intake would answer now. */
export interface Trial {
  notice?: string;
  status: string;
  grid_code: string | null;
  candidates: string[];
  candidates_m: number[];
  nearest_code: string | null;
  nearest_m: number | null;
  unit_code: string | null;
  unit_name: string | null;
  reason: string | null;
  due_at: string | null;
  duplicates: Duplicate[];
}
/** A place as it is sent: coordinates, with the grid that was chosen at a border, or an area. */
export interface SentPlace {
  lon?: number;
  lat?: number;
  accuracy_m?: number;
  grid_code?: string;
  community_code?: string;
}
export interface NewIncident extends SentPlace {
  client_id: string;
  category: string;
  text: string;
  source: string;
  address?: string;
  located_by?: "map" | "address" | "code" | "device" | "area";
  located_code?: string;
  redact?: boolean;
  not_personal?: boolean;
}
export interface Taken {
  id: string;
  code: string;
}

/** Read what a form offers. */
export async function readChoices(): Promise<Choices> {
  return getJson(address("/api/routing/choices"));
}

/** Ask what an incident would be answered; nothing is written. */
export async function tryRouting(asked: SentPlace & { category: string }): Promise<Trial> {
  return postJson(address("/api/routing/try"), asked, "");
}

/** Take an incident; the same `client_id` once more is the same incident. */
export async function takeIncident(given: NewIncident): Promise<Taken> {
  return postJson(address("/api/incidents"), given, given.client_id);
}
