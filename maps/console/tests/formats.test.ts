import { beforeAll, describe, expect, it } from "vitest";
import { detailOf, formatArea, formatDistance, formatShare, formatSide, groupCode, sideOf } from "../src/format/numbers";
import { formatClock, fromTyped, formatDuration, formatMoment, formatShort, serverNow, setClock } from "../src/format/times";
import { zh } from "./words";

beforeAll(() => {
  zh();
  setClock("zh", "Asia/Shanghai", new Date().toISOString());
});

describe("numbers", () => {
  it("are metres below a kilometre, kilometres from there", () => {
    expect([0, 20.4, 999.4, 999.6, 12_340].map(formatDistance)).toEqual(["0 米", "20 米", "999 米", "1.0 公里", "12.3 公里"]);
  });
  it("are square metres below ten thousand", () => {
    expect(formatArea(9_999, "zh-CN")).toBe("9,999 平方米");
    expect(formatArea(10_000, "zh-CN")).toBe("0.01 平方千米");
  });
  it("are shares with one digit", () => expect(formatShare(0.8456)).toBe("84.6 %"));
});

describe("a bearing", () => {
  it("has a side of eight", () => {
    expect([0, 22, 23, 90, 180, 270, 359, -45].map(sideOf)).toEqual(["n", "n", "ne", "e", "s", "w", "n", "nw"]);
  });
  it("of a camera that looks east says that it stands in the west", () => {
    expect(formatSide(20, 90)).toBe("位于西侧 20 米");
  });
  it("is left out where it is not known, and at the place itself", () => {
    expect(formatSide(20, null)).toBe("相距 20 米");
    expect(formatSide(0.4, 90)).toBe("位于此处");
  });
});

describe("pixel density", () => {
  it("is said in words", () => {
    expect([20, 79, 80, 249, 250, null].map(detailOf)).toEqual(["只见轮廓", "只见轮廓", "看得清动作", "看得清动作", "看得清细节", ""]);
  });
});

describe("codes", () => {
  it("are read in groups, others stay", () => {
    expect(groupCode("34080200001320000001")).toBe("340802 0000 1320 000001");
    expect(groupCode("340802001001001")).toBe("340802 001001 001");
    expect(groupCode("K1")).toBe("K1");
  });
});

describe("times", () => {
  const night = Date.parse("2026-09-30T13:40:00Z");
  it("are of the district whatever the browser's zone", () => {
    expect(formatClock(night)).toBe("21:40");
    expect(formatMoment(night)).toBe("2026年9月30日周三 21:40");
  });
  it("are a time of day today, a date otherwise, with the year in another year", () => {
    expect(formatShort(night, night + 3_600_000)).toBe("21:40");
    expect(formatShort(night, night + 86_400_000)).toBe("9月30日");
    expect(formatShort(night, night + 200 * 86_400_000)).toBe("2026年9月30日");
  });
  it("last in their two largest units", () => {
    const minute = 60_000;
    expect([24, 116, 38 * 60, 5 * 24 * 60].map((n) => formatDuration(n * minute))).toEqual(["24 分", "1 小时 56 分", "1 天 14 小时", "5 天"]);
  });
  it("are typed in the district's zone, and in winter and summer time of a zone that has both", () => {
    expect(fromTyped("2026-09-30T21:40")).toBe("2026-09-30T13:40:00.000Z");
    setClock("zh", "Europe/Berlin", "2026-09-30T13:40:00Z");
    expect(fromTyped("2026-07-01T12:00")).toBe("2026-07-01T10:00:00.000Z");
    expect(fromTyped("2026-12-01T12:00")).toBe("2026-12-01T11:00:00.000Z");
    expect(fromTyped("2026-10-25T08:00")).toBe("2026-10-25T07:00:00.000Z");
    setClock("zh", "Asia/Shanghai", "2026-09-30T13:40:00Z");
  });
  it("are the server's", () => {
    setClock("zh", "Asia/Shanghai", "2026-09-30T13:40:00Z");
    expect(Math.abs(serverNow() - night)).toBeLessThan(60_000);
  });
});
