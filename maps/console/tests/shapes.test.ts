import { describe, expect, it } from "vitest";
import type { Figure, SeeingCamera } from "../src/api/answers";
import { certainShares, classOf, codesByClass, countClasses } from "../src/map/classes";
import { incident } from "./incident";
import { cameraPlace, gapPoints, incidentPoints, lengthOf, measuredLine, seenPoints, shortNumbers, sightLines } from "../src/map/shapes";

const camera = (code: string, relation: SeeingCamera["relation"]): SeeingCamera => ({
  code, relation, name: code, why: null, distance_m: 20, bearing_deg: 90, heading_deg: null, px_per_m: null, online: true, footage_until: null, unit: null, phone: null,
});

describe("the place of a camera", () => {
  it("lies against its bearing: who looks east stands in the west", () => {
    const [lon, lat] = cameraPlace([117, 30], 96.4, 90) ?? [0, 0];
    expect(lon).toBeCloseTo(116.999, 5);
    expect(lat).toBeCloseTo(30, 9);
  });
  it("is not known without a bearing", () => expect(cameraPlace([117, 30], 20, null)).toBeNull());
});

describe("marks of cameras", () => {
  const places = new Map<string, [number, number]>([["a", [117, 30]], ["b", [117, 30]], ["c", [117.001, 30]]]);
  const cameras = [camera("a", "sees"), camera("b", "possible"), camera("c", "near"), camera("unplaced", "sees")];
  it("carry the numbers of the list, one mark for a pole", () => {
    const found = seenPoints(cameras, places).features.map((each) => each.properties);
    expect(found).toEqual([{ code: "a", relation: "sees", no: "1–2" }, { code: "c", relation: "near", no: "3" }]);
  });
  it("have lines where they see or may see the place", () => {
    expect(sightLines(cameras, places, [117, 30.001]).features).toHaveLength(2);
  });
  it("are short", () => expect([[3], [1, 2, 3], [1, 4]].map(shortNumbers)).toEqual(["3", "1–3", "1+"]));
});

describe("incidents on the map", () => {
  it("are those that have a place", () => {
    const found = incidentPoints([incident("1", { light: "red" }), incident("2", { lon: null, lat: null })]);
    expect(found.features.map((each) => each.properties)).toEqual([{ code: "1", light: "red", sign: "red" }]);
  });
});

describe("classes of a share", () => {
  it("begin at their lower limit; no data is no class", () => {
    expect([0, 0.0499, 0.05, 0.3, 0.47, 0.5, 1].map(classOf)).toEqual([0, 0, 1, 5, 5, 6, 6]);
    expect([classOf(null), classOf(undefined)]).toEqual([null, null]);
  });
  it("are counted and listed by the certain figures of all cameras", () => {
    const row = (code: string, share: number | null, more: Partial<Figure> = {}): Figure => ({
      level: "grid", code, name: code, device_set: "all", detail: 20, certainty: "certain", area_m2: 1, open_ground_m2: 1, covered_share: share, covered_demand_share: null, ...more,
    });
    const shares = certainShares([row("a", 0), row("b", 0.6), row("c", null), row("a", 0.9, { certainty: "possible" }), row("d", 0.9, { device_set: "social" })], "grid");
    expect([...shares.keys()]).toEqual(["a", "b", "c"]);
    expect(countClasses(shares)).toEqual({ counts: [1, 0, 0, 0, 0, 0, 1], none: 1 });
    expect(codesByClass(shares).flat()).toEqual(["a", "b"]);
  });
});

describe("measuring", () => {
  it("adds up the metres along the points", () => {
    // a thousandth of a degree northwards is 111.19 m on the mean sphere, eastwards at 60° half of it
    expect(lengthOf([[117, 30], [117, 30.001]])).toBeCloseTo(111.19, 1);
    expect(lengthOf([[10, 60], [10.001, 60], [10.001, 60.001]])).toBeCloseTo(55.6 + 111.19, 1);
    expect(lengthOf([[117, 30]])).toBe(0);
  });
  it("draws a line once there are two points", () => {
    expect(measuredLine([[117, 30]]).features.map((each) => each.geometry.type)).toEqual(["Point"]);
    expect(measuredLine([[117, 30], [118, 30]]).features.map((each) => each.geometry.type)).toEqual(["LineString", "Point", "Point"]);
  });
});

describe("gaps", () => {
  it("are points by their rank, by which they are chosen", () => {
    const gap = { rank: 3, grid_code: "G1", area_m2: 10, weight: null, road_m: null, entrances: null, incidents: null, lon: 117, lat: 30 };
    expect(gapPoints([gap]).features[0]).toMatchObject({ properties: { code: "3", weight: 0 }, geometry: { coordinates: [117, 30] } });
  });
});
