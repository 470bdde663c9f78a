import { describe, expect, test } from "vitest";
import { areaWithin, drawRegion, isWithin, ringOf, writeFilter } from "../src/map/regions";
import type { LonLat } from "../src/map/shapes";
import { lengthOf } from "../src/map/shapes";

const [west, east]: [LonLat, LonLat] = [[117.0, 30.5], [117.01, 30.51]];

describe("regions", () => {
  test("a box is made of two opposite corners, whichever comes first", () => {
    const ring = ringOf("box", [east, west]);
    expect(ring).toHaveLength(5);
    expect(isWithin(ring, [117.005, 30.505])).toBe(true);
    expect(isWithin(ring, [117.011, 30.505])).toBe(false);
    expect(isWithin(ring, [117.005, 30.511])).toBe(false);
  });
  test("a circle is as far from its middle everywhere, and as large as one", () => {
    const ring = ringOf("radius", [west, [117.0, 30.501]]);
    const radius = lengthOf([west, [117.0, 30.501]]);
    for (const corner of ring) expect(Math.abs(lengthOf([west, corner]) - radius)).toBeLessThan(0.05);
    expect(areaWithin(ring) / (Math.PI * radius ** 2)).toBeCloseTo(1, 2);
  });
  test("a polygon with a notch leaves out what is in the notch", () => {
    const ring = ringOf("polygon", [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]]);
    expect(isWithin(ring, [2, 3])).toBe(false);
    expect(isWithin(ring, [2, 0.5])).toBe(true);
  });
  test("too few points, or the same one twice as by a double click, are no region", () => {
    expect(ringOf("polygon", [west, east, east])).toEqual([]);
    expect(ringOf("box", [west])).toEqual([]);
    expect(ringOf("polygon", [west, east, [117, 30.6], [117, 30.6]])).toHaveLength(4);
  });
  test("its condition names its corners by six digits", () => {
    expect(writeFilter(ringOf("polygon", [[0, 0], [1, 0], [0, 1]]))).toBe("S_INTERSECTS(geometry,POLYGON((0.000000 0.000000,1.000000 0.000000,0.000000 1.000000,0.000000 0.000000)))");
  });
  test("the map shows the clicked points, and a line while it is none yet", () => {
    expect(drawRegion([], [west, east]).features.map((each) => each.geometry.type)).toEqual(["LineString", "Point", "Point"]);
    expect(drawRegion(ringOf("box", [west, east]), [west, east]).features[0]?.geometry.type).toBe("Polygon");
  });
});
