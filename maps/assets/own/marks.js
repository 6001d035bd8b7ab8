// Cases, responders and routes on the map: colour and shape say the same thing twice.

const TIER_INK = { critical: "#b0123b", high: "#d97706", medium: "#1f6fb2", low: "#5d6b7a" };
const TIER_SHAPE = { critical: "diamond", high: "triangle", medium: "square", low: "circle" };
const KIND_INK = { station: "#1d3f8f", town: "#0b7a6b", village: "#5c7a1a", county: "#7a3296" };
const KIND_SIGN = { station: ["警", "P"], town: ["镇", "T"], village: ["村", "V"], county: ["县", "C"] };
const CLUSTER_ABOVE = 5000;

const tierInk = (tier) => TIER_INK[tier] || TIER_INK.low;
const kindInk = (kind) => KIND_INK[kind] || "#444444";

/** Corner points of a shape of radius 1 around 0, 0; null for a circle. */
const CORNERS = {
  diamond: [[0, -1.22], [1.1, 0], [0, 1.22], [-1.1, 0]],
  triangle: [[0, -1.2], [1.18, 0.88], [-1.18, 0.88]],
  square: [[-0.92, -0.92], [0.92, -0.92], [0.92, 0.92], [-0.92, 0.92]],
  circle: null,
};

function shapePath(context, shape, x, y, radius) {
  context.beginPath();
  const corners = CORNERS[shape];
  if (!corners) return context.arc(x, y, radius, 0, 2 * Math.PI);
  corners.forEach(([dx, dy], at) => context[at ? "lineTo" : "moveTo"](x + dx * radius, y + dy * radius));
  return context.closePath();
}

/** The same shape as a small picture for lists and the legend. */
function shapeIcon(tier, out = false, size = 18) {
  const shape = TIER_SHAPE[tier] || "circle", ink = tierInk(tier), half = size / 2, radius = half * 0.72;
  const look = { fill: out ? "#ffffff" : ink, stroke: ink, "stroke-width": out ? 2 : 1, "stroke-linejoin": "round" };
  const corners = CORNERS[shape];
  const body = corners
    ? make("polygon", { points: corners.map(([x, y]) => (half + x * radius) + "," + (half + y * radius)).join(" "), ...look })
    : make("circle", { cx: half, cy: half, r: radius, ...look });
  const reach = radius * 0.42, low = shape === "triangle" ? radius * 0.22 : 0;
  const cross = out && make("path", {
    d: `M${half - reach} ${half + low - reach}L${half + reach} ${half + low + reach}M${half + reach} ${half + low - reach}L${half - reach} ${half + low + reach}`,
    stroke: ink, "stroke-width": 1.8, "stroke-linecap": "round",
  });
  return make("svg.icon", { width: size, height: size, viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true" }, body, cross);
}

function kindIcon(kind, size = 20) {
  const sign = KIND_SIGN[kind] || ["?", "?"];
  return make("svg.icon", { width: size, height: size, viewBox: "0 0 20 20", "aria-hidden": "true" },
    make("rect", { x: 1, y: 1, width: 18, height: 18, rx: 5, fill: kindInk(kind) }),
    make("text", { x: 10, y: 14.2, "text-anchor": "middle", fill: "#ffffff", "font-size": 11.5, "font-weight": 600 }, pick(sign)));
}

/** A canvas mark: sized by zoom, drawn by `paint(context, x, y, radius)`. */
const Mark = L.CircleMarker.extend({
  _project() {
    this._radius = this.options.size(this._map ? this._map.getZoom() : 12, this);
    L.CircleMarker.prototype._project.call(this);
  },
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || this._empty() || this._radius <= 0) return;
    const context = renderer._ctx;
    context.save();
    context.globalAlpha = this.faded ? 0.18 : 1;
    context.setLineDash([]);
    context.lineJoin = context.lineCap = "round";
    this.options.paint(context, this._point.x, this._point.y, this._radius, this);
    context.restore();
  },
});

