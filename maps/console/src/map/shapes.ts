/** Features that the page gives to the map: names, incidents, what sees a place. */
import type { Area, Gap, Incident, SeeingCamera } from "../api/answers";

const METRE = 111_320;
/** Mean radius of the earth, metres. */
const EARTH = 6_371_008.8;
/** Decimals of degrees within which two cameras stand on one pole: about a metre. */
const SAME_POLE = 5;
type Collection = GeoJSON.FeatureCollection;
export type LonLat = [number, number];

export function collection(features: GeoJSON.Feature[]): Collection {
  return { type: "FeatureCollection", features };
}

export function point(at: LonLat, properties: object): GeoJSON.Feature {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: at } };
}

/** Return a point for the name of each area. */
export function labelPoints(areas: Area[], name: (code: string) => string): Collection {
  return collection(
    areas.map((area) => {
      const short = area.level === "grid" ? (name(area.code).split("·").at(-1) ?? area.name) : area.name;
      return point(area.spot, { level: area.level, name: name(area.code), short });
    }),
  );
}

/** Return a point for each incident that has a place, with its sign. */
export function incidentPoints(incidents: Incident[]): Collection {
  return collection(
    incidents.flatMap(({ code, lon, lat, light }) =>
      lon === null || lat === null ? [] : [point([lon, lat], { code, light: light ?? null, sign: light ?? "plain" })],
    ),
  );
}

/** Return a point for each gap, heavier ones before others. */
export function gapPoints(gaps: Gap[]): Collection {
  return collection(gaps.map(({ rank, weight, lon, lat }) => point([lon, lat], { code: String(rank), weight: weight ?? 0 })));
}

/** Return a line along points, and the points. */
export function measuredLine(points: LonLat[]): Collection {
  const line = points.length > 1 ? [{ type: "Feature" as const, properties: {}, geometry: { type: "LineString" as const, coordinates: points } }] : [];
  return collection([...line, ...points.map((at) => point(at, {}))]);
}

/** Return the metres along points, on a sphere. */
export function lengthOf(points: LonLat[]): number {
  const radians = Math.PI / 180;
  return points.slice(1).reduce((sum, [lon, lat], index) => {
    const [lon0, lat0] = points[index] ?? [lon, lat];
    const [north, east] = [Math.sin(((lat - lat0) * radians) / 2), Math.sin(((lon - lon0) * radians) / 2)];
    return sum + 2 * EARTH * Math.asin(Math.sqrt(north ** 2 + Math.cos(lat0 * radians) * Math.cos(lat * radians) * east ** 2));
  }, 0);
}

/** Return lines from cameras to a place, for those whose own place is known. */
export function sightLines(cameras: SeeingCamera[], places: Map<string, LonLat>, to: LonLat): Collection {
  return collection(
    cameras.flatMap(({ code, relation }) => {
      const from = places.get(code);
      if (!from || relation === "near") return [];
      return [{ type: "Feature" as const, properties: { relation }, geometry: { type: "LineString" as const, coordinates: [from, to] } }];
    }),
  );
}

/** Return points numbered as in the list; cameras of one pole share a point, which speaks for the best. */
export function seenPoints(cameras: SeeingCamera[], places: Map<string, LonLat>): Collection {
  const poles = new Map<string, { at: LonLat; code: string; relation: string; numbers: number[] }>();
  cameras.forEach(({ code, relation }, index) => {
    const at = places.get(code);
    if (!at) return;
    const pole = poles.get(at.map((side) => side.toFixed(SAME_POLE)).join()) ?? { at, code, relation, numbers: [] };
    pole.numbers.push(index + 1);
    poles.set(at.map((side) => side.toFixed(SAME_POLE)).join(), pole);
  });
  return collection([...poles.values()].map(({ at, code, relation, numbers }) => point(at, { code, relation, no: shortNumbers(numbers) })));
}

/** Return numbers as a mark has room for: "3", "1–4", "1+". */
export function shortNumbers(numbers: number[]): string {
  const [first, last] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
  if (numbers.length === 1) return String(first);
  return last - first === numbers.length - 1 ? `${first}–${last}` : `${first}+`;
}


/** Return where a camera stands, by its distance and its bearing to a known place. */
export function cameraPlace(to: LonLat, metres: number, bearing: number | null): LonLat | null {
  if (bearing === null) return null;
  const angle = (bearing * Math.PI) / 180;
  const [lon, lat] = to;
  const east = (metres * Math.sin(angle)) / (METRE * Math.cos((lat * Math.PI) / 180));
  return [lon - east, lat - (metres * Math.cos(angle)) / METRE];
}
