/** What an administrator has to see to: a full disk, a backup that was missed. A shift is long, so it is asked again. */
import { computed, reactive } from "vue";
import type { Shell } from "../shell";

const EVERY_MS = 600_000;
const found = reactive({ names: [] as string[], closed: [] as string[] });

async function ask(): Promise<void> {
  try {
    const answer = await fetch("/readyz", { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    found.names = ((await answer.json()) as { warnings: string[] }).warnings;
    found.closed = found.closed.filter((name) => found.names.includes(name));
  } catch {
    /* the network is away, which the page tells by itself */
  }
}

/** Begin with what the page brought, and ask again every ten minutes. */
export function followWarnings(shell: Shell): void {
  found.names = shell.warnings;
  window.setInterval(() => void ask(), EVERY_MS);
}

/** Those that nobody closed; one that ended and comes back is shown again. */
export const openWarnings = computed(() => found.names.filter((name) => !found.closed.includes(name)));

export function closeWarnings(): void {
  found.closed = [...found.names];
}
