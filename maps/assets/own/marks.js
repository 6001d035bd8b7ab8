// Cases, crews, routes and closures of a plan on the map.

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
    context.setLineDash([]);
    context.lineJoin = context.lineCap = "round";
    this.options.paint(context, this._point.x, this._point.y, this._radius, this);
    context.restore();
  },
});

/** A quiet day is drawn as if one step closer, so that numbers can be read sooner. */
const nearness = (zoom) => zoom + (kit.plan.size <= 150 ? 1.5 : 0);

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
    context.globalAlpha = this.faded || this.bare ? 0.12 : chosen ? 1 : 0.8;
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
    if (!this.faded && !this.bare && (chosen || nearness(zoom) >= 12.5)) this.paintArrows(context, parts, width);
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
  const longest = one.roads.reduce((best, road) => (best && L.latLng(best[0]).distanceTo(best[best.length - 1]) >= L.latLng(road[0]).distanceTo(road[road.length - 1]) ? best : road), null);
  return longest && longest[Math.floor(longest.length / 2)];
}

/** Where a route can be clicked; not seen. */
const TouchLine = L.Polyline.extend({ _updatePath() {} });

/** All marks of a plan; `onPick(what)` is called when one is clicked. */
class Marks {
  constructor(map, plan, facets, onPick) {
    Object.assign(this, { map, plan, facets, onPick, show: { routes: true, responders: true, radius: true, closures: true, changes: true, areas: false }, chosen: null, moved: null });
    // names lie between the routes and the marks; only the upper canvas listens
    this.lower = L.canvas({ padding: 0.1, pane: "routes" });
    this.canvas = L.canvas({ padding: 0.1, tolerance: 4 });
    this.layers = { routes: L.layerGroup(), closures: L.layerGroup(), areas: L.layerGroup() };
    this.changed = new ChangeMarks(map, plan.changes.spots, (spot) => onPick(choiceOf(spot), spot));
    this.layers.changes = this.changed.layer;
    this.driven = [];
    for (const route of plan.routes) this.addRoute(route);
    for (const one of plan.closures) this.addClosure(one);
    this.places = { lon: plan.places.lon, lat: plan.places.lat };
    this.crews = new PointLayer(this.crewSource(), { pane: "crews" });
    this.cases = new PointLayer(this.caseSource(), { pane: "marks" });
  }

  mount() {
    this.map.addLayer(this.crews).addLayer(this.cases);
    this.listen();
    this.filter();
    this.refresh();
  }

  /** Marks are canvases: clicks are looked up, and come before those of the lines below. */
  listen() {
    const container = this.map.getContainer(), tip = make("div.tip", { "aria-hidden": "true", hidden: true });
    const spot = (event) => this.map.mouseEventToContainerPoint(event);
    const mine = (event) => !event.target.closest(".leaflet-control, .leaflet-popup, button");
    container.append(tip);
    container.addEventListener("click", (event) => {
      if (!mine(event) || (this.map.dragging && this.map.dragging.moved())) return;
      const what = this.under(spot(event));
      if (!what) return;
      event.stopPropagation();
      if (what.group) this.apart(what.group); else this.onPick(what);
    }, true);
    container.addEventListener("mousemove", (event) => {
      const what = mine(event) ? this.under(spot(event)) : null;
      container.classList.toggle("pointing", Boolean(what));
      tip.hidden = !what;
      if (!what) return;
      const at = spot(event);
      tip.replaceChildren(this.tipOf(what));
      tip.style.transform = `translate(${Math.min(at.x + 14, container.clientWidth - 220)}px, ${at.y + 14}px)`;
    });
    container.addEventListener("mouseleave", () => { tip.hidden = true; });
  }

  under(point) {
    const found = this.cases.hit(point);
    if (found) return found.group ? { group: found.group } : { type: "case", number: found.at };
    const crew = this.show.responders ? this.crews.hit(point) : null;
    if (!crew) return null;
    const responder = this.plan.responders[crew.at];
    return responder.route ? { type: "route", number: responder.route.number } : { type: "responder", number: responder.number };
  }

