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
  options: { padding: 0.1, pane: "marks" },

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
    this.paint();
  },

  /** Draw again what may have changed; the view stays. */
  draw() {
    this.kept = null;
    this.paint();
  },

  paint() {
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
    const { source } = this, margin = 40;
    // groups are fixed to the ground: a drag needs no new ones
    if (!this.kept || this.kept.zoom !== view.zoom) this.kept = { zoom: view.zoom, ...this.grouped(view.zoom) };
    const px = (x) => x * view.scale - view.left, py = (y) => y * view.scale - view.top;
    const inView = (x, y) => px(x) > -margin && py(y) > -margin && px(x) < view.width + margin && py(y) < view.height + margin;
    const groups = this.kept.groups.filter(({ x, y }) => inView(x, y));
    for (const group of groups) Object.assign(group, { px: px(group.x), py: py(group.y) });
    return { singles: this.kept.singles.filter((at) => inView(source.x[at], source.y[at])), groups };
  },

  grouped(zoom) {
    const { source } = this, points = [];
    for (const at of source.order || Array.from({ length: source.count }, (_, number) => number)) {
      if (!source.shown || source.shown[at]) points.push(at);
    }
    if (points.length <= GROUP_ABOVE || !source.parts) return { singles: points, groups: [] };
    if (!source.alone) return groupPoints(source, points, zoom);
    const { singles, groups } = groupPoints(source, points.filter((at) => !source.alone(at)), zoom);
    return { singles: [...singles, ...points.filter((at) => source.alone(at))], groups };
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
