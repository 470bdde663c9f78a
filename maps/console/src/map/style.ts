/** The style of the map: quiet ground, then areas, then what people work with. */
import type {
  DataDrivenPropertyValueSpecification,
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  StyleSpecification,
} from "maplibre-gl";
import type { Palette } from "./palette";
import { sources } from "./sources";

const FONT = ["Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC"];
type Ramp = DataDrivenPropertyValueSpecification<number>;

/** Which layers of the style each switch of the console shows. */
export const SWITCHES: Record<string, string[]> = {
  grids: ["grid", "community", "township", "district", "grid-names", "community-names", "township-names"],
  cameras: ["cameras", "camera-counts", "camera-count-texts"],
  incidents: ["incidents"],
  coverage: ["shares-community", "shares-grid"],
  gaps: ["gaps", "gaps-line", "gap-points"],
  places: ["places", "place-names", "entrances", "centres"],
  zones: ["zones", "zones-line"],
  tianditu: ["tianditu-vec", "tianditu-cva"],
};
/** What a foreign basemap takes the place of. */
export const GROUND = ["water", "house", "road-names", ...["path", "minor", "second", "trunk"].flatMap((name) => [`${name}-case`, name])];

function ramp(near: number, far: number): Ramp {
  return ["interpolate", ["exponential", 1.6], ["zoom"], 12, near, 17.5, far];
}

function ofClass(...classes: string[]): FilterSpecification {
  return ["in", ["get", "class"], ["literal", classes]];
}

const ROADS: [string, FilterSpecification, number, number, number][] = [
  ["path", ofClass("path", "track"), 0.4, 3, 15],
  ["minor", ofClass("residential", "service", "tertiary", "unclassified"), 0.5, 9, 13],
  ["second", ofClass("secondary", "primary"), 1.4, 16, 10],
  ["trunk", ofClass("trunk", "motorway"), 2, 22, 8],
];

function ground(p: Palette): LayerSpecification[] {
  const water = { source: "water", "source-layer": "water" } as const;
  const house = { source: "buildings", "source-layer": "buildings", minzoom: 14.5 } as const;
  return [
    { id: "ground", type: "background", paint: { "background-color": p.ground } },
    { id: "water", type: "fill", ...water, paint: { "fill-color": p.water } },
    { id: "house", type: "fill", ...house, paint: { "fill-color": p.house, "fill-outline-color": p.houseLine } },
  ];
}

function roads(p: Palette): LayerSpecification[] {
  const round = { "line-cap": "round", "line-join": "round" } as const;
  const road = { type: "line", source: "roads", "source-layer": "roads", layout: round } as const;
  const cases: LayerSpecification[] = ROADS.map(([name, filter, near, far, minzoom]) => ({
    ...road, id: `${name}-case`, filter, minzoom,
    paint: { "line-color": name === "trunk" ? p.trunkCase : p.casing, "line-width": ramp(near + 0.8, far + 2) },
  }));
  const fills: LayerSpecification[] = ROADS.map(([name, filter, near, far, minzoom]) => ({
    ...road, id: name, filter, minzoom,
    paint: { "line-color": name === "trunk" ? p.trunk : p.road, "line-width": ramp(near, far) },
  }));
  return [...cases, ...fills];
}

function areaLine(id: string, layer: string, color: string, width: Ramp, dash?: number[]): LayerSpecification {
  const paint = { "line-color": color, "line-width": width, ...(dash ? { "line-dasharray": dash } : {}) };
  return { id, type: "line", source: layer, "source-layer": layer, paint };
}

function areas(p: Palette): LayerSpecification[] {
  const share = (level: string, layer: string, zooms: object): LayerSpecification => ({
    id: `shares-${level}`, type: "fill", source: layer, "source-layer": layer, ...zooms,
    layout: { visibility: "none" }, paint: { "fill-color": "rgba(0,0,0,0)", "fill-opacity": 0.72 },
  });
  const grid = areaLine("grid", "grids", p.grid, 1, [4, 3]);
  return [
    share("community", "communities", { maxzoom: 13.2 }),
    share("grid", "grids", { minzoom: 13.2 }),
    { ...grid, minzoom: 13 } as LayerSpecification,
    areaLine("community", "communities", p.community, ["interpolate", ["linear"], ["zoom"], 10, 0.6, 15, 1.4]),
    areaLine("township", "townships", p.community, ["interpolate", ["linear"], ["zoom"], 9, 0.8, 14, 2]),
    areaLine("district", "districts", p.community, 2.5),
    { ...areaLine("own-area", "grids", p.accent, 2.5), filter: ["==", ["get", "code"], ""] } as LayerSpecification,
    { ...areaLine("own-community", "communities", p.accent, 2.5), filter: ["==", ["get", "code"], ""] } as LayerSpecification,
    { ...areaLine("own-township", "townships", p.accent, 2.5), filter: ["==", ["get", "code"], ""] } as LayerSpecification,
  ];
}

