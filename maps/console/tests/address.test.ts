import { describe, expect, it } from "vitest";
import { parseAddress, sameSelection, writeAddress } from "../src/state/address";

describe("the address of the page", () => {
  it("says what is chosen, which layers are on, and where the map is", () => {
    const address = {
      selection: { kind: "camera", code: "34080200001320000001" } as const,
      layers: ["grids", "gaps"],
      view: { zoom: 16.5, lat: 30.5155, lon: 117.0405 },
    };
    const written = writeAddress(address, "");
    expect(written).toBe("?show=camera:34080200001320000001&on=grids,gaps&at=16.50/30.51550/117.04050");
    expect(parseAddress(written)).toEqual(address);
  });

  it("keeps what else stands in it", () => {
    const bare = { selection: null, layers: null, view: null };
    expect(writeAddress(bare, "?lang=en&show=grid:1")).toBe("?lang=en");
    expect(writeAddress(bare, "")).toBe("");
  });

  it("carries codes with any sign", () => {
    const selection = { kind: "grid", code: "甲/1 & 2:3" } as const;
    expect(parseAddress(writeAddress({ selection, layers: null, view: null }, "")).selection).toEqual(selection);
  });

  it("chooses nothing where it is written wrongly", () => {
    for (const query of ["?show=spot:200,30", "?show=spot:x", "?show=nobody:1", "?show=grid:", "?at=1/2", "?at=16/99/117"]) {
      expect(parseAddress(query)).toEqual({ selection: null, layers: null, view: null });
    }
  });

  it("tells two selections apart by kind and code", () => {
    expect(sameSelection({ kind: "grid", code: "1" }, { kind: "grid", code: "1" })).toBe(true);
    expect(sameSelection({ kind: "grid", code: "1" }, { kind: "gap", code: "1" })).toBe(false);
    expect(sameSelection(null, null)).toBe(true);
    expect(sameSelection(null, { kind: "gap", code: "1" })).toBe(false);
  });
});
