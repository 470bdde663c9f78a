/** The map on paper: made by the service, at once or by a job. */
import { getBlob, getJson, postForFile, Problem } from "./client";
import type { Box } from "./answers";
import { address } from "./paths";

const ASK_EVERY = 1_500;
export interface PrintAsked {
  box: Box;
  layers: string[];
  level: "grid" | "community";
  incidents: { light?: string[]; state?: string[]; category?: string; township?: string };
  size: "A4" | "A3";
  orientation: "portrait" | "landscape";
  title: string;
  reason: string;
}
interface Job {
  id: string;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  error: string | null;
}

async function followJob(number: string): Promise<Blob> {
  for (;;) {
    const job = await getJson<Job>(address("/api/jobs/{number}", { path: { number } }));
    if (job.state === "done") return getBlob(address("/api/jobs/{number}/result", { path: { number } }));
    if (job.state === "failed" || job.state === "cancelled") throw new Problem(500, "job", job.error ?? job.state);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
  }
}

/** Have a map made as PDF, and return it; where it takes longer, `waits` is told. */
export async function printMap(asked: PrintAsked, waits: () => void): Promise<Blob> {
  const answer = await postForFile(address("/api/map-prints"), asked);
  if (answer.status !== 202) return answer.blob();
  waits();
  return followJob(((await answer.json()) as Job).id);
}