/** A quiet day is drawn as if one step closer, so that numbers can be read sooner. */
const nearness = (zoom) => zoom + (kit.plan.cases.length <= 150 ? 1.5 : 0);

function caseSize(zoom, mark) {
  const near = nearness(zoom);
  return (mark.chosen ? 3 : 0) + (near < 10 ? 5 : near < 11 ? 6 : near < 12 ? 7 : near < 13 ? 9 : 10);
}

function paintCase(context, x, y, radius, mark) {
  const one = mark.subject, ink = tierInk(one.tier), shape = TIER_SHAPE[one.tier] || "circle";
  const out = !one.stops.length, low = shape === "triangle" ? radius * 0.22 : 0;
  if (mark.chosen) {
    context.beginPath();
    context.arc(x, y, radius + 7, 0, 2 * Math.PI);
    context.fillStyle = "rgba(20,33,61,0.14)";
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = "#14213d";
    context.stroke();
  }
  shapePath(context, shape, x, y, radius);
  context.lineWidth = out ? 5 : 3.4;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.fillStyle = out ? "#ffffff" : ink;
  context.fill();
  if (out) {
    context.lineWidth = 2.2;
    context.strokeStyle = ink;
    context.stroke();
    const reach = radius * 0.42;
    context.beginPath();
    context.moveTo(x - reach, y + low - reach);
    context.lineTo(x + reach, y + low + reach);
    context.moveTo(x + reach, y + low - reach);
    context.lineTo(x - reach, y + low + reach);
    context.lineWidth = 2;
    context.stroke();
  } else if (radius >= 8.5) {
    context.fillStyle = "#ffffff";
    context.font = "700 " + Math.round(radius * 1.08) + "px " + FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(String(one.stops[0].order), x, y + low + 0.5);
  }
}

const onDuty = (responder) => responder.status !== "off";

function responderSize(zoom, mark) {
  const busy = Boolean(mark.subject.route), grown = mark.chosen ? 3 : 0, near = nearness(zoom);
  if (busy) return grown + (near < 10 ? 5 : near < 11 ? 6.5 : near < 13 ? 8 : 9.5);
  if (mark.chosen) return 10;
  if (!onDuty(mark.subject)) return zoom < 13 ? 0 : 5;
  if (mark.subject.kind === "village") return zoom < 12 ? 0 : zoom < 13 ? 3 : 7;
  return zoom < 11 ? 2.4 : zoom < 13 ? 4 : 8;
}

function paintResponder(context, x, y, radius, mark) {
  const responder = mark.subject, ink = onDuty(responder) ? kindInk(responder.kind) : "#8d8d8d", busy = Boolean(responder.route);
  if (mark.chosen) {
    context.beginPath();
    context.arc(x, y, radius + 7, 0, 2 * Math.PI);
    context.fillStyle = "rgba(20,33,61,0.14)";
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = "#14213d";
    context.stroke();
  }
  context.beginPath();
  if (radius < 5) context.arc(x, y, radius, 0, 2 * Math.PI);
  else if (context.roundRect) context.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, radius * 0.45);
  else context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  context.lineWidth = busy ? 3 : 2.4;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.fillStyle = busy || radius < 5 ? ink : "#ffffff";
  context.fill();
  if (!busy && radius >= 5) {
    context.lineWidth = 1.4;
    context.strokeStyle = ink;
    context.stroke();
  }
  if (radius < 6) return;
  context.fillStyle = busy ? "#ffffff" : ink;
  context.font = "600 " + Math.round(radius * 1.22) + "px " + FONT;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(pick(KIND_SIGN[responder.kind] || ["?", "?"]), x, y + 0.5);
}

/** A line on screen moved to the right of its direction, as one drives. */
function keptRight(part, pixels) {
  return part.map((point, at) => {
    const from = part[Math.max(0, at - 1)], to = part[Math.min(part.length - 1, at + 1)];
    const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy) || 1;
    return { x: point.x - (dy / length) * pixels, y: point.y + (dx / length) * pixels };
  });
}

