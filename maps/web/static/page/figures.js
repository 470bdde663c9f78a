// Shares with their denominators: of an area, of its parts, and where they are upper bounds.
(function (gg) {
  "use strict";
  const h = gg.h;
  const say = gg.say;
  const { link, bar } = gg.parts;

  // by what the shares of this page are: share, covered part, whole
  const COLUMNS = {
    demand: ["covered_demand_share", "covered_demand_m2", "demand_m2"],
    ground: ["covered_share", "covered_open_ground_m2", "open_ground_m2"],
  };
  // the official criteria, what there is of each: things to be counted, metres of roads
  const CRITERIA = ["places", "entrances", "road_m", "junctions", "crossings"];

  gg.sharesOf = (areas, basis) =>
    areas[COLUMNS[basis === "ground" ? "ground" : "demand"][0]].map((share) => share);

  gg.figures = (data, choose) => {
    const { areas, basis } = data;
    // without buildings views end nowhere: a share can only be smaller than it says
    const written = (k, share) =>
      share !== null && areas.unblocked[k] > 0
        ? say("area.at_most", { share: gg.share(share) })
        : gg.share(share);
    const text = (k) => written(k, areas.share[k]);
    // what is certain and what is possible, where both are known; else what the page shows
    const range = (k) => {
      const [certain, possible] = ["certain", "possible"].map((sure) => areas[`${COLUMNS[basis][0]}_${sure}`][k]);
      if (certain === null || possible === null) return h("p.big", {}, text(k));
      return h(
        "p.big.range",
        {},
        say("area.range", { certain: written(k, certain), possible: gg.share(possible) }),
      );
    };
    const bound = (k) => {
      if (!areas.unblocked[k] || basis === "none") return null;
      const note =
        areas.level[k] === gg.GRID
          ? say("area.unblocked")
          : say("area.unblocked_of", { n: gg.number(areas.unblocked[k]) });
      return h("p.doubtful.bound", {}, note);
    };
    const figure = (k) => {
      if (areas.share[k] === null)
        return h(
          "p.hint",
          {},
          say(
            basis === "none"
              ? "not_computed"
              : areas.demand_m2[k] === 0
                ? "area.no_demand"
                : "area.no_figures",
          ),
        );
      const [, part, whole] = COLUMNS[basis];
      return [
        h(
          "div.figure",
          {},
          range(k),
          h(
            "p",
            { title: say(`basis.${basis}_note`) },
            say(`basis.${basis}`),
            h("small", {}, say("area.of", { part: gg.area(areas[part][k]), whole: gg.area(areas[whole][k]) })),
          ),
          bar(areas.share[k]),
        ),
        bound(k),
      ];
    };
    const parts = (list, title) =>
      list.length === 0
        ? null
        : h(
            "section",
            {},
            h("h3", {}, title, basis === "none" ? null : h("small", {}, say(`basis.${basis}`))),
            h(
              "table.parts",
              {},
              list.map((k) =>
                h(
                  "tr",
                  {},
                  h(
                    "th",
                    { scope: "row" },
                    link(gg.shortName(areas, k), () => choose("area", k)),
                  ),
                  h("td", {}, basis === "none" ? null : bar(areas.share[k])),
                  h("td.n", {}, basis === "none" ? null : text(k)),
                ),
              ),
            ),
          );
    // what is seen of each official criterion: certainly to possibly, of all
    const official = (k) => {
      const told = (name) => areas[name][k] > 0 && areas[`${name}_certain`][k] !== null;
      const rows = CRITERIA.filter(told).map((name) => {
        const [low, high] = [areas[`${name}_certain`][k], areas[`${name}_possible`][k]];
        const amount = (n) => (name === "road_m" ? gg.number(n / 1000, 1) : gg.number(n));
        const range = (text) =>
          text(low) === text(high) ? text(low) : say("official.range", { low: text(low), high: text(high) });
        return h(
          "tr",
          {},
          h("th", { scope: "row" }, say(`official.${name}`)),
          h("td.n", {}, range((n) => gg.share(n / areas[name][k]))),
          h("td.n", {}, say("area.of", { part: range(amount), whole: amount(areas[name][k]) })),
        );
      });
      if (basis === "none" || !rows.length) return null;
      const blind = areas.longest_blind_m[k];
      return h(
        "section",
        {},
        h("h3", {}, say("official.title"), h("small", {}, say("official.note"))),
        h("table.parts.official", {}, rows),
        blind ? h("p.hint", {}, say("official.blind", { length: gg.distance(blind) })) : null,
      );
    };
    return { figure, parts, written, official };
  };
})((window.govgrid = window.govgrid || {}));
