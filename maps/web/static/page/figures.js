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
  // which of all gaps stand on the map, where not all do
  gg.gapsNote = (data) => {
    const all = data.gap_totals.n.reduce((sum, n) => sum + n, 0);
    const shown = data.gaps.rank.length;
    return shown < all ? say("layer.gaps_shown", { shown: gg.number(shown), all: gg.number(all) }) : null;
  };

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
    return { figure, parts, written };
  };
})((window.govgrid = window.govgrid || {}));
