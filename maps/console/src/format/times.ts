/** Times in the district's zone, whatever the browser's clock says; the server's clock decides. */
import { say } from "../words/words";

interface Clock {
  lang: string;
  timezone: string;
  ahead: number;
}
const clock: Clock = { lang: "zh-CN", timezone: "Asia/Shanghai", ahead: 0 };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Set language and zone, and the server's time of now. */
export function setClock(lang: string, timezone: string, now: string): void {
  Object.assign(clock, { lang: lang === "zh" ? "zh-CN" : "en-GB", timezone });
  follow(now);
}

/** Follow the server's clock, as its heartbeat tells it. */
export function follow(now: string): void {
  clock.ahead = Date.parse(now) - Date.now();
}

/** Return the server's time. */
export function serverNow(): number {
  return Date.now() + clock.ahead;
}

function format(time: number, options: Intl.DateTimeFormatOptions): string {
  const all = { timeZone: clock.timezone, hourCycle: "h23", ...options } as const;
  return new Intl.DateTimeFormat(clock.lang, all).format(time);
}

/** Return by how much the district's clock is ahead of UTC at a moment. */
function aheadAt(moment: number): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: clock.timezone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  }).formatToParts(moment);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second")) - Math.floor(moment / 1000) * 1000;
}

/** Return what was typed as a time of the district (2026-09-30T21:40) as a moment that states its zone. */
export function fromTyped(typed: string): string {
  const asUtc = Date.parse(`${typed}Z`);
  return new Date(asUtc - aheadAt(asUtc - aheadAt(asUtc))).toISOString();
}

/** Return hours and minutes. */
export function formatClock(time: number): string {
  return format(time, { hour: "2-digit", minute: "2-digit" });
}

/** Return date with weekday, and the time of day. */
export function formatMoment(time: number): string {
  const day = format(time, { year: "numeric", month: "long", day: "numeric", weekday: "short" });
  return `${day} ${formatClock(time)}`;
}

/** Return a short date, with the time of day where it is today. */
export function formatShort(time: number, now: number): string {
  const day = (moment: number): string => format(moment, { year: "numeric", month: "2-digit", day: "2-digit" });
  if (day(time) === day(now)) return formatClock(time);
  const sameYear = format(time, { year: "numeric" }) === format(now, { year: "numeric" });
  return format(time, { ...(sameYear ? {} : { year: "numeric" as const }), month: "long", day: "numeric" });
}

/** Return how long something took, in its two largest units. */
export function formatDuration(milliseconds: number): string {
  const spent = Math.abs(milliseconds);
  const days = Math.floor(spent / DAY);
  const hours = Math.floor((spent % DAY) / HOUR);
  const minutes = Math.floor((spent % HOUR) / MINUTE);
  if (days >= 3) return say("span.days", { d: days });
  if (days) return say("span.days_hours", { d: days, h: hours });
  if (hours) return say("span.hours_minutes", { h: hours, m: minutes });
  return say("span.minutes", { m: minutes });
}
