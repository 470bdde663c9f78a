/** Where the map's features come from: tiles of the service, and what the page gives it. */
import type { GeoJSONSourceSpecification, RasterSourceSpecification, SourceSpecification, VectorSourceSpecification } from "maplibre-gl";

/** Zooms of tiles. Of protected layers one zoom only: each tile counts as read once an hour. */
const TILES: Record<string, { minzoom: number; maxzoom: number }> = {
  districts: { minzoom: 0, maxzoom: 14 },
  townships: { minzoom: 0, maxzoom: 14 },
  communities: { minzoom: 0, maxzoom: 14 },
  grids: { minzoom: 11, maxzoom: 14 },
  water: { minzoom: 9, maxzoom: 15 },
  roads: { minzoom: 9, maxzoom: 15 },
  buildings: { minzoom: 14, maxzoom: 15 },
  cameras: { minzoom: 15, maxzoom: 15 },
  gaps: { minzoom: 14, maxzoom: 14 },
  places: { minzoom: 14, maxzoom: 15 },
  entrances: { minzoom: 15, maxzoom: 15 },
  centres: { minzoom: 11, maxzoom: 14 },
  "privacy-zones": { minzoom: 12, maxzoom: 15 },
};
export const GIVEN = ["labels", "incidents", "viewsheds", "lines", "seen", "here", "gap-points", "measure", "region"] as const;
export type Given = (typeof GIVEN)[number];

function tiles(layer: string, zooms: { minzoom: number; maxzoom: number }, reason: string): VectorSourceSpecification {
  const query = reason ? `?reason=${encodeURIComponent(reason)}` : "";
  const path = `/api/collections/${layer}/tiles/WebMercatorQuad/{z}/{y}/{x}${query}`;
  return { type: "vector", tiles: [location.origin + path], ...zooms, promoteId: "code" };
}

/** Tiles of 天地图, which the service fetches with its own key; `vec` is the map, `cva` its names. */
function basemap(kind: string): RasterSourceSpecification {
  return { type: "raster", tiles: [`${location.origin}/api/basemaps/tianditu/${kind}/{z}/{y}/{x}`], tileSize: 256, minzoom: 1, maxzoom: 18 };
}

const empty: GeoJSONSourceSpecification = { type: "geojson", data: { type: "FeatureCollection", features: [] } };

/** Return the sources of the map; a reason lets protected layers be read beyond the limit. */
export function sources(reason: string, basemaps: string[]): Record<string, SourceSpecification> {
  const drawn = Object.entries(TILES).map(([layer, zooms]) => [layer, tiles(layer, zooms, reason)] as const);
  const given = GIVEN.map((name) => [name, { ...empty }] as const);
  const foreign = basemaps.includes("tianditu") ? ["vec", "cva"].map((kind) => [`tianditu-${kind}`, basemap(kind)] as const) : [];
  return Object.fromEntries([...foreign, ...drawn, ...given]);
}
