/** One stream of events for all tabs of a browser: a shared worker reads it and tells each of them. */
interface Shared {
  onconnect: ((event: MessageEvent) => void) | null;
}
export interface Heard {
  kind: "heartbeat" | "change" | "reset" | "visitors" | "down";
  data: string;
}
const AGAIN = 5_000;
const ports = new Set<MessagePort>();
let stream: EventSource | null = null;
let last = "";

function tell(kind: Heard["kind"], data = ""): void {
  for (const port of ports) port.postMessage({ kind, data } satisfies Heard);
}

/** A stream that the service refused does not come back by itself: its log-in may be new. */
function fail(): void {
  tell("down");
  if (stream?.readyState !== EventSource.CLOSED) return;
  stream = null;
  setTimeout(open, AGAIN);
}

function open(): void {
  if (stream || !ports.size) return;
  stream = new EventSource(last ? `/api/events?after=${encodeURIComponent(last)}` : "/api/events");
  for (const kind of ["heartbeat", "change", "reset", "visitors"] as const) {
    stream.addEventListener(kind, (event: MessageEvent<string>) => {
      last = event.lastEventId || last;
      tell(kind, event.data);
    });
  }
  stream.onerror = fail;
}

function leave(port: MessagePort): void {
  ports.delete(port);
  if (ports.size) return;
  stream?.close();
  stream = null;
}

(self as unknown as Shared).onconnect = (event) => {
  const [port] = event.ports;
  if (!port) return;
  ports.add(port);
  port.onmessage = () => leave(port);
  open();
};
