// Markers: cameras and incidents in clusters, centres, and what is chosen on top of them.
(function (gg) {
  "use strict";
  const h = gg.h;

  gg.cameraClass = (cameras, k) =>
`cam ${cameras.kind[k]} ${cameras.net[k]}`;
  gg.incidentClass = (incidents, k) =>
    `pin ${incidents.outcome[k]}${["border", "outside"].includes(incidents.status[k]) ? " doubt" : ""}`;
  const icons = new Map();
  const icon = (name, size, anchor) => {
    if (!icons.has(name))
      icons.set(
        name,
        L.divIcon({
          className: name,
          iconSize: [size, size],
          iconAnchor: anchor || [size / 2, size / 2],
          html: "",
        }),
      );
    return icons.get(name);
  };

  // a ring in the colours of the kinds shows the parts; the words in its title say the numbers
  const cameraCluster = (cluster) => {
    const kinds = cluster.getAllChildMarkers().map((mark) => mark.options.kind);
    const n = gg.tally(kinds, gg.OWNERS);
    const size = kinds.length < 10 ? 26 : kinds.length < 100 ? 32 : kinds.length < 1000 ? 38 : 44;
    const part = (some) => `${Math.round((100 * some) / kinds.length)}%`;
    const ring = h(
      "div.ring",
      {
        title: gg.say("layer.cluster", { kinds: gg.ownersText(kinds) }),
        style: `--skynet-end:${part(n.skynet)};--social-end:${part(n.skynet + n.social)}`,
      },
      h("b", {}, String(kinds.length)),
    );
    return L.divIcon({ html: ring, className: "cluster cameras", iconSize: [size, size] });
  };
  const incidentCluster = (cluster) => {
    const n = cluster.getChildCount();
    const size = n < 10 ? 20 : n < 100 ? 24 : 30;
    const kinds = cluster.getAllChildMarkers().map((mark) => mark.options.kind);
    const some = Object.entries(gg.tally(kinds, gg.OUTCOMES)).filter(([, count]) => count > 0);
    const open = kinds.filter((kind) => kind === "open").length;
    const title = gg.say("layer.cluster", { kinds: gg.outcomesText(Object.fromEntries(some)) });
    const style = `--open-end:${Math.round((100 * open) / n)}%`;
    const box = h("div.box", { title, style }, h("b", {}, String(n)));
    return L.divIcon({
      html: box,
      className: "cluster incidents",
      iconSize: [size, size],
      iconAnchor: [0, size], // its sharp corner stands on the place
    });
  };
  const cluster = (create, options) =>
    L.markerClusterGroup({
      iconCreateFunction: create,
      showCoverageOnHover: false,
      animate: false,
      removeOutsideVisibleBounds: true,
      chunkedLoading: false,
      ...options,
    });

  const placed = (at, k) => !Number.isNaN(at.x[k]);

  gg.marks = (map, data, choose) => {
    const { cameras, incidents, centres } = data;
    const marker = (at, k, look, kind, title, pick) => {
      const mark = L.marker(gg.latLng(at.x[k], at.y[k]), {
        icon: look,
        kind,
        title,
        riseOnHover: true,
        keyboard: true,
      });
      mark.on("click", () => choose(pick, k));
      return mark;
    };
    const cameraMarks = cameras.code.map(
      (_, k) =>
        placed(cameras.at, k) &&
        marker(
          cameras.at,
          k,
          icon(gg.cameraClass(cameras, k), 14),
          cameras.kind[k],
          cameras.name[k] || cameras.code[k],
          "camera",
        ),
    );
    const incidentMarks = incidents.code.map(
      (_, k) =>
        placed(incidents.at, k) &&
        marker(
          incidents.at,
          k,
          icon(gg.incidentClass(incidents, k), 18, [9, 21]),
          incidents.outcome[k],
          incidents.title[k] || incidents.code[k],
          "incident",
        ),
    );
    const centreMarks = centres.code.map((_, k) => placed(centres.at, k) && centreMark(centres, k, marker));

    // near by, only what stands on one pole stays together; a click there fans it out
    const groups = {
      cameras: cluster(cameraCluster, {
        maxClusterRadius: (zoom) => (zoom < 14 ? 105 : zoom < 16 ? 84 : zoom < 17 ? 60 : 8),
      }),
      incidents: cluster(incidentCluster, {
        maxClusterRadius: (zoom) => (zoom < 14 ? 90 : zoom < 17 ? 60 : 10),
      }),
      centres: L.layerGroup(),
    };
    Object.values(groups).forEach((group) => group.addTo(map));

    const fill = (group, marks, wanted) => {
      group.clearLayers();
      const some = marks.filter((mark) => mark && wanted(mark.options.kind));
      if (group.addLayers) group.addLayers(some);
      else some.forEach((mark) => group.addLayer(mark));
    };
    const refresh = (shown) => {
      fill(groups.cameras, cameraMarks, (kind) => shown.has(kind));
      fill(groups.incidents, incidentMarks, (kind) => shown.has(kind));
      centresAt(shown);
    };
    const centresAt = (shown) =>
      fill(
        groups.centres,
        centreMarks,
        (level) => shown.has("centres") && map.getZoom() >= (CENTRES_FROM[level] || 0),
      );
    return { refresh, centresAt };
  };

  const CENTRES_FROM = { township: 12.2, community: 13.8 };
  const centreMark = (centres, k, marker) => {
    const first = centres.level[k] === "district";
    const sign = L.divIcon({
      className: `centre ${centres.level[k] === "community" ? "small" : ""} ${first ? "first" : ""}`,
      html: h("span", {}, gg.say("centre.sign")),
      iconSize: first ? [26, 26] : [20, 20],
    });
    return marker(centres.at, k, sign, centres.level[k], centres.name[k], "centre");
  };

  // the chosen thing: its grid lit, lines to the cameras, all above the clusters
  gg.chosen = (map, data) => {
    const group = L.layerGroup().addTo(map);
    const outline = (shape, f, name) => {
      const rings = [];
      for (let r = shape.features[f]; r < shape.features[f + 1]; r++) {
        const ring = [];
        for (let k = shape.rings[r]; k < shape.rings[r + 1]; k++)
          ring.push(gg.latLng(shape.x[k], shape.y[k]));
        rings.push(ring);
      }
      L.polygon(rings, { pane: "lit", className: name, interactive: false, smoothFactor: 0.5 }).addTo(group);
    };
    const spot = (x, y, look, size, anchor) =>
      L.marker(gg.latLng(x, y), {
        icon: icon(`${look} chosen`, size, anchor),
        interactive: false,
        keyboard: false,
        pane: "top",
      }).addTo(group);
    // lines to the cameras of an incident, the first on top; numbers at one pole stand in a row
    const sights = (incident, place, choose) => {
      const { cameras, seeing } = data;
      const poles = new Map();
      const lines = [];
      for (let row = seeing.start[incident]; row < seeing.start[incident + 1]; row++) {
        const camera = seeing.camera[row];
        if (camera >= cameras.code.length || !placed(cameras.at, camera)) continue;
        const pole = `${cameras.at.x[camera]} ${cameras.at.y[camera]}`;
        poles.set(pole, (poles.get(pole) ?? -1) + 1);
        lines.push({ camera, beside: poles.get(pole), number: row - seeing.start[incident] + 1, row });
      }
      lines.reverse().forEach((line) => sight(line, place, relationClass(seeing.relation[line.row]), choose));
    };
    const sight = ({ camera, beside, number }, place, relation, choose) => {
      const { cameras } = data;
      const from = gg.latLng(cameras.at.x[camera], cameras.at.y[camera]);
      L.polyline([from, place], { pane: "lines", className: `sight ${relation}`, interactive: false }).addTo(
        group,
      );
      const badge = L.divIcon({
        className: `number ${relation}`,
        html: h("b", {}, String(number)),
        iconSize: [20, 20],
        iconAnchor: [10 - 18 * beside, 10],
      });
      L.marker(from, { icon: badge, pane: "top", title: cameras.name[camera] || cameras.code[camera] })
        .on("click", () => choose("camera", camera))
        .addTo(group);
    };
    return { clear: () => group.clearLayers(), outline, spot, sights };
  };

  const relationClass = (relation) => (["sees", "possible"].includes(relation) ? relation : "near");
  gg.relationClass = relationClass;
})((window.govgrid = window.govgrid || {}));
