// What things are called: grids with their community, and roads along their lines.
(function (gg) {
  "use strict";

  gg.ROAD_NAMES_FROM = 16;
  const APART_PX = 320; // between two of one name
  const STRAIGHT = 0.97;

  // a grid is called by its own part of the name inside its community
  gg.shortName = (areas, f) => {
    const name = areas.name[f] || areas.code[f];
    const first = above(areas, f);
    return first && name.startsWith(first) && name.length > first.length
      ? name.slice(first.length).trim()
      : name;
  };
  // and elsewhere with it: 吴樾·第一网格
  gg.fullName = (areas, f) => {
    const own = gg.shortName(areas, f);
    const first = areas.level[f] === gg.GRID ? above(areas, f) : "";
    return first && own !== first ? `${first.replace(ENDINGS, "")}·${own}` : own;
  };
  const ENDINGS = /(?<=.{2})(?:社区居委会|居民委员会|村民委员会|社区|居委会|村委会|村)$/u;
  const above = (areas, f) => {
    const k = areas.rows.get(areas.parent_code[f]);
    return k === undefined ? "" : areas.name[k];
  };

  gg.roadNames = (data, pen, view, taken, font) => {
    const { name, shape } = data.roads;
    const written = new Map();
    pen.font = font(11, 500);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (let f = 0; f < shape.size; f++) {
      if (!name[f] || !gg.seen(view, shape, f)) continue;
      const width = pen.measureText(name[f]).width + 8;
      for (let r = shape.features[f]; r < shape.features[f + 1]; r++)
        for (const spot of spots(view, shape, r, width)) {
          const others = written.get(name[f]) || [];
          const near = others.some((at) => Math.hypot(at.x - spot.x, at.y - spot.y) < APART_PX);
          const box = boxOf(spot, width);
          if (near || !gg.free(box, taken)) continue;
          taken.push(box);
          written.set(name[f], [...others, spot]);
          along(pen, name[f], spot, data.palette.colours.road_name);
        }
    }
  };

  // straight pieces of a line that are long enough for a text, by their middle and direction
  const spots = (view, shape, r, width) => {
    const found = [];
    let from = null;
    let [length, last] = [0, null];
    for (let k = shape.rings[r]; k < shape.rings[r + 1]; k++) {
      const at = { x: shape.x[k] * view.scale - view.x, y: shape.y[k] * view.scale - view.y };
      if (last === null) from = at;
      else {
        length += Math.hypot(at.x - last.x, at.y - last.y);
        const chord = Math.hypot(at.x - from.x, at.y - from.y);
        if (chord < STRAIGHT * length) [from, length] = [last, Math.hypot(at.x - last.x, at.y - last.y)];
        for (let n = Math.floor(length / APART_PX), j = 0; length >= width && j <= n; j++) {
          const part = (j + 0.5) / (n + 1);
          found.push({
            x: from.x + (at.x - from.x) * part,
            y: from.y + (at.y - from.y) * part,
            turn: Math.atan2(at.y - from.y, at.x - from.x),
          });
        }
        if (length >= width) [from, length] = [at, 0];
      }
      last = at;
    }
    return found;
  };
  const boxOf = ({ x, y, turn }, width) => {
    const across = (Math.abs(Math.cos(turn)) * width + Math.abs(Math.sin(turn)) * 14) / 2;
    const down = (Math.abs(Math.sin(turn)) * width + Math.abs(Math.cos(turn)) * 14) / 2;
    return [x - across, y - down, x + across, y + down];
  };
  const along = (pen, text, { x, y, turn }, colour) => {
    pen.save();
    pen.translate(x, y);
    pen.rotate(turn > Math.PI / 2 ? turn - Math.PI : turn < -Math.PI / 2 ? turn + Math.PI : turn);
    pen.lineWidth = 3;
    pen.strokeStyle = "rgba(255,255,255,.9)";
    pen.strokeText(text, 0, 0);
    pen.fillStyle = colour;
    pen.fillText(text, 0, 0);
    pen.restore();
  };
})((window.govgrid = window.govgrid || {}));
