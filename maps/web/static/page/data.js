// The page's data brought back from its short form: columns as arrays, shapes in world units.
// World units are those of the map's projection: 0…1 from west to east and from north to south.
(function (gg) {
  "use strict";

  gg.worldX = (lon) => (lon + 180) / 360;
  gg.worldY = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
  gg.latLng = (x, y) =>
    L.latLng((Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, x * 360 - 180);
  gg.metresPerWorld = (y) => 40075016.686 / Math.cosh(Math.PI * (1 - 2 * y));

  const column = (packed) => (Array.isArray(packed) ? packed : packed.i.map((k) => packed.d[k]));

  const points = (packed) => {
    const n = packed.x.length;
    const x = new Float64Array(n).fill(NaN);
    const y = new Float64Array(n).fill(NaN);
    for (let k = 0; k < n; k++) {
      if (packed.x[k] === null) continue;
      x[k] = gg.worldX((packed.o[0] + packed.x[k]) * packed.s);
      y[k] = gg.worldY((packed.o[1] + packed.y[k]) * packed.s);
    }
    return { x, y };
  };

  // rings[k]…rings[k+1] are the points of ring k; features[f]…features[f+1] the rings of feature f
  const shapes = (packed) => {
    const starts = (counts) =>
      counts.reduce(
        (all, n, k) => {
          all[k + 1] = all[k] + n;
          return all;
        },
        new Int32Array(counts.length + 1),
      );
    const rings = starts(packed.n);
    const features = starts(packed.f);
    const n = packed.d.length / 2;
    const x = new Float64Array(n);
    const y = new Float64Array(n);
    let [lon, lat] = packed.o;
    for (let k = 0; k < n; k++) {
      x[k] = gg.worldX((lon += packed.d[2 * k]) * packed.s);
      y[k] = gg.worldY((lat += packed.d[2 * k + 1]) * packed.s);
    }
    const box = new Float64Array(4 * packed.f.length);
    for (let f = 0; f < packed.f.length; f++) {
      let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let k = rings[features[f]]; k < rings[features[f + 1]]; k++) {
        if (x[k] < west) west = x[k];
        if (x[k] > east) east = x[k];
        if (y[k] < north) north = y[k];
        if (y[k] > south) south = y[k];
      }
      box.set([west, north, east, south], 4 * f);
    }
    return { x, y, rings, features, box, size: packed.f.length };
  };

  const layer = (packed) => {
    const read = {};
    for (const [name, value] of Object.entries(packed)) {
      if (name === "at") read.at = points(value);
      else if (name === "shape") read.shape = shapes(value);
      else read[name] = column(value);
    }
    return read;
  };

  // even-odd rule; a point on a border may fall on either side
  gg.inside = (shape, f, x, y) => {
    const b = 4 * f;
    if (!(x >= shape.box[b] && x <= shape.box[b + 2] && y >= shape.box[b + 1] && y <= shape.box[b + 3]))
      return false;
    let odd = false;
    for (let r = shape.features[f]; r < shape.features[f + 1]; r++) {
      for (let k = shape.rings[r], j = shape.rings[r + 1] - 1; k < shape.rings[r + 1]; j = k++) {
        if (
          shape.y[k] > y !== shape.y[j] > y &&
          x < ((shape.x[j] - shape.x[k]) * (y - shape.y[k])) / (shape.y[j] - shape.y[k]) + shape.x[k]
        )
          odd = !odd;
      }
    }
    return odd;
  };

  const rows = (codes) => {
    const found = new Map();
    codes.forEach((code, k) => {
      if (code && !found.has(code)) found.set(code, k);
    });
    return found;
  };

  gg.GRID = 3;

  gg.read = (text) => {
    const page = JSON.parse(text);
    const all = {};
    for (const [name, packed] of Object.entries(page.layers)) all[name] = layer(packed);
    const { areas, cameras, incidents, seeing } = all;
    areas.rows = rows(areas.code);
    areas.grids = areas.level.flatMap((level, k) => (level === gg.GRID ? [k] : []));
    areas.parts = new Map();
    areas.parent_code.forEach((code, k) => {
      if (code) areas.parts.set(code, (areas.parts.get(code) || []).concat(k));
    });
    areas.share = gg.sharesOf(areas, page.basis);
    areas.unblocked = unblocked(areas);
    cameras.rows = rows(cameras.code);
    cameras.kind = cameras.owner_kind.map(gg.owner);
    cameras.net = cameras.code.map((_, k) => netState(cameras.connection[k], cameras.status[k]));
    incidents.rows = rows(incidents.code);
    incidents.outcome = incidents.state.map(gg.outcome);
    seeing.start = seeing.n.reduce(
      (starts, n, k) => {
        starts.push(starts[k] + n);
        return starts;
      },
      [0],
    );
    return { ...page, ...all, layers: null };
  };

  // how many grids of each area have no buildings to stand in the way of views
  const unblocked = (areas) => {
    const n = areas.code.map(() => 0);
    for (const grid of areas.grids) {
      if (areas.obstacles_known[grid] !== 0) continue;
      for (let k = grid, depth = 0; k !== undefined && depth < 5; depth++) {
        n[k]++;
        k = areas.rows.get(areas.parent_code[k]);
      }
    }
    return n;
  };

  // a camera in repair or removed sends no picture, whatever its last signal said
  const netState = (connection, status) => {
    if (["repair", "removed", "offline"].includes(status)) return "offline";
    return [connection, status].find((word) => word === "online" || word === "offline") || "unknown";
  };

  // a grid's codes include those of the areas above it, by parent
  gg.gridsOf = (data, area) => {
    if (data.areas.level[area] === gg.GRID) return new Set([data.areas.code[area]]);
    const found = new Set();
    const down = (k, depth) => {
      if (data.areas.level[k] === gg.GRID) found.add(data.areas.code[k]);
      else if (depth < 4)
        (data.areas.parts.get(data.areas.code[k]) || []).forEach((part) => down(part, depth + 1));
    };
    down(area, 0);
    return found;
  };
})((window.govgrid = window.govgrid || {}));
