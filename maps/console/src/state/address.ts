/** What the page shows, as its address says it: so that a link leads there and "back" works. */
export type Kind = "camera" | "grid" | "community" | "township" | "district" | "gap" | "incident" | "found";
export interface Pick {
  kind: Kind;
  code: string;
}
export interface Spot {
  kind: "spot";
  lon: number;
  lat: number;
}
export type Selection = Pick | Spot | null;
export interface View {
  zoom: number;
  lat: number;
  lon: number;
}
/** What takes the room beside the rail. */
export type Page = "map" | "figures";
export interface Address {
  page?: Page;
  selection: Selection;
  layers: string[] | null;
  view: View | null;
}
const KINDS = new Set(["camera", "grid", "community", "township", "district", "gap", "incident"]);
const DIGITS = 6;

/** Read an address; what it does not say, or says wrongly, is null. */
export function parseAddress(query: string): Address {
  const asked = new URLSearchParams(query);
  const layers = asked.get("on");
  return {
    ...(asked.get("page") === "figures" ? { page: "figures" as const } : {}),
    selection: parseSelection(asked.get("show") ?? ""),
    layers: layers === null ? null : layers.split(",").filter(Boolean),
    view: parseView(asked.get("at") ?? ""),
  };
}

/** Return the query of an address, keeping what else stands in the present one (language). */
export function writeAddress(address: Address, present: string): string {
  const kept = new URLSearchParams(present);
  for (const name of ["page", "show", "on", "at"]) kept.delete(name);
  if (address.page && address.page !== "map") kept.set("page", address.page);
  if (address.selection) kept.set("show", writeSelection(address.selection));
  if (address.layers) kept.set("on", address.layers.join(","));
  if (address.view) kept.set("at", writeView(address.view));
  const query = kept.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/");
  return query ? `?${query}` : "";
}

/** Return whether two selections are the same thing. */
export function sameSelection(a: Selection, b: Selection): boolean {
  return (a && writeSelection(a)) === (b && writeSelection(b));
}

function parseSelection(text: string): Selection {
  const colon = text.indexOf(":");
  const [kind, code] = [text.slice(0, colon), text.slice(colon + 1)];
  if (kind === "spot") {
    const [lon, lat] = code.split(",").map(Number);
    return isDegrees(lon, 180) && isDegrees(lat, 90) ? { kind, lon, lat } : null;
  }
  return KINDS.has(kind) && code ? { kind: kind as Kind, code } : null;
}

function writeSelection(chosen: Pick | Spot): string {
  if (chosen.kind !== "spot") return `${chosen.kind}:${chosen.code}`;
  const { lon, lat } = chosen;
  return `spot:${lon.toFixed(DIGITS)},${lat.toFixed(DIGITS)}`;
}

function parseView(text: string): View | null {
  const [zoom, lat, lon] = text.split("/").map(Number);
  const known = isDegrees(zoom, 22) && isDegrees(lat, 85) && isDegrees(lon, 180);
  return known ? { zoom, lat, lon } : null;
}

function writeView({ zoom, lat, lon }: View): string {
  return `${zoom.toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`;
}

function isDegrees(value: number | undefined, most: number): value is number {
  return value !== undefined && Number.isFinite(value) && Math.abs(value) <= most;
}