/** A driven line with white casing and arrows that point the way. */
const DrivenLine = L.Polyline.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || !this._parts.length) return;
    const context = renderer._ctx, zoom = this._map.getZoom(), chosen = this.chosen;
    const width = (chosen ? 2 : 0) + (zoom < 10 ? 1.6 : zoom < 12 ? 2.1 : zoom < 14 ? 3.2 : 4.6);
    context.save();
    context.lineJoin = context.lineCap = "round";
    const parts = this._parts.map((part) => keptRight(part, width * 0.62));
    const path = () => {
      context.beginPath();
      for (const part of parts) part.forEach((point, at) => context[at ? "lineTo" : "moveTo"](point.x, point.y));
    };
    context.globalAlpha = this.faded ? 0.12 : chosen ? 1 : 0.8;
    context.setLineDash([]);
    path();
    context.strokeStyle = "#ffffff";
    context.lineWidth = width + (chosen ? 4 : 2);
    context.stroke();
    context.setLineDash(this.options.homeward ? [width * 1.2, width * 2.2] : []);
    path();
    context.strokeStyle = this.options.color;
    context.lineWidth = width;
    context.stroke();
    context.setLineDash([]);
    if (!this.faded && (chosen || nearness(zoom) >= 12.5)) this.paintArrows(context, parts, width);
    context.restore();
  },

  paintArrows(context, parts, width) {
    const every = 100, size = width + 3;
    for (const part of parts) {
      let ahead = every / 2;
      for (let at = 1; at < part.length; at++) {
        const from = part[at - 1], to = part[at], dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy);
        for (; ahead < length; ahead += every) {
          this.paintArrow(context, from.x + (dx * ahead) / length, from.y + (dy * ahead) / length, dx / length, dy / length, size);
        }
        ahead -= length;
      }
    }
  },

  paintArrow(context, x, y, dx, dy, size) {
    context.beginPath();
    context.moveTo(x + dx * size, y + dy * size);
    context.lineTo(x - dx * size * 0.7 - dy * size * 0.8, y - dy * size * 0.7 + dx * size * 0.8);
    context.lineTo(x - dx * size * 0.7 + dy * size * 0.8, y - dy * size * 0.7 - dx * size * 0.8);
    context.closePath();
    context.strokeStyle = "#ffffff";
    context.lineWidth = 2;
    context.stroke();
    context.fillStyle = this.options.color;
    context.fill();
  },
});

const SHUT_INK = "#c8102e", SLOW_INK = "#c76a00";
const closureInk = (one) => (one.factor === 0 ? SHUT_INK : SLOW_INK);

/** A road shut or slowed: dashes on white; paler while it has not begun. */
const ClosureLine = L.Polyline.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || !this._parts.length) return;
    const context = renderer._ctx, zoom = this._map.getZoom(), closure = this.closure;
    const width = zoom < 10 ? 3 : zoom < 12 ? 4 : zoom < 14 ? 5 : 7;
    context.save();
    context.globalAlpha = closure.inForce ? 1 : 0.5;
    context.lineCap = "butt";
    context.lineJoin = "round";
    context.beginPath();
    for (const part of this._parts) part.forEach((point, at) => context[at ? "lineTo" : "moveTo"](point.x, point.y));
    for (const [ink, wide, dash] of [[closureInk(closure), width + 2, []], ["#ffffff", width, []], [closureInk(closure), width, closure.factor === 0 ? [width * 1.6, width * 1.2] : [width * 0.8, width * 1.6]]]) {
      context.setLineDash(dash);
      context.lineWidth = wide;
      context.strokeStyle = ink;
      context.stroke();
    }
    context.restore();
  },
});

const closureSize = (zoom) => (zoom < 10 ? 5 : zoom < 12 ? 6.5 : 8.5);

