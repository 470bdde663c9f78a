// The page: its parts brought together, and what happens when something is chosen.
(function (gg) {
  "use strict";
  const CLOSE_ENOUGH = 16;
  const PEEK_PX = 90; // what a closed panel shows of itself on a phone

  const panes = (map) => {
    for (const [name, order] of [
      ["sheet", 200],
      ["stamp", 250],
      ["lit", 410],
      ["names", 620],
      ["lines", 640],
      ["top", 660],
    ])
      map.createPane(name).style.zIndex = order;
    for (const name of ["sheet", "names"]) map.getPane(name).style.pointerEvents = "none";
  };

  // the mark of who took the page out lies on the ground of the map and behind the panel's text,
  // never across what is to be read
  const stamp = (map) => {
    const mark = document.querySelector("body > .watermark");
    if (!mark) return;
    document.getElementById("panel").prepend(mark.cloneNode(true));
    map.getPane("stamp").append(mark);
    // panes move with the map, the mark stays where it is
    const place = () => {
      const size = map.getSize();
      L.DomUtil.setPosition(mark, map.containerPointToLayerPoint([0, 0]));
      Object.assign(mark.style, { width: `${size.x}px`, height: `${size.y}px` });
    };
    map.on("move zoom viewreset resize", place);
    map.whenReady(place);
  };

  const box = (shape, f) => {
    const b = 4 * f;
    return L.latLngBounds(
      gg.latLng(shape.box[b], shape.box[b + 3]),
      gg.latLng(shape.box[b + 2], shape.box[b + 1]),
    );
  };
  const whole = (data) => {
    const all = L.latLngBounds([]);
    const top = Math.min(...data.areas.level);
    data.areas.level.forEach((level, f) => {
      if (level === top && Number.isFinite(data.areas.shape.box[4 * f])) all.extend(box(data.areas.shape, f));
    });
    for (const { at } of [data.cameras, data.incidents]) {
      if (all.isValid()) break;
      for (let k = 0; k < at.x.length; k++)
        if (!Number.isNaN(at.x[k])) all.extend(gg.latLng(at.x[k], at.y[k]));
    }
    return all.isValid()
      ? all
      : L.latLngBounds([
          [-60, -150],
          [70, 150],
        ]);
  };

  const button = (map, name, title, act) => {
    const link = gg.h(`button.tool.tool-${name}`, { type: "button", title, "aria-label": title, click: act });
    const Tool = L.Control.extend({
      options: { position: "topright" },
      onAdd: () => {
        L.DomEvent.disableClickPropagation(link);
        return link;
      },
    });
    map.addControl(new Tool());
  };
  const Scale = L.Control.Scale.extend({
    _updateMetric(most) {
      const metres = this._getRoundNum(most);
      const label = metres < 1000 ? gg.say("unit.m", { n: metres }) : gg.say("unit.km", { n: metres / 1000 });
      this._updateScale(this._mScale, label, metres / most);
    },
  });
  const tools = (map, home, whole) => {
    button(map, "in", gg.say("zoom_in"), () => map.zoomIn());
    button(map, "out", gg.say("zoom_out"), () => map.zoomOut());
    button(map, "home", gg.say(whole ? "home" : "home_own"), home);
    if (document.documentElement.requestFullscreen) {
      button(map, "full", gg.say("full_screen"), () =>
        document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen(),
      );
    }
    button(map, "print", gg.say("print"), () => window.print());
    new Scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
    const North = L.Control.extend({
      options: { position: "bottomleft" },
      onAdd: () => gg.h("div.north", {}, gg.say("north")),
    });
    map.addControl(new North());
  };

  const styled = (data) => {
    for (const [name, colour] of Object.entries(data.palette.colours))
      document.documentElement.style.setProperty(`--${name.replaceAll("_", "-")}`, colour);
  };

  gg.open = (map, document) => {
    const data = gg.read(document.getElementById("data").textContent);
    gg.setWords(data.words, data.lang);
    styled(data);
    data.areas.class = data.areas.share.map((share, k) =>
      gg.shareClass(share, data.palette.breaks, data.basis === "demand" ? data.areas.demand_m2[k] : null),
    );
    panes(map);
    stamp(map);
    const district = whole(data);
    map.setView(district.getCenter(), 12, { animate: false });
    const legend = gg.legend(map, data, () => {
      marks.refresh(legend.shown);
      sheet.redraw();
      names.redraw();
    });
    const home = () => fit(district, 8);
    tools(map, home, data.areas.level.includes(0));
    const chosen = gg.chosen(map, data);

    const choose = (kind, k) => {
      point(kind, k);
      panel.show(kind, k);
      reveal(kind, k);
    };
    const overview = () => {
      chosen.clear();
      panel.show("overview");
    };
    const marks = gg.marks(map, data, choose);
    const panel = gg.panel(data, { choose, overview });
    panel.show("overview");
    gg.search(data, choose, (at) => {
      map.setView([at.lat, at.lon], 17, { animate: false });
      pick(gg.worldX(at.lon), gg.worldY(at.lat));
    });

    const { areas, cameras, incidents, seeing, gaps, places, centres } = data;
    let sheet = null;
    let names = null;
    const spots = { camera: cameras, incident: incidents, centre: centres, place: places };

    // what is lit on the map for the chosen thing
    const point = (kind, k) => {
      chosen.clear();
      const at = kind in spots ? spots[kind].at : null;
      const placed = at && !Number.isNaN(at.x[k]);
      if (kind === "area") chosen.outline(areas.shape, k, "lit");
      if (kind === "gap" || kind === "camera")
        light(kind === "gap" ? gaps.grid_code[k] : cameras.grid_code[k]);
      if (kind === "gap") chosen.outline(gaps.shape, k, "lit-gap");
      if (kind === "camera" && placed) chosen.spot(at.x[k], at.y[k], gg.cameraClass(cameras, k), 20);
      if (kind === "place" && placed) chosen.spot(at.x[k], at.y[k], "spot", 22);
      if (kind === "incident") {
        light(incidents.grid_code[k]);
        if (!placed) return;
        chosen.sights(k, gg.latLng(at.x[k], at.y[k]), choose);
        chosen.spot(at.x[k], at.y[k], gg.incidentClass(incidents, k), 26, [13, 31]);
      }
    };
    const light = (code) => {
      if (areas.rows.has(code)) chosen.outline(areas.shape, areas.rows.get(code), "lit");
    };

    // the map moves only if what was chosen cannot be seen well where it stands
    const reveal = (kind, k) => {
      if (kind === "area") return fit(box(areas.shape, k));
      if (kind === "gap") {
        const near = map.getZoom() >= CLOSE_ENOUGH && map.getBounds().contains(box(gaps.shape, k));
        return near ? null : fit(box(gaps.shape, k));
      }
      const { at } = spots[kind];
      if (Number.isNaN(at.x[k])) return null;
      const all = L.latLngBounds([gg.latLng(at.x[k], at.y[k])]);
      if (kind === "incident")
        for (let row = seeing.start[k]; row < seeing.start[k + 1]; row++) {
          const camera = seeing.camera[row];
          if (
            seeing.distance_m[row] <= 400 &&
            camera < cameras.code.length &&
            !Number.isNaN(cameras.at.x[camera])
          )
            all.extend(gg.latLng(cameras.at.x[camera], cameras.at.y[camera]));
        }
      if (map.getZoom() < CLOSE_ENOUGH || !free().contains(all)) fit(all);
      return null;
    };
    // on a phone the open panel lies over the lower part of the map
    const covered = () => {
      const sheetOfPanel = document.getElementById("panel");
      if (getComputedStyle(sheetOfPanel).position !== "fixed") return 0;
      return sheetOfPanel.classList.contains("open") ? sheetOfPanel.offsetHeight : PEEK_PX;
    };
    const free = () => {
      const size = map.getSize();
      return L.latLngBounds(
        map.containerPointToLatLng([16 + legend.width(), 16]),
        map.containerPointToLatLng([size.x - 16, size.y - covered() - 16]),
      );
    };
    const fit = (bounds, margin = 44) =>
      map.fitBounds(bounds, {
        animate: false,
        maxZoom: 17.5,
        paddingTopLeft: [margin + legend.width(), margin],
        paddingBottomRight: [margin + 36, margin + covered()],
      });

    // a click beside all markers: a place, a gap or the grid under it
    const pick = (x, y) => {
      const zoom = map.getZoom();
      const reach = 10 / (256 * 2 ** zoom);
      const place =
        legend.shown.has("places") && zoom >= gg.PLACES_FROM
          ? places.name.findIndex((_, k) => Math.hypot(places.at.x[k] - x, places.at.y[k] - y) <= reach)
          : -1;
      if (place >= 0) return choose("place", place);
      const gap =
        legend.shown.has("gaps") && zoom >= gg.GAPS_FROM
          ? gaps.rank.findIndex((_, k) => gg.inside(gaps.shape, k, x, y))
          : -1;
      if (gap >= 0) return choose("gap", gap);
      const grid = areas.grids.find((k) => gg.inside(areas.shape, k, x, y));
      if (grid === undefined) return overview();
      chosen.clear();
      chosen.outline(areas.shape, grid, "lit");
      panel.show("area", grid);
      return null;
    };
    map.on("click", (event) => pick(gg.worldX(event.latlng.lng), gg.worldY(event.latlng.lat)));

    // page.html#CODE opens with that incident, area or camera chosen
    const fromAddress = () => {
      let code = "";
      try {
        code = decodeURIComponent(location.hash.slice(1));
      } catch {
        return;
      }
      for (const [kind, layer] of [
        ["incident", incidents],
        ["area", areas],
        ["camera", cameras],
      ])
        if (code && layer.rows.has(code)) return void choose(kind, layer.rows.get(code));
    };
    home();
    map.setMaxBounds(district.pad(1));
    marks.refresh(legend.shown);
    sheet = new gg.Sheet(gg.drawing(data, legend.shown)).addTo(map);
    const room = gg.room(map);
    const boxes = (corner) => {
      room.settle();
      return room.taken(corner);
    };
    names = new gg.Sheet(gg.naming(data, legend.shown, boxes), { pane: "names", late: true }).addTo(map);
    map.on("zoomend", () => marks.centresAt(legend.shown));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && document.activeElement.tagName !== "INPUT") overview();
    });
    window.addEventListener("hashchange", fromAddress);
    fromAddress();
    gg.shown = { map, data, choose };
    document.getElementById("wait").remove();
  };
})((window.govgrid = window.govgrid || {}));
