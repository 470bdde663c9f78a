/** The map: made once, then told what to show; it never moves by itself. */
import type { ErrorEvent, ExpressionSpecification, GeoJSONSource, MapMouseEvent, PointLike } from "maplibre-gl";
import { Map as GlMap, ScaleControl, setWorkerUrl } from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { Box } from "../api/answers";
import type { Selection, View } from "../state/address";
import { say } from "../words/words";
import { codesByClass } from "./classes";
import { drawSign, signs } from "./marks";
import type { Palette } from "./palette";
import { palette } from "./palette";
import type { Given } from "./sources";
import { GROUND, makeStyle, SWITCHES } from "./style";

const TOUCH = 6;
const NEAR = 15;
/** Metres of a pixel at the equator and zoom 0. */
const EARTH = 78_271.5;
const CLEAR = "rgba(0,0,0,0)";
const PICKED: [string, "camera" | "incident" | "gap"][] = [
  ["seen", "camera"],
  ["incidents", "incident"],
  ["cameras", "camera"],
  ["gap-points", "gap"],
  ["gaps", "gap"],
];
export interface Told {
  picked: (selection: Selection, at: { lon: number; lat: number; accuracy: number }) => void;
  moved: (view: View) => void;
  hovered: (lon: number, lat: number) => void;
  closed: () => void;
  refused: (layer: string, status: number) => void;
}

