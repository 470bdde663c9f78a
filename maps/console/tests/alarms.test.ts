import { describe, expect, it } from "vitest";
import { alarming, alarmOf, lightAt, makeTeller, relight } from "../src/state/alarms";
import { incident } from "./incident";

const at = (clock: string): number => Date.parse(`2026-09-30T${clock}:00+08:00`);
const hole = incident("hole", { light: "green", amber_at: "2026-09-30T23:16:00+08:00", due_at: "2026-09-30T23:40:00+08:00" });

describe("lights", () => {
  it("turn amber at their moment and red after the limit, though no event told of it", () => {
    expect(["23:15", "23:16", "23:40", "23:41"].map((clock) => lightAt(hole, at(clock)))).toEqual(["green", "amber", "amber", "red"]);
  });
  it("stand still once work is done, and are none without a limit or on hold", () => {
    expect(lightAt({ ...hole, state: "done" }, at("23:59"))).toBe("green");
    expect(lightAt({ ...hole, light: null }, at("23:59"))).toBeNull();
  });
  it("leave the list as it is where none changed", () => {
    const rows = [hole];
    expect(relight(rows, at("23:00"))).toBe(rows);
    expect(relight(rows, at("23:50"))[0]?.light).toBe("red");
  });
});

describe("alarms", () => {
  const unsigned = incident("unsigned", { alarm: "acknowledge", state: "assigned", due_at: "2026-10-01T00:00:00+08:00" });
  const red = incident("red", { light: "red", due_at: "2026-09-30T20:00:00+08:00" });
  it("are red lights, and what nobody signed for or accepted in time", () => {
    expect([unsigned, red, incident("calm"), incident("new", { alarm: "accept", state: "reported" })].map(alarmOf)).toEqual(["unsigned", "red", null, "unaccepted"]);
    expect(alarmOf({ ...unsigned, state: "acknowledged" })).toBeNull();
    expect(alarming([unsigned, red]).map(({ incident: { code } }) => code)).toEqual(["red", "unsigned"]);
  });
  it("are told once each, and none of those that were there before", () => {
    const fresh = makeTeller();
    expect(fresh([red])).toEqual([]);
    expect(fresh([red, unsigned]).map(({ alarm }) => alarm)).toEqual(["unsigned"]);
    expect(fresh([red, unsigned])).toEqual([]);
  });
});
