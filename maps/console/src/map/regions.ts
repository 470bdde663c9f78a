/** Regions that are drawn on the map: a box, a polygon or a circle, as one closed ring. */
import type { LonLat } from "./shapes";
import { collection, lengthOf, point } from "./shapes";

export type Tool = "box" | "polygon" | "radius";
/** How many points each tool needs; a polygon takes more. */
export const LEAST: Record<Tool, number> = { box: 2, polygon: 3, radius: 2 };
const RADIANS = Math.PI / 180;
const DEGREE = 6_371_008.8 * RADIANS;
const CORNERS = 48;
const DIGITS = 6;

function circle([lon, lat]: LonLat, radius: number): LonLat[] {
  const [north, east] = [radius / DEGREE, radius / (DEGREE * Math.cos(lat * RADIANS))];
  return Array.from({ length: CORNERS }, (_, no) => {
    const angle = (2 * Math.PI * no) / CORNERS;
    return [lon + east * Math.sin(angle), lat + north * Math.cos(angle)];
  });
}

function corners(tool: Tool, points: LonLat[]): LonLat[] {
  const [first, second] = points;
  if (tool === "polygon" || !first || !second) return points;
  if (tool === "radius") return circle(first, lengthOf([first, second]));
  return [first, [second[0], first[1]], second, [first[0], second[1]]];
}

/** Return the closed ring of what was clicked; none where too few points are there. */
export function ringOf(tool: Tool, points: LonLat[]): LonLat[] {
  const apart = points.filter((at, no) => no === 0 || at.join() !== points[no - 1]?.join());
  const found = apart.length < LEAST[tool] ? [] : corners(tool, apart);
  return found[0] ? [...found, found[0]] : [];
}

/** Return whether a place is within a ring. */
export function isWithin(ring: LonLat[], [lon, lat]: LonLat): boolean {
  let inside = false;
  ring.slice(1).forEach(([x1, y1], no) => {
    const [x0, y0] = ring[no] ?? [x1, y1];
    if (y0 > lat !== y1 > lat && lon < ((x1 - x0) * (lat - y0)) / (y1 - y0) + x0) inside = !inside;
  });
  return inside;
}

/** Return the square metres within a ring. */
export function areaWithin(ring: LonLat[]): number {
  const middle = ring[0]?.[1] ?? 0;
  const scale = DEGREE ** 2 * Math.cos(middle * RADIANS);
  const twice = ring.slice(1).reduce((sum, [x1, y1], no) => {
    const [x0, y0] = ring[no] ?? [x1, y1];
    return sum + x0 * y1 - x1 * y0;
  }, 0);
  return (Math.abs(twice) / 2) * scale;
}

/** Return the condition (CQL2) of what meets a ring. */
export function writeFilter(ring: LonLat[]): string {
  const written = ring.map((at) => at.map((side) => side.toFixed(DIGITS)).join(" ")).join(",");
  return `S_INTERSECTS(geometry,POLYGON((${written})))`;
}

/** Return what the map shows of a region: its ground, and the points that were clicked. */
export function drawRegion(ring: LonLat[], points: LonLat[]): GeoJSON.FeatureCollection {
  const line = ring.length ? ring : points;
  const geometry: GeoJSON.Geometry = ring.length ? { type: "Polygon", coordinates: [ring] } : { type: "LineString", coordinates: line };
  const drawn = line.length > 1 ? [{ type: "Feature" as const, properties: {}, geometry }] : [];
  return collection([...drawn, ...points.map((at) => point(at, {}))]);
}
