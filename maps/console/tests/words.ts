import { readFileSync } from "node:fs";
import { useWords } from "../src/words/words";

/** Use the Chinese words of the catalogue, read as simply as this file is written. */
export function zh(own: Record<string, string> = {}): void {
  const found: Record<string, string> = {};
  let section = "";
  const lines = ["console", "console_figures"].flatMap((name) => readFileSync(`geo/base/words/${name}.toml`, "utf8").split("\n"));
  for (const line of lines) {
    section = /^\[console\.?(.*)\]$/.exec(line)?.[1] ?? section;
    const row = /^(\w+) = \{ zh = "(.*?)", en = /.exec(line);
    if (row) found[[section, row[1]].filter(Boolean).join(".")] = row[2] ?? "";
  }
  useWords(found, own);
}
