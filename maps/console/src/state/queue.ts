/** Incidents that could not be sent: kept in the browser by account, and sent once the network is back. */
import { reactive } from "vue";
import { Problem } from "../api/client";
import type { NewIncident, Taken } from "../api/intake";
import { takeIncident } from "../api/intake";
import { recall, remember } from "./memory";

const AGAIN = 15_000;
const NAME = "queue";
export interface Queued {
  given: NewIncident;
  refused: string;
}
export const queue: { items: Queued[] } = reactive({ items: [] });
let sending: Promise<void> | null = null;
let told: (taken: Taken) => void = () => undefined;

function keep(): void {
  remember(NAME, queue.items);
}

/** Keep an incident until it can be sent. */
export function enqueue(given: NewIncident): void {
  queue.items.push({ given, refused: "" });
  keep();
}

/** Take an incident out of the queue, to type it anew. */
export function takeOut(item: Queued): NewIncident {
  queue.items = queue.items.filter((each) => each.given.client_id !== item.given.client_id);
  keep();
  return item.given;
}

async function sendEach(): Promise<void> {
  for (const item of queue.items.filter((each) => !each.refused)) {
    try {
      told(await takeIncident(item.given));
      takeOut(item);
    } catch (error) {
      // no network, or no log-in: later; what the service refuses is shown to who typed it
      if (!(error instanceof Problem) || error.status < 400 || error.status === 401 || error.status >= 500) return;
      item.refused = error.message;
      keep();
    }
  }
}

/** Send what waits; the client's id makes twice the same as once. */
export async function flush(): Promise<void> {
  sending ??= sendEach().finally(() => (sending = null));
  await sending;
}

/** Send what waits from now on, whenever the network may be back. */
export function followNetwork(taken: (taken: Taken) => void): void {
  queue.items = recall<Queued[]>(NAME) ?? [];
  told = taken;
  addEventListener("online", () => void flush());
  setInterval(() => {
    if (queue.items.some((each) => !each.refused)) void flush();
  }, AGAIN);
  void flush();
}
