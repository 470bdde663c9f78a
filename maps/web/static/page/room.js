// Room on the map: the boxes that markers take, and a free corner for each cluster of incidents.
(function (gg) {
  "use strict";
  const NEAR_PX = 3; // rings are round: their box is that much too large

  const corner = (element) => L.DomUtil.getPosition(element);
  const size = (element) => parseFloat(element.style.width) || element.offsetWidth;
  const boxOf = (element) => {
    const at = corner(element);
    const [x, y] = [at.x + parseFloat(element.style.marginLeft), at.y + parseFloat(element.style.marginTop)];
    return [x, y, x + size(element), y + (parseFloat(element.style.height) || element.offsetHeight)];
  };
  const shared = (a, b) =>
    Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) *
    Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));

  // where the upper left corner of a box of this size goes, its sharp corner away px from its place
  const CORNERS = {
    ne: (side, away) => [away, -side - away],
    nw: (side, away) => [-side - away, -side - away],
    se: (side, away) => [away, away],
    sw: (side, away) => [-side - away, away],
  };
  const PLACES = [0, 5, 10, 15].flatMap((away) => Object.keys(CORNERS).map((name) => ({ name, away })));

  gg.room = (map) => {
    const all = (what) => [...map.getPane("markerPane").querySelectorAll(what)];

    // an incident cluster stands at the middle of its incidents, at the corner that hides least
    const settle = () => {
      const taken = all(".cluster.cameras, .centre").map((element) => {
        const [west, north, east, south] = boxOf(element);
        return [west + NEAR_PX, north + NEAR_PX, east - NEAR_PX, south - NEAR_PX];
      });
      for (const element of all(".cluster.incidents")) {
        const at = corner(element);
        const side = size(element);
        let best = null;
        for (const { name, away } of PLACES) {
          const [x, y] = CORNERS[name](side, away);
          const box = [at.x + x, at.y + y, at.x + x + side, at.y + y + side];
          const cost = taken.reduce((sum, other) => sum + shared(box, other), 2 * away);
          if (best === null || cost < best.cost) best = { name, x, y, box, cost };
        }
        element.dataset.corner = best.name;
        element.style.marginLeft = `${best.x}px`;
        element.style.marginTop = `${best.y}px`;
        taken.push(best.box);
      }
    };

    // the boxes that markers take on a sheet whose corner stands at this layer point
    const taken = (from) =>
      all(".leaflet-marker-icon").map((element) => {
        const [west, north, east, south] = boxOf(element);
        return [west - from.x, north - from.y, east - from.x, south - from.y];
      });
    return { settle, taken };
  };
})((window.govgrid = window.govgrid || {}));
