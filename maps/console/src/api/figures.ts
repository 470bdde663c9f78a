/** Figures of incidents: counts and rates of a period, who came to whistles, hot spots. */
import { getBlob, getJson } from "./client";
import { address } from "./paths";
import type { components } from "./schema";

export type Attendance = components["schemas"]["AttendanceFigures"];
export type Attended = components["schemas"]["NamedAttendance"];
export type HotSpots = components["schemas"]["HotSpots"];
export type Asked = { by: string; month?: string; year?: string; area?: string };
export interface Share {
  numerator: number;
  denominator: number;
  share: number | null;
  few: boolean;
}
export interface Rate extends Share {
  name: string;
  label: string;
  basis: "cohort" | "flow";
  definition: string;
}
export interface Row extends Record<string, unknown> {
  key: string;
  name: string;
  rank?: number | null;
  flow: Record<string, number>;
  rates: Record<string, Share>;
}
export interface Compared {
  since: string;
  until: string;
  spring_festival: boolean;
  rates: Rate[];
}
export interface Figures {
  by: string;
  since: string;
  until: string;
  as_of: string;
  spring_festival: boolean;
  fewest: number;
  columns: Record<string, string>;
  rows: Row[];
  total: Row;
  rates: Rate[];
  frozen: { issued_at: string; issued_by: string } | null;
  corrections: Row[];
  previous: Compared | null;
  year_before: Compared | null;
  attendance: Attendance | null;
}

const PATH = "/api/statistics";

/** Read counts and rates, compared with the periods before, and who came to whistles. */
export async function readFigures(asked: Asked, signal: AbortSignal): Promise<Figures> {
  return getJson<Figures>(address(PATH, { query: { ...asked, compare: true, attendance: true } }), signal);
}

/** Read the incidents by grid and hour. */
export async function readHotSpots(asked: Omit<Asked, "by">, signal: AbortSignal): Promise<HotSpots> {
  return getJson<HotSpots>(address("/api/statistics/hot-spots", { query: asked }), signal);
}

/** Return the figures as a workbook. */
export async function readWorkbook(asked: Asked): Promise<Blob> {
  return getBlob(address(PATH, { query: { ...asked, attendance: true, f: "xlsx" } }));
}