/** No entry for a road that is shut, a ring for one that is slowed. */
function paintClosure(context, x, y, radius, mark) {
  const closure = mark.subject;
  context.globalAlpha = closure.inForce ? 1 : 0.6;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = 3;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.fillStyle = closure.factor === 0 ? SHUT_INK : "#ffffff";
  context.fill();
  context.lineWidth = radius * 0.42;
  context.strokeStyle = closure.factor === 0 ? "#ffffff" : SLOW_INK;
  context.beginPath();
  if (closure.factor === 0) {
    context.lineCap = "butt";
    context.moveTo(x - radius * 0.62, y);
    context.lineTo(x + radius * 0.62, y);
  } else context.arc(x, y, radius * 0.72, 0, 2 * Math.PI);
  context.stroke();
}

/** What a closure says of itself. */
function closureWords(one) {
  const facts = [one.factor === 0 ? say("closedFor") : say("slowedTo", percent(one.factor))];
  if (one.profiles.length && one.profiles.length < 3) facts.push(one.profiles.map(word).join(pick(["、", ", "])));
  const span = [one.begins === null ? null : say("closureFrom", clock(one.begins, one.begins < 0)), one.ends === null ? say("closureOpen") : say("closureTo", clock(one.ends))];
  return make("div.closure", {}, make("b", {}, given(one.name)), one.reason ? make("p", {}, given(one.reason)) : null,
    make("p", {}, facts.join(" · ")), make("p", {}, one.inForce ? null : make("strong", {}, say("closureLater"), " · "), span.filter(Boolean).join(pick(["，", ", "]))));
}

/** Where a closure can be clicked: the middle of its longest road. */
function closureSpot(one) {
  const longest = one.roads.reduce((best, road) => (best && L.latLng(best[0]).distanceTo(best.at(-1)) >= L.latLng(road[0]).distanceTo(road.at(-1)) ? best : road), null);
  return longest && longest[Math.floor(longest.length / 2)];
}

/** Where a route can be clicked; not seen. */
const TouchLine = L.Polyline.extend({ _updatePath() {} });

/** All marks of a plan; `onPick(what)` is called when one is clicked. */
class Marks {
  constructor(map, plan, onPick) {
    Object.assign(this, { map, plan, onPick, show: { routes: true, responders: true, radius: true, closures: true } });
    // names lie between the routes and the marks; only the upper canvas listens
    this.lower = L.canvas({ padding: 0.25, pane: "routes" });
    this.canvas = L.canvas({ padding: 0.25, tolerance: 4 });
    this.layers = { routes: L.layerGroup(), radius: L.layerGroup(), responders: L.layerGroup(), closures: L.layerGroup() };
    this.caseMark = new Map();
    this.responderMark = new Map();
    this.driven = [];
    this.layers.cases = plan.cases.length > CLUSTER_ABOVE ? this.clusters() : L.layerGroup();
    for (const route of plan.routes) this.addRoute(route);
    for (const one of plan.closures) this.addClosure(one);
    // crews of one base share its point: those that were sent lie on top
    for (const busy of [false, true]) {
      for (const responder of plan.responders) if (Boolean(responder.route) === busy) this.addResponder(responder);
    }
    // less urgent first, so that the most urgent lie on top
    const order = [...plan.cases].filter((one) => one.place).sort((a, b) => TIERS.indexOf(b.tier) - TIERS.indexOf(a.tier));
    const marks = order.map((one) => this.addCase(one));
    if (this.layers.cases.addLayers) this.layers.cases.addLayers(marks);
    else marks.forEach((mark) => this.layers.cases.addLayer(mark));
    this.spots = L.layerGroup().addTo(map);
    this.refresh();
    map.on("zoomend", () => this.refresh());
  }

