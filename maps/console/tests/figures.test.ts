import { describe, expect, it } from "vitest";
import { formatPoints, formatRate } from "../src/format/numbers";
import { parseAddress, writeAddress } from "../src/state/address";
import { askedFigures, mayCount, monthOf } from "../src/state/figures";

describe("figures", () => {
  it("are asked for by a month or a year, and by an area where one is chosen", () => {
    const chosen = { by: "community", span: "month", month: "2026-09", year: "2026", area: "" } as const;
    expect(askedFigures(chosen)).toEqual({ by: "community", month: "2026-09" });
    expect(askedFigures({ ...chosen, span: "year", area: "340802001" })).toEqual({ by: "community", year: "2026", area: "340802001" });
  });
  it("begin with the month of the district, not of the browser", () => {
    expect(monthOf(Date.parse("2026-09-30T16:30:00Z"), "Asia/Shanghai")).toBe("2026-10");
    expect(monthOf(Date.parse("2026-09-30T15:30:00Z"), "Asia/Shanghai")).toBe("2026-09");
  });
  it("are for who may read them, and for no visitors", () => {
    expect(mayCount({ actions: ["map", "statistics"], visitors: false })).toBe(true);
    expect(mayCount({ actions: ["map"], visitors: false })).toBe(false);
    expect(mayCount({ actions: ["statistics"], visitors: true })).toBe(false);
  });
  it("have rates as papers write them, exact and with halves up", () => {
    expect(formatRate(987, 1167)).toBe("84.6%");
    expect(formatRate(1, 8)).toBe("12.5%");
    expect(formatRate(1, 2000)).toBe("0.1%");
    expect(formatRate(3, 3)).toBe("100.0%");
    expect(formatRate(0, 0)).toBe("—");
  });
  it("say by how many points a rate has changed", () => {
    expect(formatPoints(0.85, 0.8)).toBe("+5.0");
    expect(formatPoints(0.8, 0.85)).toBe("−5.0");
    expect(formatPoints(0.8, null)).toBe("");
  });
  it("stand in the address", () => {
    expect(parseAddress("?page=figures").page).toBe("figures");
    expect(parseAddress("?page=other").page).toBeUndefined();
    const view = { selection: null, layers: null, view: null };
    expect(writeAddress({ ...view, page: "figures" }, "?lang=en")).toBe("?lang=en&page=figures");
    expect(writeAddress({ ...view, page: "map" }, "?page=figures")).toBe("");
  });
});
