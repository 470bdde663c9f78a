/** What a print takes over from the console: extent, layers, filter, colour of areas. */
import type { PrintAsked } from "../api/prints";
import type { Shell } from "../shell";
import { state } from "./console";
import type { Filter } from "./list";
import { townshipName } from "./list";
import { say } from "../words/words";

/** The layers of a print: a foreign basemap is none of them; incidents without a position stand on no map. */
const PRINTED = new Set(["grids", "cameras", "incidents", "coverage", "gaps", "places", "zones"]);
/** From here on coverage colours grids, before communities. */
export const GRID_ZOOM = 13.2;

/** Return whether an account may have the map printed: posts take nothing out. */
export function mayPrint({ actions, post, visitors }: Pick<Shell, "actions" | "post" | "visitors">): boolean {
  return actions.includes("export") && !post && !visitors;
}

/** Return the filter of the list as the service has it. */
export function incidentsOf({ quick, category, township }: Filter): PrintAsked["incidents"] {
  const light = quick === "red" || quick === "amber" ? [quick] : [];
  const states = { new: ["reported"], unsigned: ["assigned"] }[quick as "new" | "unsigned"] ?? [];
  return { ...(light.length ? { light } : {}), ...(states.length ? { state: states } : {}), ...(category ? { category } : {}), ...(township ? { township } : {}) };
}

/** Return the filter in words; nothing where all incidents are shown. */
export function filterWords({ quick, category, township }: Filter): string {
  const told = [quick === "all" ? "" : say(`list.of.${quick}`), category, township ? townshipName(township) : ""];
  return told.filter(Boolean).join(" · ");
}

/** Return what is printed of the present view. */
export function viewAsked(box: PrintAsked["box"], filter: Filter): Pick<PrintAsked, "box" | "layers" | "level" | "incidents"> {
  const layers = state.layers.filter((name) => PRINTED.has(name) && (name !== "incidents" || filter.quick !== "unplaced"));
  return { box, layers, level: (state.view?.zoom ?? 0) >= GRID_ZOOM ? "grid" : "community", incidents: incidentsOf(filter) };
}
