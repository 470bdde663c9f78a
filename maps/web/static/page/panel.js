// The panel: the overview, or the facts about what was chosen. Also the table twin of the map.
(function (gg) {
  "use strict";
  const h = gg.h;
  const say = gg.say;

  const { facts, link, heading, chip, phone, list } = gg.parts;

  gg.panel = (data, act) => {
    const { areas, cameras, incidents, seeing, gaps } = data;
    const toOverview = () => act.overview();

    const gridLink = (code) => {
      const k = areas.rows.get(code);
      return k === undefined
        ? code
          ? gg.code(code)
          : say("none")
        : [link(gg.fullName(areas, k), () => act.choose("area", k)), " ", gg.code(code)];
    };
    const cameraName = (k) => cameras.name[k] || cameras.code[k];
    const seeingList = gg.seeing(data, act.choose);

    const { figure, parts, written, official } = gg.figures(data, act.choose);
    const partsOf = (k) => {
      const list = areas.parts.get(areas.code[k]) || [];
      return parts(list, list.length ? say("area.parts", { level: levelWord(list[0]) }) : "");
    };
    const levelWord = (k) => say(`level.${["district", "township", "community", "grid"][areas.level[k]]}`);

    const inside = (codes) => {
      const of = (list) => list.flatMap((code, k) => (codes.has(code) ? [k] : []));
      return {
        cameras: of(cameras.grid_code),
        incidents: of(incidents.grid_code),
        gaps: of(data.gap_totals.grid_code),
      };
    };
    const kinds = (list, closed) =>
      gg.ownersText(
        list.map((k) => cameras.kind[k]),
        closed,
      );
    // what is only counted, or not drawn, stands in no area: nothing is said rather than none
    const uncounted = Object.keys(data.counted).length > 0;
    const outcomes = (list) =>
      gg.tally(
        list.map((i) => incidents.outcome[i]),
        gg.OUTCOMES,
      );
    const defined = (text) => h("span.defined", { title: say("outcome.definition") }, text);

    const overview = () => {
      const whole = areas.level.includes(0);
      const first = areas.level.length ? 0 : -1; // areas stand from the largest down
      const online = cameras.net.filter((state) => state === "online").length;
      const unknown = cameras.net.filter((state) => state === "unknown").length;
      const others = gg.OWNERS.flatMap((kind) => Array(data.counted[kind] || 0).fill(kind));
      const ended = outcomes(incidents.code.map((_, i) => i));
      const placeless = incidents.at.x.filter((x) => Number.isNaN(x)).length;
      const top = Math.min(...areas.level.filter((level) => level > 0), 3);
      const list = areas.level.flatMap((level, k) => (level === top ? [k] : []));
      return [
        heading(say(whole ? "overview.whole" : "overview.title"), data.title),
        first >= 0 ? figure(first) : null,
        first >= 0 ? official(first) : null,
        facts([
          [say("overview.grids"), gg.number(areas.grids.length)],
          [say("overview.communities"), gg.number(areas.level.filter((level) => level === 2).length)],
          [
            say("overview.cameras"),
            gg.number(cameras.code.length + others.length),
            gg.ownersText([...cameras.kind, ...others], data.closed),
          ],
          [
            say("overview.online"),
            others.length && !cameras.code.length
              ? null
              : say("overview.online_of", {
                  online: gg.number(online),
                  due: gg.number(cameras.code.length - unknown),
                  unknown: gg.number(unknown),
                }),
          ],
          [
            say("overview.incidents"),
            gg.number(incidents.code.length),
            defined([
              say("overview.closed_of", {
                closed: gg.number(ended.closed),
                all: gg.number(incidents.code.length),
              }),
              h("br"),
              gg.outcomesText({ open: ended.open, ...(ended.other ? { other: ended.other } : {}) }),
            ]),
          ],
        ]),
        leftOut(others.length),
        placeless ? h("p.hint", {}, say("overview.no_place", { n: placeless })) : null,
        list.length ? parts(list, levelWord(list[0])) : null,
        h("p.hint", {}, say("overview.hint")),
      ];
    };

    const leftOut = (counted) => {
      const { cameras: some, gaps: pieces } = data.leftOut;
      if (some !== undefined || pieces !== undefined)
        return h(
          "p.doubtful",
          {},
          say("overview.left_out", { cameras: gg.number(some || 0), gaps: gg.number(pieces || 0) }),
        );
      return counted ? h("p.hint", {}, say("overview.counted", { n: gg.number(counted) })) : null;
    };

    const area = (k) => {
      const closed = gg.closedOf(data, k);
      const found = inside(gg.gridsOf(data, k));
      const total = (column) => found.gaps.reduce((sum, g) => sum + (column[g] || 0), 0);
      return [
        heading(
          levelWord(k),
          gg.fullName(areas, k),
          areas.kind[k] ? [chip(areas.kind[k])] : [],
          toOverview,
        ),
        figure(k),
        official(k),
        facts([
          [say("code"), gg.code(areas.code[k])],
          [say("area.parent"), areas.parent_code[k] ? gridLink(areas.parent_code[k]) : null],
          [say("area.unit"), areas.unit_name[k]],
          [
            say("area.demand"),
            data.basis !== "demand" || areas.demand_m2[k] === null ? null : gg.area(areas.demand_m2[k]),
            say("area.demand_note"),
          ],
          [
            say("basis.ground"),
            data.basis !== "demand" || areas.covered_share[k] === null
              ? null
              : written(k, areas.covered_share[k]),
            say("area.of", {
              part: gg.area(areas.covered_open_ground_m2[k]),
              whole: gg.area(areas.open_ground_m2[k]),
            }),
          ],
          [
            say("area.open_ground"),
            areas.open_ground_m2[k] === null ? null : gg.area(areas.open_ground_m2[k]),
            say("area.open_ground_note"),
          ],
          [say("area.area"), gg.area(areas.area_m2[k])],
          [
            say("area.cameras"),
            uncounted ? say("layer.not_shown") : gg.number(found.cameras.length),
            uncounted ? null : kinds(found.cameras, closed),
          ],
          [
            say("area.incidents"),
            gg.number(found.incidents.length),
            defined(gg.outcomesText(outcomes(found.incidents))),
          ],
          [
            say("area.gaps"),
            data.basis !== "demand"
              ? null
              : say("area.gaps_of", {
                  n: gg.number(total(data.gap_totals.n)),
                  area: gg.area(total(data.gap_totals.area_m2)),
                }),
          ],
        ]),
        partsOf(k),
        list(
          say("area.open_here"),
          found.incidents.filter((i) => incidents.outcome[i] === "open"),
          (i) => link(incidents.title[i] || incidents.code[i], () => act.choose("incident", i)),
        ),
        areas.level[k] === gg.GRID
          ? list(say("area.cameras_here"), found.cameras, (c) =>
              link(cameraName(c), () => act.choose("camera", c)),
            )
          : null,
      ];
    };
    const netChip = (state) => chip(gg.choice("camera_state", state), `net-${state}`);
    const camera = (k) => [
      heading(
        say("camera.title"),
        cameras.name[k] || cameras.code[k],
        [
          chip(say(`owner.${cameras.kind[k]}`), cameras.kind[k]),
          netChip(cameras.net[k]),
        ],
        toOverview,
      ),
      facts([
        [say("code"), gg.code(cameras.code[k])],
        [say("camera.form"), gg.choice("form", cameras.form[k])],
        [
          say("camera.state"),
          ["in_use", "repair", "removed"].includes(cameras.status[k])
            ? gg.choice("camera_state", cameras.status[k])
            : null,
        ],
        [
          say("camera.place"),
          cameras.indoor[k] === null
            ? say("unknown")
            : say(cameras.indoor[k] ? "camera.indoor" : "camera.outdoor"),
        ],
        [
          say("camera.heading"),
          cameras.heading_deg[k] === null
            ? say("unknown")
            : say("camera.heading_from", {
                heading: gg.heading(cameras.heading_deg[k]),
                source: gg.choice("source", cameras.heading_source[k]),
              }),
        ],
        [
          say("camera.hfov"),
          cameras.hfov_deg[k] === null ? say("unknown") : say("unit.deg", { n: cameras.hfov_deg[k] }),
        ],
        [say("camera.range"), cameras.range_m[k] === null ? say("unknown") : gg.distance(cameras.range_m[k])],
        [say("camera.grid"), gridLink(cameras.grid_code[k])],
      ]),
      seenBy(k),
    ];
    const seenBy = (k) => {
      const rows = incidents.code.flatMap((_, i) => {
        for (let row = seeing.start[i]; row < seeing.start[i + 1]; row++)
          if (seeing.camera[row] === k && seeing.relation[row] !== "near") return [i];
        return [];
      });
      return list(say("camera.incidents"), rows, (i) =>
        link(incidents.title[i] || incidents.code[i], () => act.choose("incident", i)),
      );
    };

    const incident = (k) => {
      const placeless = Number.isNaN(incidents.at.x[k]);
      const status = incidents.status[k];
      const note =
        !placeless && ["border", "outside"].includes(status)
          ? h("p.doubtful", {}, h("b", {}, say(`incident.${status}`)), say(`incident.${status}_note`))
          : null;
      return [
        heading(
          say("incident.title"),
          incidents.title[k] || incidents.code[k],
          [chip(gg.choice("state", incidents.state[k]), incidents.outcome[k])],
          toOverview,
        ),
        note,
        placeless ? h("p.doubtful", {}, say("incident.no_place")) : null,
        facts([
          [say("incident.grid"), gridLink(incidents.grid_code[k])],
          [say("incident.unit"), h("b.unit", {}, incidents.unit_name[k] || say("incident.no_unit"))],
          [say("incident.phone"), phone(incidents.duty_phone[k])],
          [say("incident.reason"), incidents.reason[k]],
          [say("incident.category"), incidents.category[k]],
          [say("incident.reported_at"), incidents.reported_at[k] ? gg.time(incidents.reported_at[k]) : null],
          [say("incident.number"), gg.code(incidents.code[k])],
        ]),
        placeless ? null : seeingList(k),
      ];
    };

    const gap = (k) => [
      heading(
        say("gap.title"),
        say("gap.rank", { rank: gaps.rank[k] === null ? "—" : gaps.rank[k] }),
        [],
        toOverview,
      ),
      facts([
        [say("gap.area"), gg.area(gaps.area_m2[k])],
        [say("gap.road_m"), gaps.road_m[k] ? gg.distance(gaps.road_m[k]) : null],
        [say("gap.entrances"), gaps.entrances[k] ? gg.number(gaps.entrances[k]) : null],
        [say("gap.incidents"), gaps.incidents[k] ? gg.number(gaps.incidents[k]) : null],
        [say("gap.weight"), gg.number(gaps.weight[k], 1), say("gap.weight_note")],
        [say("gap.grid"), gridLink(gaps.grid_code[k])],
      ]),
    ];
    const centre = (k) => [
      heading(say("centre.title"), data.centres.name[k] || data.centres.code[k], [], toOverview),
      facts([
        [say("code"), gg.code(data.centres.code[k])],
        [say("centre.level"), gg.choice("level", data.centres.level[k])],
        [say("incident.phone"), phone(data.centres.duty_phone[k])],
      ]),
    ];
    const place = (k) => [
      heading(say("place.title"), data.places.name[k], [], toOverview),
      facts([[say("kind"), data.places.kind[k]]]),
    ];

    const views = { overview, area, camera, incident, gap, centre, place };
    const detail = document.getElementById("detail");
    const panel = document.getElementById("panel");
    const grip = document.getElementById("grip");
    const told = document.getElementById("told");
    const open = (is) => {
      panel.classList.toggle("open", is);
      grip.setAttribute("aria-expanded", String(is));
    };
    grip.addEventListener("click", () => open(!panel.classList.contains("open")));
    return {
      show: (kind, k) => {
        detail.replaceChildren(...views[kind](k).flat().filter(Boolean));
        detail.dataset.kind = kind;
        detail.scrollTop = 0;
        open(kind !== "overview");
        told.textContent = kind === "overview" ? "" : detail.querySelector("h2").textContent;
      },
    };
  };
})((window.govgrid = window.govgrid || {}));
