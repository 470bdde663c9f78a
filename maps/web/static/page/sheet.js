// The drawing sheet: one canvas under the markers, redrawn when the map comes to rest.
(function (gg) {
  "use strict";

  // Leaflet's renderer base moves and scales the sheet while the map is on its way
  gg.Sheet = L.Renderer.extend({
    options: { padding: 0.2, pane: "sheet" },

    initialize(draw, options) {
      this._draw = draw;
      L.Renderer.prototype.initialize.call(this, options);
    },
    redraw() {
      if (this._map && !this._asked)
        this._asked = L.Util.requestAnimFrame(() => {
          this._asked = null;
          if (this._map) this._update(true);
        });
    },
    _initContainer() {
      this._container = document.createElement("canvas");
      this._container.setAttribute("aria-hidden", "true");
      this._pen = this._container.getContext("2d");
    },
    _destroyContainer() {
      L.Util.cancelAnimFrame(this._asked);
      this._container.remove();
    },
    _updatePaths() {},
    // a late sheet waits until the clusters have settled
    _update(now) {
      if (this.options.late && now !== true && this._bounds) return this.redraw();
      const map = this._map;
      if (map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const dots = Math.min(2, window.devicePixelRatio || 1);
      const canvas = this._container;
      L.DomUtil.setPosition(canvas, this._bounds.min);
      canvas.width = size.x * dots;
      canvas.height = size.y * dots;
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
      this._pen.scale(dots, dots);
      const corner = map.getPixelOrigin().add(this._bounds.min);
      const scale = 256 * 2 ** map.getZoom();
      const view = { scale, x: corner.x, y: corner.y, zoom: map.getZoom(), corner: this._bounds.min };
      view.west = view.x / scale;
      view.north = view.y / scale;
      view.east = (view.x + size.x) / scale;
      view.south = (view.y + size.y) / scale;
      this._draw(this._pen, view);
      this.fire("update");
      return this;
    },
  });

  gg.seen = (view, shape, f) =>
    shape.box[4 * f] <= view.east &&
    shape.box[4 * f + 2] >= view.west &&
    shape.box[4 * f + 1] <= view.south &&
    shape.box[4 * f + 3] >= view.north;
  // add the rings of feature f to the current path, if it meets the view
  gg.trace = (pen, view, shape, f, closed) => {
    if (!gg.seen(view, shape, f)) return false;
    for (let r = shape.features[f]; r < shape.features[f + 1]; r++) {
      const end = shape.rings[r + 1];
      let [lastX, lastY] = [NaN, NaN];
      for (let k = shape.rings[r]; k < end; k++) {
        const x = shape.x[k] * view.scale - view.x;
        const y = shape.y[k] * view.scale - view.y;
        if (k === shape.rings[r]) pen.moveTo(x, y);
        else if (Math.abs(x - lastX) + Math.abs(y - lastY) < 0.7 && k < end - 1) continue;
        else pen.lineTo(x, y);
        [lastX, lastY] = [x, y];
      }
      if (closed) pen.closePath();
    }
    return true;
  };

  // stripes as a filling: the texture tells gaps and missing data apart without colour
  gg.stripes = (pen, colour, distance, width, slope) => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = distance;
    const ink = tile.getContext("2d");
    ink.strokeStyle = colour;
    ink.lineWidth = width;
    ink.beginPath();
    for (const at of [-distance, 0, distance]) {
      ink.moveTo(at, slope > 0 ? distance : 0);
      ink.lineTo(at + distance, slope > 0 ? 0 : distance);
    }
    ink.stroke();
    return pen.createPattern(tile, "repeat");
  };

  // dots as a filling: a figure that is only a bound
  gg.dots = (pen, colour, distance, radius) => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = distance;
    const ink = tile.getContext("2d");
    ink.fillStyle = colour;
    ink.beginPath();
    ink.arc(distance / 2, distance / 2, radius, 0, 2 * Math.PI);
    ink.fill();
    return pen.createPattern(tile, "repeat");
  };
})((window.govgrid = window.govgrid || {}));
