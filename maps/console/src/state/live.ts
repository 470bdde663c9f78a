/** The list kept up to date: by the service's events where it has them, else by asking each minute. */
import { follow, serverNow } from "../format/times";
import { refresh, state } from "./console";

const POLL = 60_000;
const SILENCE = 60_000;
const TOGETHER = 300;
let waiting = 0;

function soon(): void {
  if (waiting) return;
  waiting = window.setTimeout(() => {
    waiting = 0;
    refresh().catch(() => undefined);
  }, TOGETHER);
}

function heard(time: string | undefined): void {
  if (time) follow(time);
  state.live = "live";
  state.readAt = serverNow();
}

interface Told {
  layer?: string;
  time?: string;
}

function read(event: MessageEvent<string>): Told {
  try {
    return JSON.parse(event.data) as Told;
  } catch {
    return {};
  }
}

function listen(): void {
  const stream = new EventSource("/api/events");
  stream.addEventListener("heartbeat", (event) => heard(read(event).time));
  stream.addEventListener("reset", soon);
  stream.addEventListener("change", (event) => {
    heard(undefined);
    if (read(event).layer === "incident") soon();
  });
  stream.onerror = () => (state.live = "polling");
}

/** Keep the list up to date from now on. */
export function followEvents(): void {
  listen();
  setInterval(() => {
    if (state.live !== "live") refresh().catch(() => undefined);
    if (serverNow() - state.readAt > SILENCE + POLL) state.live = "stale";
  }, POLL);
}
