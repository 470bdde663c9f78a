import { beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../src/api/client";
import type { NewIncident } from "../src/api/intake";
import { choices, findByWord, offeredWords } from "../src/state/choices";
import type { Draft } from "../src/state/intake";
import { isBlank, written } from "../src/state/intake";
import { enqueue, flush, queue, takeOut } from "../src/state/queue";
import { useAreas } from "../src/state/areas";

const sent = vi.hoisted(() => ({ answer: vi.fn() }));
vi.mock("../src/api/intake", () => ({ takeIncident: sent.answer, tryRouting: vi.fn(), readChoices: vi.fn() }));

const draft = (more: Partial<Draft> = {}): Draft => ({ id: "one", place: null, grid: "", category: "", text: "", source: "telephone", address: "", ...more });
const spot = { lon: 117.05, lat: 30.51, area: "", name: "", by: "map" as const, code: "", accuracy: 2 };
const given = (id: string): NewIncident => ({ client_id: id, category: "井盖缺失", text: "没了", source: "telephone" });

describe("a new incident as it is sent", () => {
  it("holds coordinates with their accuracy, and the grid that was chosen at a border", () => {
    const found = written(draft({ place: spot, grid: "G1", category: "井盖缺失", text: "没了", address: " 路口 " }));
    expect(found).toEqual({
      client_id: "one", category: "井盖缺失", text: "没了", source: "telephone", lon: 117.05, lat: 30.51, accuracy_m: 2, grid_code: "G1", located_by: "map", address: "路口",
    });
  });
  it("holds the code of a grid or community where there is no position", () => {
    useAreas([{ level: "community", code: "C", name: "社区", parent: null, box: [0, 0, 1, 1], spot: [0, 0] }]);
    const area = (code: string): NewIncident => written(draft({ place: { ...spot, lon: null, lat: null, area: code, by: "area" } }));
    expect(area("C")).toMatchObject({ community_code: "C", located_by: "area" });
    expect(area("G")).toMatchObject({ grid_code: "G" });
  });
  it("says which way on was chosen for numbers of persons", () => {
    expect(written(draft(), "redact")).toMatchObject({ redact: true });
    expect(written(draft(), "not_personal")).toMatchObject({ not_personal: true });
  });
  it("is blank before anything is typed", () => expect([isBlank(draft()), isBlank(draft({ text: "x" }))]).toEqual([true, false]));
});

describe("choices", () => {
  it("offer the words of the site for the texts of a move, the same for who asks for it", () => {
    choices.value = { categories: [], sources: [], units: [], reasons: { hold: [{ code: "weather", name: "天气原因" }] }, results: [{ code: "fixed", name: "已处置" }] };
    expect([offeredWords("hold", "reason"), offeredWords("request_hold", "reason")]).toEqual([["天气原因"], ["天气原因"]]);
    expect(offeredWords("finish", "result")).toEqual(["已处置"]);
    expect([offeredWords("reopen", "reason"), offeredWords("hold", "note")]).toEqual([[], []]);
    choices.value = null;
  });
  const items = [{ name: "道路积水", spelled: "dljs daolujishui" }, { name: "井盖缺失", spelled: "jgqs jinggaiqueshi" }, { name: "护栏损坏", spelled: "hlsh hulansunhuai" }];
  it("are found by initials, pinyin and words, beginnings first", () => {
    expect(findByWord(items, "jg").map((each) => each.name)).toEqual(["井盖缺失"]);
    expect(findByWord(items, "js").map((each) => each.name)).toEqual(["道路积水"]);
    expect(findByWord(items, "损坏").map((each) => each.name)).toEqual(["护栏损坏"]);
    expect(findByWord(items, "")).toHaveLength(3);
  });
});

describe("the queue", () => {
  beforeEach(() => {
    queue.items = [];
    sent.answer.mockReset();
  });
  it("keeps what no network carries and sends each once it is back", async () => {
    enqueue(given("a"));
    enqueue(given("b"));
    sent.answer.mockRejectedValue(new Problem(0, "offline", "离线"));
    await flush();
    expect(queue.items.map((each) => each.given.client_id)).toEqual(["a", "b"]);
    sent.answer.mockReset().mockResolvedValue({ id: "1", code: "M1" });
    await Promise.all([flush(), flush()]);
    expect(sent.answer.mock.calls.map(([each]) => (each as NewIncident).client_id)).toEqual(["a", "b"]);
    expect(queue.items).toEqual([]);
  });
  it("shows what the service refuses, and waits for a log-in", async () => {
    enqueue(given("a"));
    sent.answer.mockRejectedValueOnce(new Problem(401, "", "登录已过期"));
    await flush();
    expect(queue.items[0]?.refused).toBe("");
    sent.answer.mockRejectedValueOnce(new Problem(422, "", "有手机号"));
    await flush();
    expect(queue.items[0]?.refused).toBe("有手机号");
    const [item] = queue.items;
    expect(item && takeOut(item).client_id).toBe("a");
    expect(queue.items).toEqual([]);
  });
});
