/** Keys of the console; off while somebody types, and where the user switched them off. */
import { choose, state } from "./console";
import { detail } from "./detail";
import { mapOf } from "./mapHandle";
import { measure, toggleMeasure } from "./measure";
import { dropRegion, region } from "./region";
import { preferences } from "./theme";
import { hideFromVisitors } from "./visitors";

/** The keys as help lists them, with the word that says what each does. */
export const KEYS: [string, string][] = [
  ["/", "search"], ["N", "new"], ["↑ ↓ PgUp PgDn", "list"], ["Enter", "open"], ["F6", "region"], ["Space", "back"],
  ["1 – 9", "view"], ["R", "reassign"], ["W", "whistle"], ["M", "measure"], ["V", "visitors"], ["+ −", "zoom"], ["← ↑ → ↓", "pan"], ["Esc", "escape"], ["Ctrl + Enter", "save"], ["?", "help"],
];
/** Keys that stay where visitors look on. */
const SHOWN = new Set(["+", "-", "=", "?"]);
const STEP = 120;
const PANS: Record<string, [number, number]> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/** Return whether an element takes text. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function nextRegion(backwards: boolean): void {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((each) => each.offsetParent !== null);
  const at = regions.findIndex((each) => each.contains(document.activeElement));
  const to = regions[(at + (backwards ? -1 : 1) + regions.length) % regions.length];
  (to?.querySelector<HTMLElement>("[role=listbox]") ?? to)?.focus();
}

function viewCamera(no: number): void {
  const camera = detail.seeing?.cameras[no - 1];
  if (camera && camera.relation !== "near") Object.assign(state, { viewing: camera.code, dialog: "view" });
}

const ACTIONS: Record<string, (event: KeyboardEvent) => void> = {
  "/": () => document.getElementById("find")?.focus(),
  n: () => document.dispatchEvent(new Event("govgrid:new")),
  r: () => document.dispatchEvent(new Event("govgrid:reassign")),
  w: () => document.dispatchEvent(new Event("govgrid:whistle")),
  m: toggleMeasure,
  v: () => void hideFromVisitors(),
  "?": () => (state.dialog = "help"),
  "+": () => mapOf()?.zoomBy(1),
  "=": () => mapOf()?.zoomBy(1),
  "-": () => mapOf()?.zoomBy(-1),
  F6: (event) => nextRegion(event.shiftKey),
  " ": () => detail.place && mapOf()?.goTo(...detail.place),
};

function onMap(): boolean {
  return document.getElementById("stage")?.contains(document.activeElement) ?? false;
}

/** Return whether keys are off now: somebody types, a dialog is open, or the browser is meant. */
function isOff(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || state.dialog) return true;
  if (state.visitors && !SHOWN.has(event.key)) return true;
  if (event.key === " " && event.target instanceof HTMLButtonElement) return true;
  return event.key !== "F6" && (isTyping(event.target) || !preferences.keys);
}

function actionOf(event: KeyboardEvent): (() => void) | null {
  const pan = onMap() ? PANS[event.key] : undefined;
  if (pan) return () => mapOf()?.panBy(...pan);
  if (/^[1-9]$/.test(event.key)) return () => viewCamera(Number(event.key));
  const act = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  return act ? () => act(event) : null;
}

/** Close the top layer only. */
function escape(): void {
  if (measure.on) toggleMeasure();
  else if (region.tool && !region.closed) dropRegion();
  else if (state.placing) state.placing = false;
  else if (state.selection) choose(null);
  else dropRegion();
}

function handle(event: KeyboardEvent): void {
  if (event.key === "Escape" && !state.dialog && !event.defaultPrevented) return escape();
  const act = isOff(event) ? null : actionOf(event);
  if (!act) return;
  event.preventDefault();
  act();
}

/** Listen to keys from now on. */
export function followKeys(): void {
  addEventListener("keydown", handle);
}