interface Text {
  field: ExpressionSpecification;
  size: number;
  color: string;
  filter?: FilterSpecification;
  zooms?: { minzoom?: number; maxzoom?: number };
  layout?: object;
}

function label(id: string, source: string, p: Palette, text: Text): LayerSpecification {
  const tiled = ["labels", "incidents", "seen"].includes(source) ? {} : { "source-layer": source };
  return {
    id, type: "symbol", source, ...tiled, ...text.zooms, ...(text.filter ? { filter: text.filter } : {}),
    layout: { "text-field": text.field, "text-font": FONT, "text-size": text.size, ...text.layout },
    paint: { "text-color": text.color, "text-halo-color": p.halo, "text-halo-width": 1.4 },
  } as LayerSpecification;
}

function names(p: Palette): LayerSpecification[] {
  const name: ExpressionSpecification = ["get", "name"];
  const level = (of: string): FilterSpecification => ["==", ["get", "level"], of];
  const along = { "symbol-placement": "line", "text-letter-spacing": 0.1, "symbol-spacing": 380 };
  const grid: ExpressionSpecification = ["step", ["zoom"], ["get", "short"], 16, name];
  return [
    label("road-names", "roads", p, { field: name, size: 12, color: p.label, zooms: { minzoom: 14 }, layout: along }),
    label("grid-names", "labels", p, { field: grid, size: 12, color: p.areaName, filter: level("grid"), zooms: { minzoom: 14.6 }, layout: { "text-padding": 24 } }),
    label("community-names", "labels", p, { field: name, size: 13, color: p.areaName, filter: level("community"), zooms: { minzoom: 11.5, maxzoom: 15 }, layout: { "text-padding": 6 } }),
    label("township-names", "labels", p, { field: name, size: 14, color: p.areaName, filter: level("township"), zooms: { maxzoom: 12.5 }, layout: { "text-letter-spacing": 0.06 } }),
  ];
}

