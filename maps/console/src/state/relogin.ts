/** Logging in again without leaving the page: the forms of the log-in, sent by the console. */
import { setClient } from "../api/client";
import type { Shell } from "../shell";
import { readShell } from "../shell";
import { say } from "../words/words";

export type Step = "password" | "code" | "done" | "elsewhere";
export interface Outcome {
  step: Step;
  error: string;
  /** Which code of a card is asked for, in words; "" where none is. */
  asked?: string;
}

async function readPage(path: string, fields?: Record<string, string>): Promise<{ page: Document; at: string }> {
  const sent = fields ? { method: "POST", body: new URLSearchParams(fields) } : {};
  const answer = await fetch(path, { headers: { accept: "text/html" }, ...sent });
  return { page: new DOMParser().parseFromString(await answer.text(), "text/html"), at: new URL(answer.url).pathname };
}

function tokenOf(page: Document): string {
  return page.querySelector<HTMLInputElement>("input[name=csrf]")?.value ?? "";
}

/** Return what the answer to a step leads to; with the console comes the token of the new session. */
function judge({ page, at }: { page: Document; at: string }, shell: Shell): Outcome {
  const error = page.querySelector("[role=alert]")?.textContent?.trim() ?? "";
  if (at === "/login/code") {
    const notices = [...page.querySelectorAll("[data-card], [data-card] ~ .warn, .notice.bad:not([role])")].map((line) => line.textContent?.trim() ?? "");
    return { step: "code", error, asked: notices.filter(Boolean).join(" ") };
  }
  if (at === "/login") return { step: "password", error: error || say("error.unknown") };
  if (!page.getElementById("shell")) return { step: "elsewhere", error: "" };
  const found = readShell(page);
  if (found.account !== shell.account) return { step: "elsewhere", error: "" };
  setClient(found.csrf, shell.lang);
  shell.csrf = found.csrf;
  return { step: "done", error: "" };
}

/** Send the account and its password. */
export async function sendPassword(shell: Shell, password: string): Promise<Outcome> {
  const asked = await readPage("/login");
  return judge(await readPage("/login", { csrf: tokenOf(asked.page), name: shell.account, password }), shell);
}

/** Send the second factor. */
export async function sendCode(shell: Shell, code: string): Promise<Outcome> {
  const asked = await readPage("/login/code");
  return judge(await readPage("/login/code", { csrf: tokenOf(asked.page), code }), shell);
}