  clusters() {
    return L.markerClusterGroup({
      chunkedLoading: true, showCoverageOnHover: false, maxClusterRadius: 56, disableClusteringAtZoom: 14,
      spiderfyOnMaxZoom: false, animate: false, iconCreateFunction: (cluster) => clusterIcon(cluster.getAllChildMarkers().map((mark) => mark.subject)),
    });
  }

  addRoute(route) {
    const options = { renderer: this.lower, pane: "routes", interactive: false, color: kindInk(route.responder.kind), smoothFactor: 0.6 };
    const legs = route.stops.map((stop) => [stop.leg, false]).concat([[route.homeLeg, true]]);
    for (const [leg, homeward] of legs) {
      if (leg.length < 2) continue;
      const line = new DrivenLine(leg, { ...options, homeward, weight: 6 });
      line.route = route;
      if (!homeward) {
        const touch = new TouchLine(leg, { renderer: this.canvas, weight: 8, smoothFactor: 2, bubblingMouseEvents: false });
        touch.on("click", () => this.onPick({ type: "route", number: route.number }));
        this.layers.routes.addLayer(line).addLayer(touch);
      }
      this.driven.push(line);
    }
  }

  addClosure(one) {
    const quiet = { renderer: this.lower, pane: "routes", interactive: false };
    for (const ring of one.outlines) {
      this.layers.closures.addLayer(L.polygon(ring, { ...quiet, color: closureInk(one), weight: 1, opacity: 0.6, fillOpacity: 0.06, dashArray: "3 4" }));
    }
    for (const road of one.roads) {
      const line = new ClosureLine(road, { ...quiet, weight: 8, smoothFactor: 0.6 });
      line.closure = one;
      this.layers.closures.addLayer(line);
    }
    const spot = closureSpot(one);
    if (!spot) return;
    const mark = new Mark(spot, { renderer: this.canvas, size: closureSize, paint: paintClosure, bubblingMouseEvents: false });
    mark.subject = one;
    mark.bindPopup(() => closureWords(one), { closeButton: false, maxWidth: 260 });
    this.layers.closures.addLayer(mark);
  }

  addResponder(responder) {
    const mark = new Mark([responder.lat, responder.lon], {
      renderer: this.canvas, size: responderSize, paint: paintResponder, bubblingMouseEvents: false,
    });
    mark.subject = responder;
    mark.on("click", () => this.onPick(responder.route
      ? { type: "route", number: responder.route.number } : { type: "responder", number: responder.number }));
    this.responderMark.set(responder.number, mark);
    this.layers.responders.addLayer(mark);
  }

  addCase(one) {
    const mark = new Mark([one.place.lat, one.place.lon], {
      renderer: this.canvas, size: caseSize, paint: paintCase, bubblingMouseEvents: false,
    });
    mark.subject = one;
    mark.on("click", () => this.onPick({ type: "case", number: one.number }));
    this.caseMark.set(one.number, mark);
    if (this.plan.cases.length <= CLUSTER_ABOVE) this.addSpots(one, this.layers.radius);
    return mark;
  }

  /** Circles of uncertainty, and the other candidate places joined to the one that counts. */
  addSpots(one, group, strong = false) {
    const ink = tierInk(one.tier), quiet = { renderer: this.canvas, interactive: false, color: ink };
    for (const place of one.places) {
      const latlon = [place.lat, place.lon];
      if (place.radius_metres > 0) {
        group.addLayer(L.circle(latlon, {
          ...quiet, radius: place.radius_metres, weight: strong ? 1.6 : 0.8, opacity: strong ? 0.8 : 0.35, fillOpacity: strong ? 0.12 : 0.05,
        }));
      }
      if (place === one.place) continue;
      group.addLayer(L.polyline([[one.place.lat, one.place.lon], latlon], { ...quiet, weight: strong ? 2 : 1.2, dashArray: "2 5", opacity: strong ? 0.95 : 0.6 }));
      group.addLayer(L.circleMarker(latlon, { ...quiet, radius: strong ? 6 : 4, weight: 2, fillColor: "#ffffff", fillOpacity: 1 }));
    }
  }

