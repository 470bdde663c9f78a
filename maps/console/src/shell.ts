/** What the page brought with it, before the console asks for anything. */
export interface Shell {
  account: string;
  holder: string;
  unit: string;
  unitCode: string;
  post: boolean;
  visitors: boolean;
  actions: string[];
  classes: string[];
  depth: string;
  exact: boolean;
  csrf: string;
  lang: string;
  words: string;
  localWords: Record<string, string>;
  timezone: string;
  mark: string;
  notice: string;
  now: string;
  testClock: boolean;
  warnings: string[];
  warningTexts: Record<string, string>;
  basemaps: string[];
  pages: [string, string][];
}

/** Read the shell's data out of the page. */
export function readShell(page: Document): Shell {
  const text = page.getElementById("shell")?.textContent;
  if (!text) throw new Error("the page has no shell");
  return JSON.parse(text) as Shell;
}

/** Read the nonce of the page; browsers hide it from attributes. */
export function readNonce(page: Document): string {
  return page.querySelector<HTMLElement>("meta[property=csp-nonce]")?.nonce ?? "";
}
