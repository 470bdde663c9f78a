import { describe, expect, it } from "vitest";
import type { Found } from "../src/api/answers";
import { placesOf, selectionOf } from "../src/state/search";

const found = (kind: string, more: Partial<Found> = {}): Found => ({ kind, kind_name: kind, layer: null, code: "1", name: "x", lon: 117, lat: 30, exact: true, ...more });

describe("a result", () => {
  it("selects the thing itself where the console shows its kind", () => {
    expect(selectionOf(found("camera"))).toEqual({ kind: "camera", code: "1" });
    expect(selectionOf(found("grid"))).toEqual({ kind: "grid", code: "1" });
    expect(selectionOf(found("incident"))).toEqual({ kind: "incident", code: "1" });
  });
  it("selects its place otherwise", () => {
    expect(selectionOf(found("crossing", { code: null }))).toEqual({ kind: "spot", lon: 117, lat: 30 });
    expect(selectionOf(found("estate"))).toEqual({ kind: "spot", lon: 117, lat: 30 });
    expect(selectionOf(found("estate", { lon: null }))).toBeNull();
  });
});

describe("typed coordinates", () => {
  const typed = { lon: 117.05, lat: 30.51, if_gcj02: { lon: 117.045, lat: 30.512 }, apart_m: 580, question: "?" };
  it("mean two places where they may be of the other system", () => {
    expect(placesOf(typed)).toEqual([{ lon: 117.05, lat: 30.51, gcj02: false }, { lon: 117.045, lat: 30.512, gcj02: true }]);
  });
  it("mean one where nothing is asked", () => expect(placesOf({ ...typed, question: null })).toHaveLength(1));
});
