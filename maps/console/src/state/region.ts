/** A region on the map: drawing it, and what lies in it. */
import { computed, reactive } from "vue";
import type { Incident } from "../api/answers";
import type { Part } from "../api/regions";
import { readPart } from "../api/regions";
import type { Tool } from "../map/regions";
import { isWithin, LEAST, ringOf, writeFilter } from "../map/regions";
import type { LonLat } from "../map/shapes";
import type { Shell } from "../shell";
import { state } from "./console";
import { measure, toggleMeasure } from "./measure";

export interface Region {
  tool: Tool | "";
  points: LonLat[];
  hovered: LonLat | null;
  closed: boolean;
  parts: Record<string, Part>;
}
/** Layers of which a region is asked, as far as they are granted. */
export function regionLayers({ depth, exact }: Pick<Shell, "depth" | "exact">): string[] {
  const gaps = exact && ["gaps", "picture"].includes(depth);
  return [...(depth === "count" ? [] : ["cameras"]), ...(gaps ? ["gaps"] : []), "places"];
}

const blank = (tool: Tool | ""): Region => ({ tool, points: [], hovered: null, closed: false, parts: {} });
export const region: Region = reactive(blank(""));
let turns = 0;

/** The ring as it would be with the place under the pointer. */
export const ring = computed<LonLat[]>(() => {
  if (!region.tool) return [];
  const more = region.hovered && !region.closed ? [region.hovered] : [];
  return ringOf(region.tool, [...region.points, ...more]);
});

/** The open incidents within the region. */
export const within = computed<Incident[]>(() => state.incidents.filter(({ lon, lat }) => lon !== null && lat !== null && isWithin(ring.value, [lon, lat])));

/** Begin to draw, anew or with another tool. */
export function pickTool(tool: Tool): void {
  if (measure.on) toggleMeasure();
  Object.assign(region, blank(region.tool === tool && !region.closed ? "" : tool));
  if (region.tool) document.getElementById("stage")?.focus();
}

/** Add the middle of the map as a point, as keys and fingers point; once more at the same place closes a polygon. */
export function addMiddle(at: LonLat, layers: string[]): void {
  const again = region.points.at(-1)?.join() === at.join();
  if (!again) return addCorner(at, layers);
  if (region.tool === "polygon") void closeRegion(layers);
}

/** Forget the region. */
export function dropRegion(): void {
  turns += 1;
  Object.assign(region, blank(""));
}

/** Add a point; box and circle are closed by their second. */
export function addCorner(at: LonLat, layers: string[]): void {
  region.points = [...region.points, at];
  if (region.tool && region.tool !== "polygon" && region.points.length === LEAST[region.tool]) void closeRegion(layers);
}

/** Close the region, and read what lies in it. */
export async function closeRegion(layers: string[]): Promise<void> {
  if (!region.tool || ringOf(region.tool, region.points).length === 0) return;
  Object.assign(region, { closed: true, hovered: null });
  state.selection = null;
  state.pane = "detail";
  const turn = (turns += 1);
  const filter = writeFilter(ring.value);
  await Promise.all(layers.map(async (layer) => {
    const part = await readPart(layer, filter);
    if (turn === turns) region.parts[layer] = part;
  }));
}
