import { beforeEach, describe, expect, it } from "vitest";
import type { Area } from "../src/api/answers";
import { above, gridName, nameOf, useAreas, wholeBox } from "../src/state/areas";
import { incident } from "./incident";
import { countQuick, listed, townshipOf, valuesOf } from "../src/state/list";

const area = (level: string, code: string, name: string, parent: string | null, west: number): Area => ({
  level, code, name, parent, box: [west, 30, west + 1, 31], spot: [west + 0.5, 30.5],
});
const ALL = { quick: "all", category: "", township: "", sort: "due" } as const;

beforeEach(() => {
  useAreas([area("township", "B", "乙街道", null, 117), area("community", "C", "吴樾社区", "B", 117), area("grid", "G1", "吴樾社区第一网格", "C", 118)]);
});

describe("areas", () => {
  it("name a grid with its community", () => {
    expect(nameOf("G1")).toBe("吴樾·第一网格");
    expect(gridName("第三网格", "同安社区")).toBe("同安·第三网格");
    expect(gridName("一号", "")).toBe("一号");
    expect(nameOf("elsewhere")).toBe("elsewhere");
  });
  it("lead up to the township", () => expect(above("G1").map((each) => each.code)).toEqual(["C", "B"]));
  it("lie in one box", () => expect(wholeBox()).toEqual([117, 30, 119, 31]));
});

describe("the list", () => {
  const rows = [
    incident("late", { light: "green", due_at: "2026-10-01T09:00:00Z" }),
    incident("red", { light: "red", due_at: "2026-09-30T09:00:00Z" }),
    incident("soon", { light: "green", due_at: "2026-09-30T10:00:00Z" }),
    incident("new", { state: "reported", category: "道路", reported_at: "2026-09-30T08:00:00Z" }),
    incident("nowhere", { lon: null, lat: null, grid_code: null, reported_at: "2026-09-29T08:00:00Z" }),
  ];
  it("puts red first, then what is due first, then what has no limit, the newest first", () => {
    expect(listed(rows.slice(), ALL).map((each) => each.code)).toEqual(["red", "soon", "late", "new", "nowhere"]);
  });
  it("counts what each filter lets through", () => {
    expect(countQuick(rows)).toEqual({ all: 5, red: 1, amber: 0, new: 1, unsigned: 4, unplaced: 1 });
    for (const quick of ["all", "red", "amber", "new", "unsigned", "unplaced"] as const) {
      expect(listed(rows.slice(), { ...ALL, quick })).toHaveLength(countQuick(rows)[quick]);
    }
  });
  it("filters by category and township", () => {
    expect(listed(rows.slice(), { ...ALL, category: "道路" }).map((each) => each.code)).toEqual(["new"]);
    expect(listed(rows.slice(), { ...ALL, township: "B" })).toHaveLength(4);
    expect(valuesOf(rows, townshipOf)).toEqual([["B", 4]]);
  });
});
