/** The granted areas by code, and how they are named. */
import { shallowRef } from "vue";
import type { Area, Box } from "../api/answers";
import { say } from "../words/words";

const byCode = shallowRef(new Map<string, Area>());

/** Take over the areas that the service named. */
export function useAreas(areas: Area[]): void {
  byCode.value = new Map(areas.map((area) => [area.code, area]));
}

/** Return an area, or nothing where it is not granted. */
export function areaOf(code: string | null | undefined): Area | undefined {
  return code ? byCode.value.get(code) : undefined;
}

/** Return the areas of a level. */
export function areasOf(level: string): Area[] {
  return [...byCode.value.values()].filter((area) => area.level === level);
}

/** Return a grid's name with its community's: 吴樾·第一网格. */
export function gridName(name: string, community: string): string {
  const short = community.replace(/(社区|居委会|村委会|村)$/, "");
  const rest = [community, short].reduce((left, part) => (part && left.startsWith(part) ? left.slice(part.length) : left), name);
  return short && rest ? `${short}·${rest}` : name;
}

/** Return the name of an area as people say it; a code where it is not granted. */
export function nameOf(code: string | null | undefined): string {
  const area = areaOf(code);
  if (!area) return code ?? "";
  if (area.level !== "grid") return area.name;
  return gridName(area.name, areaOf(area.parent)?.name ?? "");
}

/** Return the areas above one, the smallest first. */
export function above(code: string): Area[] {
  const parent = areaOf(areaOf(code)?.parent);
  return parent ? [parent, ...above(parent.code)] : [];
}

/** Return the box around all areas; null where there are none. */
export function wholeBox(): Box | null {
  const boxes = [...byCode.value.values()].map((area) => area.box);
  if (!boxes.length) return null;
  const side = (no: 0 | 1 | 2 | 3, pick: (...sides: number[]) => number): number => pick(...boxes.map((box) => box[no]));
  return [side(0, Math.min), side(1, Math.min), side(2, Math.max), side(3, Math.max)];
}

/** Return why a grid at a border is the one: it holds the place, most of its surroundings, or was chosen. */
export function whyGrid(chosen: string, candidates: string[], metres: number[]): string {
  const own = metres[candidates.indexOf(chosen)];
  if (own === undefined) return "";
  const nearest = Math.min(...metres);
  if (own > nearest) return say("new.why_chosen", { name: nameOf(candidates[metres.indexOf(nearest)]) });
  return say(own === 0 ? "new.why_within" : "new.why_most");
}