function zonesAndGaps(p: Palette): LayerSpecification[] {
  const none = { visibility: "none" } as const;
  const gaps = { source: "gaps", "source-layer": "gaps", layout: none } as const;
  const zones = { source: "privacy-zones", "source-layer": "privacy-zones", layout: none } as const;
  return [
    { id: "zones", type: "fill", ...zones, paint: { "fill-pattern": "hatch", "fill-opacity": 0.6 } },
    { id: "zones-line", type: "line", ...zones, paint: { "line-color": p.zone, "line-width": 1 } },
    { id: "gaps", type: "fill", ...gaps, paint: { "fill-color": p.gap, "fill-opacity": 0.25 } },
    { id: "gap-points", type: "circle", source: "gap-points", maxzoom: 15, layout: none, paint: { "circle-color": p.gap, "circle-opacity": 0.7, "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 2.5, 15, 6] } },
    { id: "gaps-line", type: "line", ...gaps, minzoom: 14, paint: { "line-color": p.gap, "line-width": 1 } },
  ];
}

function viewsheds(p: Palette): LayerSpecification[] {
  const chosen: ExpressionSpecification = ["case", ["get", "chosen"], 0.35, 0.13];
  const certain: FilterSpecification = ["==", ["get", "certainty"], "certain"];
  const possible: FilterSpecification = ["==", ["get", "certainty"], "possible"];
  return [
    { id: "viewsheds", type: "fill", source: "viewsheds", filter: certain, paint: { "fill-color": p.accent, "fill-opacity": chosen } },
    { id: "viewsheds-line", type: "line", source: "viewsheds", filter: certain, paint: { "line-color": p.accent, "line-opacity": 0.5 } },
    { id: "viewsheds-maybe", type: "line", source: "viewsheds", filter: possible, paint: { "line-color": p.accent, "line-dasharray": [3, 2], "line-opacity": 0.7 } },
  ];
}

function points(p: Palette): LayerSpecification[] {
  const shape: ExpressionSpecification = ["case", ["==", ["get", "owner_kind"], "skynet"], "skynet", "social"];
  const state: ExpressionSpecification = ["case", ["==", ["get", "connection"], "offline"], "-off", ""];
  const cameras = { source: "cameras", "source-layer": "cameras" } as const;
  const told: ExpressionSpecification = ["has", "code"];
  const counted: ExpressionSpecification = ["has", "count"];
  const hidden = { visibility: "none" } as const;
  const order: ExpressionSpecification = ["match", ["get", "light"], "red", 3, "amber", 2, 1];
  return [
    { id: "cameras", type: "symbol", ...cameras, filter: told, layout: { "icon-image": ["concat", shape, state], "icon-allow-overlap": true, "icon-ignore-placement": true }, paint: { "icon-opacity": 0.8 } },
    { id: "camera-counts", type: "circle", ...cameras, filter: counted, paint: { "circle-color": p.skynet, "circle-opacity": 0.85, "circle-radius": ["interpolate", ["linear"], ["get", "count"], 1, 8, 50, 16], "circle-stroke-color": p.ring, "circle-stroke-width": 1 } },
    label("camera-count-texts", "cameras", { ...p, halo: "rgba(0,0,0,0)" }, { field: ["to-string", ["get", "count"]], size: 12, color: p.onAccent, filter: counted, layout: { "text-allow-overlap": true } }),
    { id: "places", type: "circle", source: "places", "source-layer": "places", layout: hidden, paint: { "circle-radius": 3.5, "circle-color": p.halo, "circle-stroke-color": p.areaName, "circle-stroke-width": 1.5 } },
    label("place-names", "places", p, { field: ["get", "name"], size: 12, color: p.label, zooms: { minzoom: 15 }, layout: { ...hidden, "text-anchor": "top", "text-offset": [0, 0.5] } }),
    { id: "entrances", type: "circle", source: "entrances", "source-layer": "entrances", layout: hidden, paint: { "circle-radius": 2.5, "circle-color": p.areaName } },
    label("centres", "centres", p, { field: ["concat", "⌂ ", ["get", "name"]], size: 12, color: p.accent, layout: hidden }),
    { id: "incidents", type: "symbol", source: "incidents", layout: { "icon-image": ["get", "sign"], "icon-size": ["interpolate", ["linear"], ["zoom"], 10.5, 0.62, 13.5, 1], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": order } },
  ];
}

function chosenPlace(p: Palette): LayerSpecification[] {
  const sees: ExpressionSpecification = ["==", ["get", "relation"], "sees"];
  const several: ExpressionSpecification = ["in", "–", ["get", "no"]];
  return [
    { id: "lines", type: "line", source: "lines", filter: sees, paint: { "line-color": p.accent, "line-width": 1.8 } },
    { id: "lines-maybe", type: "line", source: "lines", filter: ["!", sees], paint: { "line-color": p.maybe, "line-width": 1.8, "line-dasharray": [2, 2] } },
    { id: "seen", type: "circle", source: "seen", paint: { "circle-radius": ["case", several, 14, 11], "circle-color": ["case", sees, p.accent, p.ground], "circle-stroke-color": ["case", sees, p.ring, p.maybe], "circle-stroke-width": 1.8 } },
    label("seen-no", "seen", { ...p, halo: "rgba(0,0,0,0)" }, { field: ["get", "no"], size: 12, color: p.label, layout: { "text-allow-overlap": true } }),
    { id: "region", type: "fill", source: "region", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": p.accent, "fill-opacity": 0.1 } },
    { id: "region-line", type: "line", source: "region", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": p.accent, "line-width": 2, "line-dasharray": [3, 1.5] } },
    { id: "region-points", type: "circle", source: "region", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 4, "circle-color": p.ring, "circle-stroke-color": p.accent, "circle-stroke-width": 2 } },
    { id: "measure-line", type: "line", source: "measure", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": p.red, "line-width": 2, "line-dasharray": [2, 1.5] } },
    { id: "measure-points", type: "circle", source: "measure", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 4, "circle-color": p.ring, "circle-stroke-color": p.red, "circle-stroke-width": 2 } },
    { id: "here-ring", type: "circle", source: "here", paint: { "circle-radius": 17, "circle-color": p.accent, "circle-opacity": 0.16, "circle-stroke-color": p.accent, "circle-stroke-width": 2 } },
    { id: "here", type: "circle", source: "here", filter: ["!", ["get", "sign"]], paint: { "circle-radius": 6.5, "circle-color": p.accent, "circle-stroke-color": p.ring, "circle-stroke-width": 2.5 } },
  ];
}

function foreign(basemaps: string[]): LayerSpecification[] {
  const layout = { visibility: "none" } as const;
  return basemaps.includes("tianditu") ? ["tianditu-vec", "tianditu-cva"].map((id) => ({ id, type: "raster", source: id, layout })) : [];
}

/** Return the style of the map in a theme's colours. */
export function makeStyle(p: Palette, reason: string, basemaps: string[] = []): StyleSpecification {
  const layers = [
    ...ground(p), ...roads(p), ...foreign(basemaps), ...areas(p), ...zonesAndGaps(p), ...viewsheds(p), ...names(p), ...points(p), ...chosenPlace(p),
  ];
  const seen = layers.find((layer) => layer.id === "seen-no");
  if (seen?.type === "symbol") seen.paint = { "text-color": ["case", ["==", ["get", "relation"], "sees"], p.onAccent, p.label] };
  return { version: 8, sources: sources(reason, basemaps), layers };
}
