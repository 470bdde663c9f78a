/** Addresses of the service, as its own description has them: a path that is none does not compile. */
import type { paths } from "./schema";

type Asked<P extends keyof paths> = paths[P] extends { get: { parameters: infer Q } } ? Q : paths[P] extends { post: { parameters: infer Q } } ? Q : never;
type Fields<P extends keyof paths> = {
  path?: Asked<P> extends { path: infer F } ? F : never;
  query?: Asked<P> extends { query?: infer Q } ? Q : never;
};

/** Return the address of a path with its parts and its query filled in. */
export function address<P extends keyof paths>(path: P, fields: Fields<P> = {}): string {
  const parts = (fields.path ?? {}) as Record<string, string>;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ""));
  const given = Object.entries((fields.query ?? {}) as Record<string, unknown>).filter(([, value]) => value !== undefined && value !== null);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length ? `${filled}?${query.toString()}` : filled;
}
