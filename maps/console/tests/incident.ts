import type { Incident } from "../src/api/answers";

/** Return an incident of the list with what a test says of it. */
export function incident(code: string, more: Partial<Incident> = {}): Incident {
  return {
    id: code, code, version: 1, title: code, category: "市容", state: "assigned", reported_at: null, exact: true, address: null, lon: 117, lat: 30.5,
    grid_code: "G1", community_code: null, township_code: null, status: "inside", light: null, due_at: null, amber_at: null, alarm: null, emergency: false, on_hold: false, supervised: false, unit_code: null, unit_name: null, duty_phone: null, ...more,
  };
}
