/** What the browser keeps for one account: drafts and queues survive a failure and a new log-in. */
let account = "";

/** Keep things for this account from now on. */
export function useAccount(name: string): void {
  account = name;
}

function key(name: string): string {
  return `govgrid.${name}.${account}`;
}

/** Keep something; null forgets it. A browser that keeps nothing is no failure. */
export function remember(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(key(name));
    else localStorage.setItem(key(name), JSON.stringify(value));
  } catch {
    // private windows and full disks: it lives as long as the page
  }
}

/** Return what was kept, or null. */
export function recall<T>(name: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key(name)) ?? "null") as T | null;
  } catch {
    return null;
  }
}
