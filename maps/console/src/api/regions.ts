/** What lies in a region: counts and first rows of a layer, and all of it as a file. */
import { getJson, postForBlob } from "./client";
import { address } from "./paths";

const FIRST = 20;
/** Incidents that are open, as the layer has them. */
const OPEN = "state NOT IN ('closed','not_accepted','duplicate','cancelled')";
export interface PartRow {
  code: string;
  name: string;
}
export interface Part {
  count: number;
  rows: PartRow[];
  error: string;
}
interface Page {
  numberMatched?: number;
  features: GeoJSON.Feature[];
}

function rowOf({ id, properties }: GeoJSON.Feature): PartRow {
  const code = String(id ?? properties?.["code"] ?? "");
  return { code, name: String(properties?.["name"] ?? properties?.["grid_code"] ?? code) };
}

/** Read how much of a layer meets a condition, and its first rows; a refusal is a part of its own. */
export async function readPart(layer: string, filter: string): Promise<Part> {
  try {
    const page = await getJson<Page>(address("/api/collections/{layer}/items", { path: { layer }, query: { filter, limit: FIRST } }));
    return { count: page.numberMatched ?? page.features.length, rows: page.features.map(rowOf), error: "" };
  } catch (error) {
    return { count: 0, rows: [], error: (error as Error).message };
  }
}

/** Return a layer's rows that meet a condition as a file; the reason is registered. */
export async function exportPart(layer: string, filter: string, reason: string, format: "csv" | "gpkg"): Promise<Blob> {
  const met = layer === "incidents" ? `${filter} AND ${OPEN}` : filter;
  return postForBlob(address("/api/exports"), { layer, format, filter: met, reason });
}
