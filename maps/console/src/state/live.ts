/** The list kept up to date: by the service's events where it has them, else by asking each minute. */
import { follow, serverNow } from "../format/times";
import { relight } from "./alarms";
import { refresh, state } from "./console";
import type { Heard } from "./events.worker";
import { mapOf } from "./mapHandle";

const POLL = 60_000;
const SILENCE = 60_000;
const TICK = 10_000;
const TOGETHER = 300;
/** What events call a layer, and the sources of the map that show it. */
const SHOWN_BY: Record<string, string[]> = { areas: ["districts", "townships", "communities", "grids"], coverage: ["gaps"] };
const changed = new Set<string>();
let waiting = 0;
let noting = 0;
let heardAt = Date.now();

/** Read the list again, once for all that happens together. */
export function refreshSoon(): void {
  if (waiting) return;
  waiting = window.setTimeout(() => {
    waiting = 0;
    refresh().catch(() => undefined);
  }, TOGETHER);
}

/** Have the map and figures read a layer again, once for all that happens together. */
function noteSoon(layer: string): void {
  changed.add(layer);
  noting ||= window.setTimeout(() => {
    for (const each of changed) {
      for (const source of SHOWN_BY[each] ?? [each]) mapOf()?.readAgain(source);
      state.changes[each] = (state.changes[each] ?? 0) + 1;
    }
    changed.clear();
    noting = 0;
  }, TOGETHER);
}

interface Told {
  layer?: string;
  time?: string;
}

function read(data: string): Told {
  try {
    return JSON.parse(data) as Told;
  } catch {
    return {};
  }
}

function hear({ kind, data }: Heard): void {
  if (kind === "down") {
    state.live = "polling";
    return;
  }
  if (kind === "visitors") document.dispatchEvent(new Event("govgrid:visitors"));
  const told = read(data);
  if (told.time) follow(told.time);
  // what happened while nobody told of it is in no event of a new stream
  if (state.live !== "live" || kind === "reset" || told.layer === "incidents") refreshSoon();
  for (const layer of kind === "reset" ? ["areas", "cameras", "coverage"] : [told.layer ?? ""]) if (layer) noteSoon(layer);
  heardAt = Date.now();
  state.live = "live";
  state.readAt = serverNow();
}

/** Without shared workers each tab reads a stream of its own. */
function listenAlone(): void {
  const stream = new EventSource("/api/events");
  for (const kind of ["heartbeat", "change", "reset", "visitors"] as const) {
    stream.addEventListener(kind, (event: MessageEvent<string>) => hear({ kind, data: event.data }));
  }
  stream.onerror = () => hear({ kind: "down", data: "" });
}

function listen(): void {
  if (!("SharedWorker" in window)) {
    listenAlone();
    return;
  }
  const shared = new SharedWorker(new URL("./events.worker.ts", import.meta.url), { type: "module", name: "govgrid-events" });
  shared.onerror = listenAlone;
  shared.port.onmessage = (event: MessageEvent<Heard>) => hear(event.data);
  addEventListener("pagehide", () => shared.port.postMessage("leave"));
  // a page that comes back out of the browser's memory has left the stream
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

/** Keep the list up to date from now on. */
export function followEvents(): void {
  listen();
  let polled = Date.now();
  setInterval(() => {
    state.tick += 1;
    state.incidents = relight(state.incidents, serverNow());
    if (Date.now() - heardAt > SILENCE) state.live = "stale";
    if (state.live === "live" || Date.now() - polled < POLL) return;
    polled = Date.now();
    refresh().then(() => (heardAt = Date.now()), () => undefined);
  }, TICK);
}
