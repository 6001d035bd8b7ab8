// A layer of many points on one canvas: columns in, no object and no element per point.

/** How many points are drawn one by one before they are grouped. */
const GROUP_ABOVE = 5000;

/**
 * Points given as columns. What it asks of its owner (all called with the number of a point):
 *   count, x, y     how many, and where on the world square of zoom 0 (NaN: nowhere)
 *   size(at, zoom)  radius in pixels, 0 to leave it out
 *   paint(context, at, px, py, radius)
 * and if it likes
 *   order           numbers of points, those on top last
 *   under(context, at, px, py, scale)   drawn below all marks
 *   shown           a byte per point, 0 to hide it
 *   parts, part(at) kinds of points as [{ ink, shape, severe }], and which one a point is: counted on
 *                   its group, beside it where severe; without it nothing is grouped
 *   alone(at)       whether the point must never be grouped
 */
const PointLayer = L.Renderer.extend({
  options: { padding: 0.2, pane: "marks" },

  initialize(source, options) {
    L.Renderer.prototype.initialize.call(this, options);
    Object.assign(this, { source, drawn: [], groups: [] });
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._context = this._container.getContext("2d");
  },

  _destroyContainer() {
    L.DomUtil.remove(this._container);
    delete this._container;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const bounds = this._bounds, size = bounds.getSize(), sharp = Math.min(2, window.devicePixelRatio || 1), canvas = this._container;
    L.DomUtil.setPosition(canvas, bounds.min);
    if (canvas.width !== size.x * sharp || canvas.height !== size.y * sharp) {
      canvas.width = size.x * sharp;
      canvas.height = size.y * sharp;
      canvas.style.width = size.x + "px";
      canvas.style.height = size.y + "px";
    }
    this.draw();
  },

  /** Draw again what may have changed; the view stays. */
  draw() {
    if (!this._map || !this._bounds) return;
    const { source, _context: context } = this, size = this._bounds.getSize(), zoom = this._map.getZoom();
    const sharp = this._container.width / size.x, corner = this._map.getPixelOrigin().add(this._bounds.min);
    const view = { zoom, scale: 2 ** zoom, left: corner.x, top: corner.y, width: size.x, height: size.y };
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.clearRect(0, 0, size.x, size.y);
    const { singles, groups } = this.sorted(view);
    this.drawn = [];
    this.groups = groups;
    if (source.under) for (const at of singles) source.under(context, at, source.x[at] * view.scale - view.left, source.y[at] * view.scale - view.top, view.scale);
    for (const at of singles) {
      const radius = source.size(at, zoom);
      if (radius <= 0) continue;
      const px = source.x[at] * view.scale - view.left, py = source.y[at] * view.scale - view.top;
      context.globalAlpha = 1;
      context.setLineDash([]);
      source.paint(context, at, px, py, radius);
      this.drawn.push({ at, px, py, radius });
    }
    context.globalAlpha = 1;
    for (const group of groups) paintGroup(context, group, source.parts);
  },

  /** Points in view, in their order; grouped where there are too many. */
  sorted(view) {
    const { source } = this, order = source.order, margin = 40, shown = source.shown;
    const seen = [], total = order ? order.length : source.count;
    let alive = 0;
    for (let place = 0; place < total; place++) {
      const at = order ? order[place] : place;
      if (shown && !shown[at]) continue;
      alive += 1;
      const px = source.x[at] * view.scale - view.left, py = source.y[at] * view.scale - view.top;
      if (px > -margin && py > -margin && px < view.width + margin && py < view.height + margin) seen.push(at);
    }
    if (alive <= GROUP_ABOVE || !source.parts) return { singles: seen, groups: [] };
    const apart = source.alone ? seen.filter((at) => source.alone(at)) : [];
    const { singles, groups } = groupPoints(source, apart.length ? seen.filter((at) => !source.alone(at)) : seen, view);
    return { singles: apart.length ? [...singles, ...apart] : singles, groups };
  },

  /** What lies under a point of the container, topmost first: { at } or { group }; null for nothing. */
  hit(point, tolerance = 4) {
    if (!this._map || !this._bounds) return null;
    const spot = this._map.containerPointToLayerPoint(point).subtract(this._bounds.min);
    for (let place = this.groups.length - 1; place >= 0; place--) {
      const group = this.groups[place];
      if (Math.hypot(group.px - spot.x, group.py - spot.y) <= group.radius + tolerance) return { group };
    }
    for (let place = this.drawn.length - 1; place >= 0; place--) {
      const one = this.drawn[place];
      if (Math.hypot(one.px - spot.x, one.py - spot.y) <= one.radius + tolerance) return { at: one.at };
    }
    return null;
  },
});
