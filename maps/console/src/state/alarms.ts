/** What calls for somebody: red lights, what nobody signed for, emergencies that are not handed on. */
import type { Incident, Light } from "../api/answers";

export type Alarm = "red" | "unsigned" | "unaccepted";
const STILL = new Set(["done", "checked"]);

/** Return the light of an incident at a moment; of work that is done it stands still. */
export function lightAt({ light, state, amber_at: amber, due_at: due }: Incident, now: number): Light {
  if (!light || !due || STILL.has(state)) return light;
  if (now > Date.parse(due)) return "red";
  return amber && now >= Date.parse(amber) ? "amber" : light === "red" ? "red" : "green";
}

/** Return the incidents with their lights of a moment; the same list where nothing changed. */
export function relight(incidents: Incident[], now: number): Incident[] {
  const changed = incidents.some((each) => lightAt(each, now) !== each.light);
  return changed ? incidents.map((each) => ({ ...each, light: lightAt(each, now) })) : incidents;
}

/** Return why an incident calls for somebody, the gravest first; null where it does not. */
export function alarmOf({ light, alarm, state }: Incident): Alarm | null {
  if (alarm === "acknowledge" && state === "assigned") return "unsigned";
  if (alarm === "accept" && state === "reported") return "unaccepted";
  return light === "red" ? "red" : null;
}

/** Return the incidents that call for somebody, those with the earliest limit first. */
export function alarming(incidents: Incident[]): { incident: Incident; alarm: Alarm }[] {
  const found = incidents.flatMap((incident) => {
    const alarm = alarmOf(incident);
    return alarm ? [{ incident, alarm }] : [];
  });
  return found.sort((a, b) => (a.incident.due_at ?? "9").localeCompare(b.incident.due_at ?? "9"));
}

/** Remember what was told, and return the alarms that are new: none on the first look. */
export function makeTeller(): (incidents: Incident[]) => { incident: Incident; alarm: Alarm }[] {
  let known: Set<string> | null = null;
  return (incidents) => {
    const now = alarming(incidents);
    const fresh = known ? now.filter(({ incident, alarm }) => !known?.has(`${incident.code} ${alarm}`)) : [];
    known = new Set(now.map(({ incident, alarm }) => `${incident.code} ${alarm}`));
    return fresh;
  };
}
