/** Questions to the service, and its refusals as errors with a sentence for people. */
import { say } from "../words/words";

/** An answer that is no success: RFC 9457, or none at all (status 0: no network). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    detail: string,
    readonly facts: Record<string, unknown> = {},
  ) {
    super(detail);
  }
}

interface Document9457 extends Record<string, unknown> {
  type?: string;
  detail?: string;
}
const asked = { csrf: "", lang: "zh" };

/** Set the token that changes carry, and the language of sentences. */
export function setClient(csrf: string, lang: string): void {
  Object.assign(asked, { csrf, lang });
}

async function problemOf(answer: Response): Promise<Problem> {
  const told = (await answer.json().catch(() => ({}))) as Document9457;
  if (answer.status === 401) document.dispatchEvent(new Event("govgrid:login"));
  if (told.type === "govgrid:access.visitors") document.dispatchEvent(new Event("govgrid:visitors"));
  return new Problem(answer.status, told.type ?? "", told.detail ?? say("error.status", { n: answer.status }), told);
}

async function ask(path: string, options: RequestInit): Promise<Response> {
  const headers = { "accept-language": asked.lang, ...options.headers };
  try {
    return await fetch(path, { ...options, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "offline", say("error.offline"));
  }
}

/** Return the JSON of a path. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await ask(path, { ...(signal ? { signal } : {}), headers: { accept: "application/json, application/geo+json" } });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()) as T;
}

async function readBlob(answer: Response): Promise<Blob> {
  if (!answer.ok) throw await problemOf(answer);
  return answer.blob();
}

/** Return the file of a path. */
export async function getBlob(path: string): Promise<Blob> {
  return readBlob(await ask(path, {}));
}

/** Ask for a file to be made; the answer is the file, or (202) names the job that makes it. */
export async function postForFile(path: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json", "x-csrf-token": asked.csrf };
  const answer = await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

/** Ask for a file to be made, and return it. */
export async function postForBlob(path: string, body: unknown): Promise<Blob> {
  return (await postForFile(path, body)).blob();
}

async function send<T>(method: string, path: string, body: unknown, more: Record<string, string>): Promise<T> {
  const headers = { "content-type": "application/json", "x-csrf-token": asked.csrf, ...more };
  const answer = await ask(path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()) as T;
}

/** Send JSON; the key makes a repetition the same request. */
export async function postJson<T>(path: string, body: unknown, key: string): Promise<T> {
  return send("POST", path, body, key ? { "idempotency-key": key } : {});
}

/** Make a move at the version that was seen. */
export async function postMove(path: string, body: unknown, version: number): Promise<void> {
  await send("POST", path, body, { "if-match": `"${version}"` });
}

/** Correct something at the version that was seen. */
export async function patchJson(path: string, body: unknown, version: number): Promise<void> {
  await send("PATCH", path, body, { "if-match": `"${version}"` });
}

/** Return a random UUID; `crypto.randomUUID` is absent on plain http. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
