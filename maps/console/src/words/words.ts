/** The words of the catalogue in the language of the page. */
let texts: Record<string, string> = {};

/** Put a site's own words in place of the catalogue's, as the server does with its own pages. */
export function localise(text: string, own: Record<string, string>): string {
  return Object.entries(own).reduce((said, [ours, theirs]) => said.replaceAll(ours, theirs), text);
}

/** Take over the words of a language. */
export function useWords(found: Record<string, string>, own: Record<string, string> = {}): void {
  texts = Object.fromEntries(Object.entries(found).map(([key, text]) => [key, localise(text, own)]));
}

/** Load the words of a language. */
export async function loadWords(url: string, own: Record<string, string>): Promise<void> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  useWords((await answer.json()) as Record<string, string>, own);
}

/** Return the text of a key with its `{fields}` filled; a key without text is a mistake in the program. */
export function say(key: string, facts: Record<string, string | number> = {}): string {
  const text = texts[key];
  if (text === undefined) {
    console.error(`no words for ${key}`);
    return key;
  }
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? `{${name}}`));
}

/** Return whether there is a text of this key: values of the server may be new. */
export function knows(key: string): boolean {
  return key in texts;
}

/** Return the text of a vocabulary's value, or the value itself where it has none. */
export function sayValue(group: string, value: string | null | undefined): string {
  if (!value) return "";
  return knows(`${group}.${value}`) ? say(`${group}.${value}`) : value;
}