  tipOf(what) {
    if (what.group) return make("span", {}, say("clusterSaid", count(what.group.size), this.plan.tier.values.map((tier, part) => (what.group.parts[part] ? word(tier) + " " + count(what.group.parts[part]) : null)).filter(Boolean).join(pick(["、", ", "]))));
    if (what.type === "case") {
      const stop = this.plan.first[what.number];
      return make("span", {}, make("b", {}, given(this.plan.columns.id[what.number])), " ", word(this.plan.columns.tier[what.number]), " · ", stop ? say("eta", clock(stop.contact)) : say("leftOut"));
    }
    const responder = what.type === "route" ? this.plan.routes[what.number].responder : this.plan.responders[what.number];
    return make("span", {}, make("b", {}, given(responder.name)), " ", shiftState(responder).text);
  }

  /** A group is opened by going closer. */
  apart(group) {
    const bounds = L.latLngBounds(group.members.map((at) => [this.places.lat[this.plan.place[at]], this.places.lon[this.plan.place[at]]]));
    const zoom = Math.min(18, Math.max(this.map.getZoom() + 1, this.map.getBoundsZoom(bounds.pad(0.1))));
    this.map.setView(bounds.getCenter(), zoom);
  }

  caseSource() {
    const { plan, facets } = this, rank = TIERS.map((_, at) => at);
    // less urgent first, so that the most urgent lie on top
    const order = Int32Array.from({ length: plan.size }, (_, at) => at).filter((at) => plan.place[at] >= 0);
    order.sort((a, b) => (rank[plan.tier.of[b]] ?? 9) - (rank[plan.tier.of[a]] ?? 9) || a - b);
    return {
      count: plan.size, x: plan.x, y: plan.y, order, shown: facets.shown,
      parts: plan.tier.values.map((tier) => ({ tier, ink: tierInk(tier), shape: TIER_SHAPE[tier] || "circle", severe: isSevere(tier) })),
      part: (at) => plan.tier.of[at],
      size: (at, zoom) => {
        const near = nearness(zoom);
        if (this.fadedCases && this.fadedCases.has(at)) return 10; // stops of the chosen route can be read from afar
        return (this.isChosen("case", at) ? 3 : 0) + (near < 10 ? 5 : near < 11 ? 6 : near < 12 ? 7 : near < 13 ? 9 : 10);
      },
      paint: (context, at, x, y, radius) => {
        const stop = plan.first[at], met = state.minutes !== null && stop && stop.contact <= state.minutes;
        context.globalAlpha = this.fadedCases && !this.fadedCases.has(at) ? 0.18 : met ? 0.35 : 1;
        paintTier(context, x, y, radius, { tier: plan.tier.values[plan.tier.of[at]], out: !stop, text: stop ? (met ? "✓" : String(stop.order)) : "", chosen: this.isChosen("case", at) });
      },
      under: (context, at, x, y, scale) => this.paintSpots(context, at, x, y, scale),
    };
  }

  /** Circles of uncertainty, and the other candidate places joined to the one that counts. */
  paintSpots(context, at, x, y, scale) {
    const { plan, places } = this, strong = this.isChosen("case", at);
    if (!strong && (!this.show.radius || this.map.getZoom() < 12 || (this.fadedCases && !this.fadedCases.has(at)))) return;
    const ink = tierInk(plan.columns.tier[at]), metres = (156543.034 * 256) / (256 * scale); // on the equator, a pixel at zoom 0
    context.lineCap = "round";
    for (let place = plan.placeStart[at]; place < plan.placeStart[at + 1]; place++) {
      const here = place === plan.place[at], px = here ? x : x + (worldX(places.lon[place]) - plan.x[at]) * scale, py = here ? y : y + (worldY(places.lat[place]) - plan.y[at]) * scale;
      const radius = plan.places.radius_metres[place] / (metres * Math.cos((places.lat[place] * Math.PI) / 180));
      context.strokeStyle = context.fillStyle = ink;
      context.setLineDash([]);
      if (radius > 3) {
        context.beginPath();
        context.arc(px, py, radius, 0, 2 * Math.PI);
        context.globalAlpha = strong ? 0.12 : 0.05;
        context.fill();
        context.globalAlpha = strong ? 0.8 : 0.35;
        context.lineWidth = strong ? 1.6 : 0.8;
        context.stroke();
      }
      if (here) continue;
      context.globalAlpha = strong ? 0.95 : 0.6;
      context.lineWidth = strong ? 2 : 1.2;
      context.setLineDash([2, 5]);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(px, py);
      context.stroke();
      context.setLineDash([]);
      context.beginPath();
      context.arc(px, py, strong ? 6 : 4, 0, 2 * Math.PI);
      context.fillStyle = "#ffffff";
      context.globalAlpha = 1;
      context.lineWidth = 2;
      context.fill();
      context.stroke();
    }
  }

