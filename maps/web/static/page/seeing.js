// Who sees an incident: the list in the panel, and what is said where nobody does.
(function (gg) {
  "use strict";
  const h = gg.h;
  const say = gg.say;
  const { link } = gg.parts;

  gg.seeing = (data, choose) => {
    const { cameras, incidents, seeing } = data;
    const placed = (row) => seeing.camera[row] < cameras.code.length;
    const code = (row) =>
      placed(row) ? cameras.code[seeing.camera[row]] : seeing.extra[seeing.camera[row] - cameras.code.length];
    const name = (row) =>
      placed(row)
        ? cameras.name[seeing.camera[row]] || code(row)
        : seeing.own[row] === 0
          ? say("seeing.hidden")
          : code(row);

    const why = (row) => (seeing.why[row] ? gg.choice("why", seeing.why[row]) : null);
    const online = (row) =>
      gg.choice(
        "camera_state",
        seeing.online[row] === null ? "unknown" : seeing.online[row] ? "online" : "offline",
      );
    // a coarse place is about so far; of a camera of others only its distance from the area is known
    const distance = (row) => {
      const text = gg.distance(seeing.distance_m[row]);
      if (seeing.distance_m[row] === null) return null;
      if (seeing.own[row] === 0) return say("seeing.from_area", { distance: text });
      return seeing.exact[row] === 0 ? say("seeing.about", { distance: text }) : text;
    };

    const entry = (row, number) => {
      const k = seeing.camera[row];
      const relation = gg.relationClass(seeing.relation[row]);
      return h(
        `li.seeing.${relation}`,
        {},
        h("span.number", { "aria-hidden": "true" }, h("b", {}, String(number))),
        h(
          "div",
          {},
          h(
            "p",
            {},
            placed(row) ? link(name(row), () => choose("camera", k)) : h("span", {}, name(row)),
            h("b.distance", {}, distance(row)),
          ),
          h(
            "p",
            {},
            h("strong", {}, say(`relation.${relation}`)),
            [why(row), online(row)].filter(Boolean).map((text) => ` · ${text}`),
          ),
          h(
            "p.fine",
            {},
            gg.code(code(row)),
            placed(row) ? h("span", {}, say(`owner.${cameras.kind[k]}`)) : null,
            seeing.bearing_deg[row] === null
              ? null
              : h("span", {}, say("seeing.bearing", { bearing: gg.heading(seeing.bearing_deg[row]) })),
            seeing.exact[row] === 0
              ? null
              : h("span", {}, say("seeing.heading", { heading: gg.heading(seeing.heading_deg[row]) })),
            seeing.px_per_m[row] === null || relation === "near"
              ? null
              : h("span", {}, say("seeing.density", { density: seeing.px_per_m[row] })),
          ),
        ),
      );
    };

    // "none" is only said where no camera at all may see the place, granted or not
    const answer = (rows, withheld) => {
      const has = (relation) => rows.some((row) => seeing.relation[row] === relation);
      if (has("sees")) return null;
      if (has("possible")) return say("seeing.only_possible");
      if (withheld) return say("seeing.none_granted");
      const own = rows.filter((row) => seeing.own[row] !== 0 && seeing.distance_m[row] !== null);
      if (!own.length) return say("seeing.none") + say("seeing.not_judged");
      const nearest = own.reduce((best, row) =>
        seeing.distance_m[row] < seeing.distance_m[best] ? row : best,
      );
      const facts = { name: name(nearest), distance: distance(nearest) };
      return say("seeing.none") + say("seeing.nearest", { ...facts, why: why(nearest) || say("unknown") });
    };

    return (k) => {
      const [from, to] = [seeing.start[k], seeing.start[k + 1]];
      const rows = Array.from({ length: to - from }, (_, j) => from + j);
      const withheld = incidents.withheld[k];
      const said = answer(rows, withheld);
      return h(
        "section",
        {},
        h("h3", {}, say("seeing.title"), rows.length ? h("small", {}, say("seeing.order")) : null),
        said ? h("p.answer", {}, said) : null,
        withheld ? h("p.answer", {}, say("seeing.withheld", { n: gg.number(withheld) })) : null,
        h(
          "ol.cameras",
          {},
          rows.map((row, j) => entry(row, j + 1)),
        ),
      );
    };
  };
})((window.govgrid = window.govgrid || {}));