/** Return whether this browser can draw the map. */
export function canDraw(): boolean {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

export class ConsoleMap {
  private readonly map: GlMap;
  private readonly given = new Map<Given, GeoJSON.FeatureCollection>();
  private switched: string[] = [];
  private shares = new Map<string, Map<string, number | null>>();
  private own = { level: "", code: "" };
  private reason = "";
  private theme: string;
  private readonly basemaps: string[];

  constructor(container: HTMLElement, start: { theme: string; view: View | null; box: Box | null; basemaps: string[] }, told: Told) {
    setWorkerUrl(worker);
    this.theme = start.theme;
    this.basemaps = start.basemaps;
    const { view, box } = start;
    const where = view ? { center: [view.lon, view.lat] as [number, number], zoom: view.zoom } : { bounds: box ?? [73, 18, 136, 54] as Box };
    this.map = new GlMap({
      container, ...where, style: makeStyle(this.colours, "", start.basemaps), attributionControl: false, fadeDuration: 0,
      dragRotate: false, pitchWithRotate: false, touchPitch: false, maxZoom: 20, fitBoundsOptions: { padding: 32 },
      locale: { "ScaleControl.Meters": say("unit.metres"), "ScaleControl.Kilometers": say("unit.kilometres"), "Map.Title": say("map.title") },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 90, unit: "metric" }), "bottom-right");
    this.listen(told);
  }

  private get colours(): Palette {
    return palette(this.theme);
  }

  private listen(told: Told): void {
    this.map.setMissingStyleImageResolver((id) => {
      const draw = signs(this.colours)[id];
      if (draw) this.map.addImage(id, drawSign(draw), { pixelRatio: 2 });
    });
    this.map.on("click", (event) => told.picked(this.pick(event), this.placeOf(event)));
    this.map.on("mousemove", ({ lngLat }) => told.hovered(lngLat.lng, lngLat.lat));
    this.map.on("dblclick", () => told.closed());
    this.map.on("moveend", () => told.moved(this.view));
    this.map.on("style.load", () => this.dress());
    this.map.on("error", (event: ErrorEvent & { sourceId?: string }) => {
      const status = (event.error as Error & { status?: number }).status ?? 0;
      if ((status === 403 || status === 409) && event.sourceId) this.stopAsking(event.sourceId);
      told.refused(event.sourceId ?? "", status);
    });
    this.map.on("idle", () => {
      if (performance.getEntriesByName("map-shown").length === 0) performance.mark("map-shown");
      this.map.getContainer().dataset["shown"] = String(this.map.areTilesLoaded());
    });
    for (const [layer] of PICKED) {
      this.map.on("mouseenter", layer, () => (this.map.getCanvas().style.cursor = "pointer"));
      this.map.on("mouseleave", layer, () => (this.map.getCanvas().style.cursor = ""));
    }
  }

  /** Hide what is refused or not computed yet: a hidden layer asks for no more tiles. */
  private stopAsking(source: string): void {
    for (const layer of this.map.getStyle().layers) {
      if ("source" in layer && layer.source === source) this.map.setLayoutProperty(layer.id, "visibility", "none");
    }
  }

  private pick(event: MapMouseEvent): Selection {
    const { x, y } = event.point;
    const box: [PointLike, PointLike] = [[x - TOUCH, y - TOUCH], [x + TOUCH, y + TOUCH]];
    for (const [layer, kind] of PICKED) {
      const [found] = this.map.queryRenderedFeatures(box, { layers: [layer] });
      const code: unknown = found?.properties["code"];
      if (typeof code === "string" && code) return { kind, code };
    }
    return { kind: "spot", lon: event.lngLat.lng, lat: event.lngLat.lat };
  }

  /** Return where was clicked; nobody points finer than two pixels. */
  private placeOf({ lngLat }: MapMouseEvent): { lon: number; lat: number; accuracy: number } {
    const pixel = (EARTH * Math.cos((lngLat.lat * Math.PI) / 180)) / 2 ** this.map.getZoom();
    return { lon: lngLat.lng, lat: lngLat.lat, accuracy: Math.max(1, Math.round(2 * pixel)) };
  }

  /** Put everything back on a style that was just loaded. */
  private dress(): void {
    for (const [name, data] of this.given) this.give(name, data);
    this.showLayers(this.switched);
    for (const [level, shares] of this.shares) this.showShares(level, shares);
    this.outline(this.own.level, this.own.code);
  }

  get view(): View {
    const { lng, lat } = this.map.getCenter();
    return { zoom: this.map.getZoom(), lat, lon: lng };
  }

  /** What is seen of the ground: west, south, east, north. */
  get box(): Box {
    return this.map.getBounds().toArray().flat() as Box;
  }

  /** Use the colours of a theme. */
  useTheme(theme: string): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.map.setStyle(makeStyle(this.colours, this.reason, this.basemaps), { diff: false });
  }

  /** Read protected layers beyond the limit, for a reason that is registered. */
  giveReason(reason: string): void {
    this.reason = reason;
    this.map.setStyle(makeStyle(this.colours, reason, this.basemaps), { diff: false });
  }

  /** Ask for every tile again: the log-in is new. */
  reload(): void {
    this.map.setStyle(makeStyle(this.colours, this.reason, this.basemaps), { diff: false });
  }

  /** Ask for the tiles of a source again, where it has any: its rows changed. */
  readAgain(source: string): void {
    if (this.map.getSource(source)?.type === "vector") this.map.refreshTiles(source);
  }

  /** Replace what a source shows. */
  give(name: Given, data: GeoJSON.FeatureCollection): void {
    this.given.set(name, data);
    void this.map.getSource<GeoJSONSource>(name)?.setData(data);
  }

  /** Whether a double click zooms; it closes what is being drawn else. */
  zoomByClicks(on: boolean): void {
    this.map.doubleClickZoom[on ? "enable" : "disable"]();
  }

  /** Show the layers of these switches and hide those of all others. */
  showLayers(on: string[]): void {
    this.switched = on;
    for (const [name, layers] of Object.entries(SWITCHES)) this.switchLayers(layers, on.includes(name));
    this.switchLayers(GROUND, !on.includes("tianditu") || !this.basemaps.includes("tianditu"));
  }

  private switchLayers(layers: string[], on: boolean): void {
    for (const layer of layers) if (this.map.getLayer(layer)) this.map.setLayoutProperty(layer, "visibility", on ? "visible" : "none");
  }

  /** Colour the areas of a level by their share; those without a figure are hatched. */
  showShares(level: string, shares: Map<string, number | null>): void {
    this.shares.set(level, shares);
    const layer = `shares-${level}`;
    if (!this.map.getLayer(layer)) return;
    const cases = codesByClass(shares).flatMap((codes, index) => (codes.length ? [codes, this.colours.classes[index]] : []));
    const matched = ["match", ["get", "code"], ...cases, CLEAR] as unknown as ExpressionSpecification;
    this.map.setPaintProperty(layer, "fill-color", cases.length ? matched : CLEAR);
  }

  /** Draw the outline of one area, and of no other. */
  outline(level: string, code: string): void {
    this.own = { level, code };
    for (const [name, of] of [["own-area", "grid"], ["own-community", "community"], ["own-township", "township"]] as const) {
      if (this.map.getLayer(name)) this.map.setFilter(name, ["==", ["get", "code"], of === level ? code : ""]);
    }
  }

  /** Zoom by steps. */
  zoomBy(steps: number): void {
    this.map.zoomTo(this.map.getZoom() + steps, { duration: 150 });
  }

  /** Move by pixels, for keys. */
  panBy(x: number, y: number): void {
    this.map.panBy([x, y], { duration: 150 });
  }

  /** Go to a place because somebody asked for it. */
  goTo(lon: number, lat: number, zoom = 17): void {
    this.map.flyTo({ center: [lon, lat], zoom: Math.max(this.map.getZoom(), zoom), duration: 600 });
  }

  /** Show the whole of a box because somebody asked for it. */
  fit(box: Box): void {
    this.map.fitBounds(box, { padding: 48, duration: 600, maxZoom: 17 });
  }

  /** Go to a place only if it is not seen well enough from here. */
  reveal(lon: number, lat: number): void {
    if (this.map.getZoom() < NEAR || !this.map.getBounds().contains([lon, lat])) this.goTo(lon, lat);
  }

  /** Return to the view of an address. */
  jumpTo(view: View): void {
    this.map.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom });
  }

  remove(): void {
    this.map.remove();
  }
}
