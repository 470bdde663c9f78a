import { expect, it } from "vitest";
import type { Called, Order } from "../src/state/whistles";
import { canAdd, isComplete, leadBy } from "../src/state/whistles";

const called = (unit: string, role: Called["role"]): Called => ({ unit, name: unit, role, notified: "system" });
const order: Order = { kind: "enforcement", minutes: 30, place: "", paired: true, reason: "", units: [called("U2", "lead"), called("U3", "joint")] };

it("a whistle needs a kind, a time and exactly one lead unit", () => {
  expect(isComplete(order)).toBe(true);
  expect(isComplete({ ...order, kind: "" })).toBe(false);
  expect(isComplete({ ...order, minutes: 0 })).toBe(false);
  expect(isComplete({ ...order, units: [] })).toBe(false);
  expect(isComplete({ ...order, units: [called("U2", "lead"), called("U3", "lead")] })).toBe(false);
});

it("choosing a lead unit makes all others joint ones", () => {
  expect(leadBy(order.units, "U3").map((each) => each.role)).toEqual(["joint", "lead"]);
});

it("units are added with a time, whoever leads", () => {
  const joint = { ...order, kind: "", units: [called("U5", "joint")] };
  expect(canAdd(joint)).toBe(true);
  expect(canAdd({ ...joint, minutes: 0 })).toBe(false);
  expect(canAdd({ ...joint, units: [] })).toBe(false);
});
