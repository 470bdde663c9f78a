/** Measuring on the map: points that were clicked, and the way along them. */
import { reactive } from "vue";
import type { LonLat } from "../map/shapes";

export const measure: { on: boolean; points: LonLat[] } = reactive({ on: false, points: [] });

/** Begin to measure, or end it and forget the points. */
export function toggleMeasure(): void {
  Object.assign(measure, { on: !measure.on, points: [] });
}

/** Add a point. */
export function addPoint(at: LonLat): void {
  measure.points = [...measure.points, at];
}

/** Take the last point back. */
export function dropPoint(): void {
  measure.points = measure.points.slice(0, -1);
}