  refresh() {
    const zoom = this.map.getZoom();
    const wanted = { routes: this.show.routes, closures: this.show.closures && this.plan.closures.length > 0, responders: this.show.responders, radius: this.show.radius && zoom >= 12, cases: true };
    for (const name of ["radius", "routes", "closures", "responders", "cases"]) {
      const layer = this.layers[name], shown = this.map.hasLayer(layer);
      if (wanted[name] && !shown) this.map.addLayer(layer);
      if (!wanted[name] && shown) this.map.removeLayer(layer);
    }
    // marks lie above lines whatever was added last
    this.layers.responders.eachLayer((mark) => mark._map && mark.bringToFront());
    this.layers.cases.eachLayer((mark) => mark._map && mark.bringToFront && mark.bringToFront());
  }

  /** Bring one case, route or responder out, and let the rest step back. */
  choose(what) {
    const route = what && what.type === "route" ? this.plan.routes[what.number] : null;
    const one = what && what.type === "case" ? this.plan.cases[what.number] : null;
    const routes = route ? [route] : one ? one.stops.map((stop) => stop.route) : [];
    const cases = route ? new Set(route.stops.map((stop) => stop.case)) : null;
    for (const line of this.driven) {
      line.chosen = routes.includes(line.route);
      line.faded = Boolean(what) && !line.chosen;
      if (line.options.homeward) this.layers.routes[line.chosen && route ? "addLayer" : "removeLayer"](line);
    }
    for (const mark of this.responderMark.values()) {
      mark.chosen = what && what.type === "responder" && what.number === mark.subject.number;
      mark.faded = Boolean(route) && mark.subject.route !== route;
    }
    for (const mark of this.caseMark.values()) {
      mark.chosen = mark.subject === one;
      mark.faded = Boolean(cases) && !cases.has(mark.subject);
    }
    this.spots.clearLayers();
    if (one && one.place) this.addSpots(one, this.spots, true);
    this.resize();
    for (const line of this.driven) if (line.chosen && line._map) line.bringToFront();
    this.refresh();
    const top = one && this.caseMark.get(one.number);
    if (top && top._map) top.bringToFront();
  }

  resize() {
    for (const mark of [...this.responderMark.values(), ...this.caseMark.values()]) if (mark._map) mark.redraw();
    for (const line of this.driven) if (line._map) line.redraw();
  }

  /** What should be in view for a selection; null if it has no place. */
  bounds(what) {
    const points = [];
    const take = (lat, lon) => points.push([lat, lon]);
    if (!what) {
      this.plan.cases.forEach((one) => one.place && take(one.place.lat, one.place.lon));
      this.plan.routes.forEach((route) => take(route.responder.lat, route.responder.lon));
      if (!points.length) this.plan.responders.forEach((one) => take(one.lat, one.lon));
    } else if (what.type === "route") {
      const route = this.plan.routes[what.number];
      take(route.responder.lat, route.responder.lon);
      route.stops.forEach((stop) => { stop.leg.forEach((point) => points.push(point)); if (stop.place) take(stop.place.lat, stop.place.lon); });
    } else if (what.type === "case") {
      this.plan.cases[what.number].places.forEach((place) => take(place.lat, place.lon));
    } else {
      take(this.plan.responders[what.number].lat, this.plan.responders[what.number].lon);
    }
    return points.length ? L.latLngBounds(points) : null;
  }
}

function clusterIcon(cases) {
  const critical = cases.filter((one) => one.tier === "critical").length;
  const size = cases.length < 100 ? 36 : cases.length < 1000 ? 44 : 52;
  const label = say("clusterSaid", count(cases.length), count(critical));
  return L.divIcon({
    className: "cluster", iconSize: [size, size],
    html: make("div.cluster-face", { title: label, "aria-label": label }, count(cases.length),
      critical ? make("span.cluster-critical", {}, count(critical)) : null),
  });
}
