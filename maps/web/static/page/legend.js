// One card for both: which layers are shown, and what their signs mean.
(function (gg) {
  "use strict";
  const h = gg.h;
  const say = gg.say;

  const ROWS = [
    ["areas", ["share", "outlines", "gaps"]],
    ["video", ["skynet", "social", "unsorted", "cones"]],
    ["incidents", ["open", "closed", "other"]],
    ["base", ["centres", "places", "buildings", "roads", "water", "farmland"]],
  ];
  const HIDDEN_FIRST = new Set(["closed", "other"]);
  const ONLY_WHERE_SOME = new Set(["unsorted", "other", "buildings"]);
  const FROM = () => ({
    gaps: gg.GAPS_FROM,
    cones: gg.CONES_FROM,
    places: gg.PLACES_FROM,
    buildings: gg.BUILDINGS_FROM,
  });

  const counts = (data) => {
    return {
      share: data.areas.grids.length,
      gaps: data.gaps.rank.length,
      ...gg.tally(data.cameras.kind, gg.OWNERS),
      ...gg.tally(data.incidents.outcome, gg.OUTCOMES),
      centres: data.centres.code.length,
      places: data.places.name.length,
      buildings: data.buildings.shape.size,
      roads: data.roads.class.length,
      water: data.water.name.length,
      farmland: data.farmland.name.length,
    };
  };

  const sign = (key) => h(`i.sign.sign-${key}`, { "aria-hidden": "true" });

  const shareClasses = (data) => {
    const { breaks, shares } = data.palette;
    const edges = [0, ...breaks, 1].map((edge) => Math.round(edge * 100));
    const per = shares.map((_, c) => data.areas.grids.filter((k) => data.areas.class[k] === c).length);
    const without = (kind) => data.areas.grids.filter((k) => data.areas.class[k] === kind).length;
    const [none, needless] = [without(gg.NO_DATA), without(gg.NO_DEMAND)];
    const unblocked = data.areas.grids.filter(
      (k) => data.areas.unblocked[k] > 0 && data.areas.class[k] >= 0,
    ).length;
    if (data.basis === "none")
      return h("div.classes", {}, h("p.what", {}, say("not_computed")));
    const row = (look, text, n, name = "") =>
      h(`tr${name}`, {}, h("td", {}, look), h("th", { scope: "row" }, text), h("td.n", {}, String(n)));
    const swatch = (style, name) => h(`i.swatch${name || ""}`, { style, "aria-hidden": "true" });
    return h(
      "div.classes",
      {},
      h("p.what", {}, say(`basis.${data.basis}`)),
      h("p.unit", {}, say(`basis.${data.basis}_unit`)),
      data.basis === "ground" ? h("p.unit.why", {}, say("basis.ground_why")) : null,
      h(
        "table",
        {},
        shares
          .map((_, j) => shares.length - 1 - j)
          .map((c) =>
            row(
              swatch(`background:${shares[c]}`),
              `${say("legend.above", { low: edges[c], high: edges[c + 1] })} %`,
              per[c],
            ),
          ),
        needless ? row(swatch(null, ".needless"), say("legend.no_demand"), needless) : null,
        none ? row(swatch(null, ".none"), say("legend.no_data"), none) : null,
        unblocked ? row(swatch(null, ".unblocked"), say("legend.unblocked"), unblocked, ".apart") : null,
      ),
      h("p.unit", {}, say("legend.counts")),
      h(
        "p.unit",
        {},
        say("legend.basis", {
          set: gg.choice("set", data.deviceSet),
          certainty: gg.choice("certainty", data.certainty),
          detail: data.detail,
        }),
      ),
    );
  };

  const cameraSigns = () =>
    h(
      "p.signs",
      {},
      h("span", {}, h("i.cam.skynet.offline"), h("i.cam.social.offline"), say("layer.offline")),
      h("span", {}, h("i.cam.skynet.unknown"), h("i.cam.social.unknown"), say("layer.state_unknown")),
      h("span", {}, h("i.sign.ring-unknown"), say("layer.heading_unknown")),
      h("span.wide", {}, say("layer.cone_note")),
    );

  gg.legend = (map, data, change) => {
    const shown = new Set([
      "land",
      ...ROWS.flatMap(([, keys]) => keys).filter((key) => !HIDDEN_FIRST.has(key)),
    ]);
    const number = counts(data);
    const rows = {};
    const drawn = { skynet: "cameras", social: "cameras", unsorted: "cameras", gaps: "gaps" };
    // neither what is not granted nor what is not drawn is none
    const told = (key) => {
      if (data.leftOut[drawn[key]] !== undefined) return say("layer.not_shown");
      const closed = number[key] === 0 && data.closed.includes(key);
      return closed ? say("owner.closed", { what: "" }).trim() : gg.number(number[key]);
    };
    const row = (key) => {
      const box = h("input", {
        type: "checkbox",
        "data-layer": key,
        change: () => {
          box.checked ? shown.add(key) : shown.delete(key);
          change(key);
        },
      });
      box.checked = shown.has(key);
      rows[key] = h(
        "label.row",
        { title: key === "open" || key === "closed" ? say("outcome.definition") : null },
        box,
        sign(key),
        h("span", {}, say(`layer.${key}`)),
        key in number ? h("span.n", {}, told(key)) : null,
      );
      return rows[key];
    };
    const more = {
      share: () => shareClasses(data),
      cones: cameraSigns,
      gaps: () => {
        const granted = data.areas.closed.some(Boolean) ? say("layer.gaps_granted") : null;
        return [
          h("p.signs.note.when-far", {}, say("layer.gaps_far")),
          h("p.signs.note.when-near", {}, say("layer.gaps_near")),
          granted ? h("p.signs.note", {}, granted) : null,
        ];
      },
      incidents: () => h("p.signs", {}, h("span", {}, h("i.sign.sign-doubt"), say("layer.border_mark"))),
    };
    const body = h(
      "div.body",
      {},
      ROWS.map(([group, keys]) =>
        h(
          "fieldset",
          {},
          h("legend", {}, say(`layer.group_${group}`)),
          keys
            .filter((key) => !ONLY_WHERE_SOME.has(key) || number[key] > 0)
            .flatMap((key) => [row(key), more[key] ? more[key]() : null]),
          more[group] ? more[group]() : null,
        ),
      ),
    );
    const small = window.matchMedia("(max-width: 700px)").matches;
    const card = h("details.card", {}, h("summary", {}, say("layer.title")), body);
    card.open = !small;

    const Card = L.Control.extend({
      options: { position: "topleft" },
      onAdd: () => {
        L.DomEvent.disableClickPropagation(card).disableScrollPropagation(card);
        return card;
      },
    });
    map.addControl(new Card());
    const rest = () => {
      for (const [key, from] of Object.entries(FROM()).filter(([key]) => key in rows)) {
        const far = map.getZoom() < from;
        rows[key].classList.toggle("far", far);
        rows[key].title = far ? say("layer.zoom_needed") : "";
      }
    };
    map.on("zoomend", rest);
    rest();
    return { shown, width: () => (card.open && !small ? card.offsetWidth : 0) };
  };
})((window.govgrid = window.govgrid || {}));
