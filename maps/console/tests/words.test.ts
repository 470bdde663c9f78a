import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { knows, say, sayValue } from "../src/words/words";
import { zh } from "./words";

const SOURCES = "maps/console/src";
/** Keys that are put together of a value: each of them must be known. */
const COMPOSED: Record<string, string[]> = {
  light: ["red", "amber", "green"], live: ["live", "polling", "stale"], level: ["grid", "community", "township", "district"],
  "list.of": ["all", "red", "amber", "new", "unsigned", "unplaced"], alarm: ["red", "unsigned", "unaccepted"], layer: ["grids", "cameras", "incidents", "coverage", "gaps", "places", "zones", "viewsheds"],
  relation: ["sees", "possible", "near"], side: ["n", "ne", "e", "se", "s", "sw", "w", "nw"], legend: ["skynet", "social"],
  hint: ["search", "list", "region", "help"], reason: ["incident", "patrol", "emergency", "police", "help", "upkeep", "inspection", "other"],
  personal: ["identity", "mobile"],
  key: ["search", "new", "list", "open", "region", "back", "reassign", "measure", "view", "zoom", "pan", "escape", "save", "help"],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|vue)$/.test(name));
}

describe("words", () => {
  it("are known for every key that the sources name", () => {
    zh();
    const named = sources(SOURCES).flatMap((name) =>
      [...readFileSync(join(SOURCES, name), "utf8").matchAll(/\bsay\(\s*"([\w.]+)"/g)].map((found) => found[1] ?? ""),
    );
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter((key) => !knows(key))).toEqual([]);
  });

  it("are known for every value that a key is put together of", () => {
    zh();
    const keys = Object.entries(COMPOSED).flatMap(([group, values]) => values.map((value) => `${group}.${value}`));
    expect(keys.filter((key) => !knows(key))).toEqual([]);
  });

  it("stand in the catalogue and not in the sources", () => {
    const chinese = sources(SOURCES).flatMap((name) => {
      const text = readFileSync(join(SOURCES, name), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      return /[\u4e00-\u9fff]/.test(text) ? [name] : [];
    });
    expect(chinese).toEqual(["state/areas.ts"]); // it cuts 社区 and 村 off the names of communities
  });

  it("take their facts, and a site's own words", () => {
    zh({ 事项: "事件" });
    expect(say("list.waiting", { n: 2 })).toBe("2 项新到，点此显示");
    expect(say("nav.incidents")).toBe("事件");
  });

  it("say the key where there is no text, and that it is missing", () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect(say("no.such")).toBe("no.such");
    expect(told).toHaveBeenCalledOnce();
    expect(sayValue("state", "reported")).toBe("待受理");
    expect(sayValue("state", "site_state")).toBe("site_state");
    told.mockRestore();
  });
});
