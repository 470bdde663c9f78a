// What stands on the sheet: base map, shares, borders, gaps, view cones, places, names.
(function (gg) {
  "use strict";

  gg.GAPS_FROM = 15;
  gg.CONES_FROM = 16;
  gg.BUILDINGS_FROM = 16;
  gg.PLACES_FROM = 15;
  const ASSUMED_HFOV_DEG = 60; // drawn dashed: the register says nothing
  const ASSUMED_RANGE_M = 50;

  // a grid of which nothing is known is another thing than one where nothing must be seen
  gg.NO_DATA = -1;
  gg.NO_DEMAND = -2;
  gg.shareClass = (share, breaks, demand) => {
    if (share !== null) return breaks.filter((end) => share >= end).length;
    return demand === 0 ? gg.NO_DEMAND : gg.NO_DATA;
  };

  gg.drawing = (data, shown) => (pen, view) => {
    const { colours, breaks, shares } = data.palette;
    const { areas } = data;

    const fill = (shape, wanted, style) => {
      pen.beginPath();
      let any = false;
      for (let f = 0; f < shape.size; f++) if (wanted(f) && gg.trace(pen, view, shape, f, true)) any = true;
      if (!any) return false;
      pen.fillStyle = style;
      pen.fill();
      return true;
    };
    const stroke = (shape, wanted, style, width, dash, closed) => {
      pen.beginPath();
      for (let f = 0; f < shape.size; f++) if (wanted(f)) gg.trace(pen, view, shape, f, closed);
      pen.setLineDash(dash || []);
      pen.strokeStyle = style;
      pen.lineWidth = width;
      pen.stroke();
      pen.setLineDash([]);
    };
    const every = () => true;
    const level = (wanted) => (f) => areas.level[f] === wanted;
    const grids = (wanted) => (f) => areas.level[f] === gg.GRID && wanted(f);

    const land = () => {
      fill(areas.shape, level(areas.level.length ? Math.min(...areas.level) : 0), colours.land);
      if (shown.has("farmland")) fill(data.farmland.shape, every, colours.farmland);
    };
    const coverage = () => {
      if (data.basis === "none") return;
      pen.globalAlpha = view.zoom >= 16 ? 0.45 : 0.78;
      for (let c = 0; c < shares.length; c++)
        fill(
          areas.shape,
          grids((f) => areas.class[f] === c),
          shares[c],
        );
      pen.globalAlpha = 0.9;
      fill(
        areas.shape,
        grids((f) => areas.class[f] === gg.NO_DATA),
        gg.stripes(pen, colours.no_data, 7, 1, 1),
      );
      fill(
        areas.shape,
        grids((f) => areas.class[f] === gg.NO_DEMAND),
        colours.no_demand,
      );
      pen.globalAlpha = 0.55;
      fill(
        areas.shape,
        grids((f) => areas.class[f] >= 0 && areas.unblocked[f] > 0),
        gg.dots(pen, colours.outline, 6, 0.8),
      );
      pen.globalAlpha = 1;
    };
    const WIDTHS = { trunk: 3.2, primary: 2.6, secondary: 1.8 };
    const roads = () => {
      const grow = Math.max(0.45, Math.min(3, 2 ** ((view.zoom - 14) / 1.6)));
      pen.lineJoin = pen.lineCap = "round";
      const kinds = [...new Set(data.roads.class)].filter(
        (kind) => Object.hasOwn(WIDTHS, kind) || view.zoom >= (kind === "residential" ? 14 : 15),
      );
      const widths = kinds.map((kind) => [
        (f) => data.roads.class[f] === kind,
        (Object.hasOwn(WIDTHS, kind) ? WIDTHS[kind] : 1.1) * grow,
      ]);
      widths.forEach(([wanted, width]) =>
        stroke(data.roads.shape, wanted, colours.road_edge, width + 1.1, null, false),
      );
      widths.forEach(([wanted, width]) => stroke(data.roads.shape, wanted, colours.road, width, null, false));
      pen.lineJoin = "round";
      pen.lineCap = "butt";
    };
    const borders = () => {
      pen.globalAlpha = 0.34;
      if (view.zoom >= 12) stroke(areas.shape, level(3), colours.outline, 0.7, null, true);
      pen.globalAlpha = 0.6;
      stroke(areas.shape, level(2), colours.outline, view.zoom >= 13 ? 1.3 : 0.7, null, true);
      pen.globalAlpha = 0.85;
      stroke(areas.shape, level(1), colours.outline, view.zoom >= 12 ? 2 : 1.4, [9, 3, 2, 3], true);
      stroke(areas.shape, level(0), colours.outline, 2.6, null, true);
      pen.globalAlpha = 1;
    };
    const buildings = () => {
      fill(data.buildings.shape, every, colours.building);
      pen.globalAlpha = 0.8;
      stroke(data.buildings.shape, every, colours.building_edge, 0.7, null, true);
      pen.globalAlpha = 1;
    };
    const gaps = () => {
      const near = view.zoom >= 16; // from afar stripes are only noise
      pen.globalAlpha = near ? 1 : 0.5;
      const any = fill(data.gaps.shape, every, near ? gg.stripes(pen, colours.gap, 6, 1.6, -1) : colours.gap);
      if (any && near) stroke(data.gaps.shape, every, colours.gap, 0.8, null, true);
      pen.globalAlpha = 1;
    };

    if (shown.has("land")) land();
    if (shown.has("share")) coverage();
    if (shown.has("water")) fill(data.water.shape, every, colours.water);
    if (shown.has("roads")) roads();
    if (shown.has("buildings") && view.zoom >= gg.BUILDINGS_FROM) buildings();
    if (shown.has("outlines")) borders();
    if (shown.has("gaps") && view.zoom >= gg.GAPS_FROM) gaps();
    if (shown.has("cones") && view.zoom >= gg.CONES_FROM) cones(data, shown, pen, view);
    if (shown.has("places") && view.zoom >= gg.PLACES_FROM) places(data, pen, view);
  };

  // names lie above the markers and give way to them; `marks` are the boxes they take
  gg.naming = (data, shown, marks) => (pen, view) => {
    const taken = marks(view.corner);
    if (shown.has("outlines")) names(data, pen, view, taken);
    if (shown.has("roads") && view.zoom >= gg.ROAD_NAMES_FROM) gg.roadNames(data, pen, view, taken, font);
    if (shown.has("places") && view.zoom >= 16) placeNames(data, pen, view, taken);
  };

  const within = (view, x, y, margin) =>
    x >= view.west - margin &&
    x <= view.east + margin &&
    y >= view.north - margin &&
    y <= view.south + margin;

  const cones = (data, shown, pen, view) => {
    const { cameras } = data;
    const { colours } = data.palette;
    for (let k = 0; k < cameras.code.length; k++) {
      const [x, y] = [cameras.at.x[k], cameras.at.y[k]];
      if (cameras.indoor[k] === 1 || !shown.has(cameras.kind[k])) continue;
      const perWorld = gg.metresPerWorld(y);
      const reach = (cameras.range_m[k] || ASSUMED_RANGE_M) / perWorld;
      if (!within(view, x, y, reach)) continue;
      const colour = cameras.net[k] === "offline" ? colours.offline : colours[cameras.kind[k]];
      cone(pen, x * view.scale - view.x, y * view.scale - view.y, reach * view.scale, cameras, k, colour);
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  };

  const cone = (pen, x, y, radius, cameras, k, colour) => {
    const heading = cameras.heading_deg[k];
    const width = cameras.hfov_deg[k];
    const around = cameras.form[k] === "panoramic" || width >= 360;
    const known = around || heading !== null;
    const sure = known && (around || width !== null) && cameras.range_m[k] !== null;
    pen.beginPath();
    if (around || heading === null) pen.arc(x, y, radius, 0, 2 * Math.PI);
    else {
      const middle = ((heading - 90) * Math.PI) / 180;
      const half = ((width === null ? ASSUMED_HFOV_DEG : width) * Math.PI) / 360;
      pen.moveTo(x, y);
      pen.arc(x, y, radius, middle - half, middle + half);
      pen.closePath();
    }
    pen.fillStyle = pen.strokeStyle = colour;
    pen.globalAlpha = 0.13;
    if (known) pen.fill();
    pen.globalAlpha = known ? 0.55 : 0.45;
    pen.setLineDash(sure ? [] : [4, 4]);
    pen.lineWidth = 1;
    pen.stroke();
  };

  const font = (size, weight) =>
    `${weight} ${size}px "Noto Sans SC","Noto Sans CJK SC","Source Han Sans SC","PingFang SC","Microsoft YaHei",sans-serif`;
  const shortened = (text, most) =>
    [...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text;

  gg.free = (b, taken) => !taken.some((t) => b[0] < t[2] && b[2] > t[0] && b[1] < t[3] && b[3] > t[1]);
  // write where there is room; what stands earlier is more important, also of texts for one thing
  const write = (pen, texts, x, middle, size, taken, colour, shifts) => {
    const boxOf = (text, y) => {
      const half = pen.measureText(text).width / 2 + 3;
      return [x - half, y - size / 2 - 2, x + half, y + size / 2 + 2];
    };
    const found = texts
      .flatMap((text) => shifts.map((shift) => ({ text, y: middle + shift })))
      .find(({ text, y }) => gg.free(boxOf(text, y), taken));
    if (found === undefined) return;
    const { text, y } = found;
    taken.push(boxOf(text, y));
    pen.lineWidth = 3.5;
    pen.strokeStyle = "rgba(255,255,255,.88)";
    pen.strokeText(text, x, y);
    pen.fillStyle = colour;
    pen.fillText(text, x, y);
  };

  const places = (data, pen, view) => {
    const { places: all } = data;
    for (let k = 0; k < all.name.length; k++) {
      if (!within(view, all.at.x[k], all.at.y[k], 0)) continue;
      const x = all.at.x[k] * view.scale - view.x;
      const y = all.at.y[k] * view.scale - view.y;
      pen.beginPath();
      pen.moveTo(x, y - 5);
      pen.lineTo(x + 5, y);
      pen.lineTo(x, y + 5);
      pen.lineTo(x - 5, y);
      pen.closePath();
      pen.fillStyle = data.palette.colours.place;
      pen.strokeStyle = "#fff";
      pen.lineWidth = 1.2;
      pen.fill();
      pen.stroke();
    }
  };
  const placeNames = (data, pen, view, taken) => {
    const { places: all } = data;
    pen.font = font(11, 400);
    for (let k = 0; k < all.name.length; k++) {
      if (!within(view, all.at.x[k], all.at.y[k], 0)) continue;
      const [x, y] = [all.at.x[k] * view.scale - view.x, all.at.y[k] * view.scale - view.y];
      write(pen, [shortened(all.name[k], 12)], x, y, 11, taken, data.palette.colours.place, [14, -14]);
    }
  };

  // which level's names at which scale, with size and weight
  const NAMES = [
    [1, 0, 13.4, 14, 700],
    [2, 12.6, 15.6, 12.5, 600],
    [3, 14.8, 99, 12, 500],
  ];
  const SHIFTS = [0, -20, 20, -36, 36, -52, 52];
  const names = (data, pen, view, taken) => {
    const { areas } = data;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (const [level, from, to, size, weight] of NAMES) {
      if (view.zoom < from || view.zoom >= to) continue;
      pen.font = font(size, weight);
      for (let f = 0; f < areas.level.length; f++) {
        if (areas.level[f] !== level || !within(view, areas.at.x[f], areas.at.y[f], 0)) continue;
        write(
          pen,
          [gg.fullName(areas, f), gg.shortName(areas, f)].map((name) => shortened(name, 14)),
          areas.at.x[f] * view.scale - view.x,
          areas.at.y[f] * view.scale - view.y,
          size,
          taken,
          data.palette.colours.outline,
          SHIFTS.filter((shift) =>
            gg.inside(areas.shape, f, areas.at.x[f], areas.at.y[f] + shift / view.scale),
          ), // a name never leaves its area
        );
      }
    }
  };
})((window.govgrid = window.govgrid || {}));