  crewSource() {
    const { plan } = this, crews = plan.responders;
    this.home = { x: Float64Array.from(crews, (one) => worldX(one.lon)), y: Float64Array.from(crews, (one) => worldY(one.lat)) };
    // crews of one base share its point: those that were sent lie on top
    const order = Int32Array.from(crews.keys()).sort((a, b) => Number(Boolean(crews[a].route)) - Number(Boolean(crews[b].route)) || a - b);
    return {
      count: crews.length, x: this.home.x.slice(), y: this.home.y.slice(), order,
      size: (at, zoom) => (this.show.responders || this.isChosen("responder", at) ? this.crewSize(crews[at], zoom, at) : 0),
      paint: (context, at, x, y, radius) => {
        const one = crews[at], code = shiftState(one).code;
        context.globalAlpha = this.fadedRoutes && !(one.route && this.fadedRoutes.has(one.route)) ? 0.18 : 1;
        paintKind(context, x, y, radius, { kind: one.kind, busy: Boolean(one.route), off: ["off", "over", "later"].includes(code), chosen: this.isChosen("responder", at) || (one.route && this.isChosen("route", one.route.number)) });
        if (one.kind === "station" && !this.moved && this.map.getZoom() >= 13) this.paintBase(context, one, x, y + radius + 9);
      },
    };
  }

  crewSize(one, zoom, at) {
    const grown = this.isChosen("responder", at) ? 3 : 0, near = nearness(zoom);
    if (one.route) return grown + (near < 10 ? 5 : near < 11 ? 6.5 : near < 13 ? 8 : 9.5);
    if (grown) return 10;
    if (one.status === "off") return zoom < 13 ? 0 : 5;
    if (one.kind === "village") return zoom < 12 ? 0 : zoom < 13 ? 3 : 7;
    return zoom < 11 ? 2.4 : zoom < 13 ? 4 : 8;
  }

  paintBase(context, one, x, y) {
    context.font = "600 11px " + FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.strokeStyle = "rgba(255,255,255,0.92)";
    context.lineWidth = 3;
    context.strokeText(one.base || one.name, x, y);
    context.fillStyle = KIND_INK.station;
    context.fillText(one.base || one.name, x, y);
  }

  isChosen(type, number) { return this.chosen !== null && this.chosen.type === type && this.chosen.number === number; }

