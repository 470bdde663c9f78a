/** Whistles (吹哨报到) of the chosen incident: blowing one, the steps of each unit, ending it. */
import { newKey, postMove } from "../api/client";
import { address } from "../api/paths";
import type { Fields } from "./moves";
import { makeChange, makeMove } from "./moves";

/** A unit that was called, and what may be done with it now. */
export interface CalledUnit {
  dispatch: string;
  unit_code: string;
  unit_name: string | null;
  duty_phone: string | null;
  role: string;
  state: string;
  version: number;
  notified: string | null;
  report_by: string;
  expected_at: string | null;
  reported_in_at: string | null;
  reported_proxy: boolean;
  reported_post: string | null;
  late: boolean;
  disputed_at: string | null;
  dispute_decision: string | null;
  rated_present: boolean | null;
  rated_solved: boolean | null;
  urged: number;
  steps: string[];
}
export interface Whistle {
  id: string;
  kind: string;
  level: string;
  state: string;
  report_by: string;
  ended_at: string | null;
  place: string | null;
  expected: number;
  came: number;
  first_unit: string | null;
  first_minutes: number | null;
  missing: string[];
  units: CalledUnit[];
}
/** A unit as it is called. */
export interface Called {
  unit: string;
  name: string;
  role: "lead" | "joint";
  notified: string;
}
export interface Order {
  kind: string;
  minutes: number;
  place: string;
  paired: boolean;
  reason: string;
  units: Called[];
}
export interface Rating {
  unit: string;
  present: boolean;
  solved: boolean;
}

/** Return whether a whistle can be blown as it is: units, exactly one of them the lead, and a time. */
export function isComplete({ kind, minutes, units }: Order): boolean {
  return Boolean(kind) && minutes > 0 && units.filter((each) => each.role === "lead").length === 1;
}

/** Return the units with one of them as the lead; there is only one. */
export function leadBy(units: Called[], code: string): Called[] {
  return units.map((each) => ({ ...each, role: each.unit === code ? "lead" : "joint" }));
}

/** Return whether units can be added to a whistle: at least one, and a time. */
export function canAdd({ minutes, units }: Order): boolean {
  return minutes > 0 && units.length > 0;
}

function called(units: Called[]): Fields["units"] {
  return units.map(({ unit, role, notified }) => ({ unit, role, ...(notified ? { notified } : {}) }));
}

/** Call more units to the whistle that is open (增派), with a time of their own. */
export async function addUnits({ minutes, reason, units }: Order): Promise<boolean> {
  const joint = units.map((each) => ({ ...each, role: "joint" as const }));
  return makeMove("add_units", { units: called(joint), within_minutes: minutes, ...(reason.trim() ? { reason: reason.trim() } : {}) });
}

/** Blow a whistle. */
export async function blow({ kind, minutes, place, paired, reason, units }: Order): Promise<boolean> {
  const more = { ...(place.trim() ? { place: place.trim() } : {}), ...(reason.trim() ? { reason: reason.trim() } : {}) };
  return makeMove("whistle", { whistle_kind: kind, within_minutes: minutes, paired, units: called(units), ...more });
}

/** End a whistle with what each unit did. */
export async function endWhistle(ratings: Rating[], note: string): Promise<boolean> {
  return makeMove("end_whistle", { ratings, ...(note.trim() ? { note: note.trim() } : {}) });
}

/** Take a step of one unit, at the version of its dispatch that was seen. */
export async function takeStep({ dispatch, version }: CalledUnit, step: string, fields: Fields): Promise<boolean> {
  const path = address("/api/dispatches/{dispatch}/{step}", { path: { dispatch, step: step.replaceAll("_", "-") } });
  return makeChange(() => postMove(path, { ...fields, client_id: newKey() }, version));
}