  addRoute(route) {
    const options = { renderer: this.lower, pane: "routes", interactive: false, color: kindInk(route.responder.kind), smoothFactor: 0.6 };
    const legs = route.stops.map((stop) => stop.leg).filter((leg) => leg.length > 1);
    for (const [parts, homeward] of [[legs, false], [[route.homeLeg], true]]) {
      if (!parts.length || parts[0].length < 2) continue;
      const line = new DrivenLine(parts, { ...options, homeward, weight: 6 });
      line.route = route;
      this.driven.push(line);
      if (homeward) continue;
      const touch = new TouchLine(parts, { renderer: this.canvas, weight: 8, smoothFactor: 2, bubblingMouseEvents: false });
      touch.on("click", () => this.onPick({ type: "route", number: route.number }));
      this.layers.routes.addLayer(line).addLayer(touch);
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

  /** Boundaries of what crews answer for: of one that is chosen, or of all stations. */
  drawAreas() {
    const { layers, plan, chosen } = this, group = layers.areas;
    group.clearLayers();
    const one = chosen && chosen.type === "responder" ? plan.responders[chosen.number] : chosen && chosen.type === "route" ? plan.routes[chosen.number].responder : null;
    const crews = one ? [one] : this.show.areas ? plan.responders.filter((each) => each.kind === "station") : [];
    const codes = new Map(crews.flatMap((each) => each.areas.map((code) => [code, each])));
    if (!codes.size) return;
    const borders = data.ground.boundaries, known = borders.code || [];
    this.borderLines = this.borderLines || unpackLines(borders.lines);
    known.forEach((code, at) => {
      const owner = code && codes.get(code);
      if (owner) group.addLayer(L.polygon(latlons(this.borderLines, at), { renderer: this.lower, pane: "routes", interactive: false, color: kindInk(owner.kind), weight: 2, opacity: 0.75, dashArray: "6 4", fillOpacity: one ? 0.08 : 0.03 }));
    });
  }

  refresh() {
    const wanted = { routes: this.show.routes, closures: this.show.closures && this.plan.closures.length > 0, areas: true, changes: this.show.changes };
    for (const name of ["areas", "routes", "closures", "changes"]) {
      const layer = this.layers[name], shown = this.map.hasLayer(layer);
      if (wanted[name] && !shown) this.map.addLayer(layer);
      if (!wanted[name] && shown) this.map.removeLayer(layer);
    }
    this.drawAreas();
  }

  /** Routes none of whose cases is shown step back. */
  filter() {
    const { facets } = this, all = facets.visible === facets.size;
    for (const line of this.driven) {
      const bare = !all && !line.route.stops.some((stop) => facets.shown[stop.case]);
      if (line.bare === bare) continue;
      line.bare = bare;
      if (line._map) line.redraw();
    }
    this.redraw();
  }

  /** The points again: filters, choice or moment changed. */
  redraw() {
    this.crews.draw();
    this.cases.draw();
  }

  /** Bring one case, route or responder out, and let the rest step back. */
  choose(what) {
    const route = what && what.type === "route" ? this.plan.routes[what.number] : null;
    const stops = what && what.type === "case" ? this.plan.stopsOf.get(what.number) || [] : [];
    const routes = new Set(route ? [route] : stops.map((stop) => stop.route));
    this.chosen = what;
    this.fadedCases = route ? new Set(route.stops.map((stop) => stop.case)) : null;
    this.fadedRoutes = route ? routes : null;
    for (const line of this.driven) {
      const chosen = routes.has(line.route), faded = Boolean(what) && !chosen, same = line.chosen === chosen && line.faded === faded;
      Object.assign(line, { chosen, faded });
      if (line.options.homeward) this.layers.routes[chosen && route ? "addLayer" : "removeLayer"](line);
      if (line._map && !same) line.redraw();
    }
    this.changed.choose((spot) => spotChosen(spot, what));
    this.refresh();
    this.redraw();
    for (const line of this.driven) if (line.chosen && line._map) line.bringToFront();
  }

  /** Crews where a replay has them; back at their bases for null. */
  move(where) {
    const { source } = this.crews;
    this.moved = where;
    source.x.set(this.home.x);
    source.y.set(this.home.y);
    if (where) {
      this.plan.routes.forEach((route, at) => {
        source.x[route.responder.number] = worldX(where[at].lon);
        source.y[route.responder.number] = worldY(where[at].lat);
      });
    }
    this.redraw();
  }

  /** What should be in view for a selection; null if it has no place. */
  bounds(what) {
    const points = [], { plan, places } = this;
    const take = (lat, lon) => points.push([lat, lon]);
    const takeCase = (number) => { if (plan.place[number] >= 0) take(places.lat[plan.place[number]], places.lon[plan.place[number]]); };
    if (!what) {
      for (let one = 0; one < plan.size; one++) takeCase(one);
      plan.changes.spots.forEach((spot) => take(spot.lat, spot.lon));
      plan.routes.forEach((route) => take(route.responder.lat, route.responder.lon));
      if (!points.length) plan.responders.forEach((one) => take(one.lat, one.lon));
    } else if (what.type === "route") {
      const route = plan.routes[what.number];
      take(route.responder.lat, route.responder.lon);
      route.stops.forEach((stop) => { stop.leg.forEach((point) => points.push(point)); takeCase(stop.case); });
    } else if (what.type === "change") {
      take(plan.changes.spots[what.number].lat, plan.changes.spots[what.number].lon);
    } else if (what.type === "case") {
      for (let at = plan.placeStart[what.number]; at < plan.placeStart[what.number + 1]; at++) take(places.lat[at], places.lon[at]);
    } else {
      take(plan.responders[what.number].lat, plan.responders[what.number].lon);
    }
    return points.length ? L.latLngBounds(points) : null;
  }
}
