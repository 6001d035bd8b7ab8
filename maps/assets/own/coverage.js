// Coverage: who is within reach, before and after; what is not covered; what each site gains.

const REACH_INKS = ["#0b6b57", "#5f9e3a", "#d9a406", "#d97706", "#c2571a", "#9a3412"];
const LATER_INK = "#b0123b", NOWHERE_INK = "#4b5563", NEW_INK = "#f2a516";
const CHANGE_INK = { gained: "#0b6b57", lost: "#b0123b", kept: "#9bb8ae", without: "#d28a9c" };
const COVERAGE_ROW = 54, COVERAGE_TABS = ["uncovered", "units", "sites", "gains"];

kit.pages.coverage = {
  words: {
    cov_within: ["{0} 分钟内", "within {0} min"], cov_later: ["超过 {0} 分钟或无人可去", "later than {0} min, or nobody"], cov_nowhere: ["无路可达或地点不明", "no road, or no known place"],
    cov_band: ["到达", "Reached"], cov_county: ["县区", "County"], cov_town: ["镇街", "Town"],
    cov_before: ["之前", "Before"], cov_after: ["之后", "After"], cov_change: ["变化", "Change"],
    cov_gained: ["新覆盖", "newly covered"], cov_lost: ["不再覆盖", "no longer covered"], cov_kept: ["一直覆盖", "covered both times"], cov_without: ["仍未覆盖", "still not covered"],
    cov_uncovered: ["未覆盖", "Not covered"], cov_units: ["各县", "Counties"], cov_sites: ["力量", "Responders"], cov_gains: ["增益", "Gain"],
    cov_none: ["没有未覆盖的地点", "no place is left uncovered"], cov_places: ["{0} 处地点，{1}", "{0} places, {1}"],
    cov_list: ["{0} 分钟内未覆盖：{1} 处，权重 {2}", "not within {0} min: {1} places, weight {2}"],
    cov_nearest: ["最近", "Nearest"], cov_second: ["次近", "Second"], cov_weight: ["权重", "Weight"], cov_nobody: ["无人可去", "nobody"], cov_road: ["无路可达", "no road leads there"], cov_unplaced: ["地点不明", "no known place"],
    cov_iso: ["可达范围", "Reach by road"], cov_people: ["力量", "Responders"], cov_points: ["地点", "Places"], cov_together: ["全部", "together"], cov_isoOff: ["不显示可达范围", "reach by road hidden"],
    cov_new: ["新增", "new"], cov_busy: ["忙碌 {0}", "busy {0}"], cov_first: ["首选权重 {0}", "first for {0}"], cov_size: ["圆越大权重越大", "the larger, the more weight"],
    cov_isoNote: ["可达范围只看道路，不看辖区", "reach is by road alone, whatever the jurisdiction"], cov_search: ["查找地点或力量", "Find a place or responder"],
  },

  start(map) {
    Object.assign(this, { map, has: Boolean(data.points.before), when: data.points.before ? "change" : "after", kind: "together", tab: "uncovered", query: "", chosen: null, layers: { iso: !data.points.before, people: true, points: true } });
    const { points } = data;
    this.count = points.name.length;
    this.minutes = { after: numbers(points.minutes), before: this.has ? numbers(points.before) : null };
    this.within = { after: numbers(points.within), before: this.has ? numbers(points.within_before) : null };
    this.weight = numbers(points.weight);
    this.most = Math.max(1e-9, ...this.weight);
    this.x = Float64Array.from(points.lon, (lon) => (lon === null ? NaN : worldX(lon)));
    this.y = Float64Array.from(points.lat, (lat) => (lat === null ? NaN : worldY(lat)));
    this.facets = new Facets(this.count, [
      { key: "band", label: () => say("cov_band"), values: this.bandKeys(), of: this.bandOf(), ordered: true, name: (key) => this.bandName(key), picture: (key) => this.bandSign(key) },
      { key: "county", label: () => say("cov_county"), ...coded(points.county), name: (one) => one || "?" },
      { key: "town", label: () => say("cov_town"), ...coded(points.town), name: (one) => one || "?" },
    ]);
    this.places = new PointLayer({
      count: this.count, x: this.x, y: this.y, order: this.order(), shown: this.facets.shown,
      size: (at, zoom) => {
        if (!this.layers.points) return 0;
        const key = this.band(at), strong = this.missed(key) || key === "gained" ? 1 : 0.62;
        return Math.max(1.5, strong * Math.min(1.25, (zoom - 5) / 5) * (2.6 + 7 * Math.sqrt(this.weight[at] / this.most)));
      },
      paint: (context, at, x, y, radius) => this.paintPlace(context, at, x, y, radius),
    });
    const { sites } = data;
    this.sites = new PointLayer({
      count: sites.name.length, x: Float64Array.from(sites.lon, worldX), y: Float64Array.from(sites.lat, worldY), order: [...byLargest(Float64Array.from(sites.fresh, Number))].reverse(),
      size: (at, zoom) => (this.layers.people && (sites.on[at] || sites.fresh[at] || this.chosen === "s" + at) ? (sites.fresh[at] ? 10 : zoom < 10 ? 2 : zoom < 12 ? 4 : 7.5) : 0),
      paint: (context, at, x, y, radius) => {
        if (sites.fresh[at]) { context.beginPath(); context.arc(x, y, radius + 5, 0, 7); context.fillStyle = NEW_INK; context.fill(); }
        paintKind(context, x, y, radius, { kind: sites.kind[at], busy: sites.fresh[at] || radius < 5, chosen: this.chosen === "s" + at });
      },
    });
    this.iso = L.layerGroup();
    address.keep((params) => this.readAddress(params), (params) => this.writeAddress(params));
  },

  // bands and changes

  bandKeys() { return this.when === "change" ? Object.keys(CHANGE_INK) : [...data.minutes.map(String), "later", "nowhere"]; },
  /** The large below, what is not covered on top. */
  order() {
    const rank = Float64Array.from(this.weight, (weight, at) => (this.missed(this.band(at)) || this.band(at) === "gained" ? 0 : 2 * this.most) + weight);
    return [...byLargest(rank)];
  },
  bandOf() {
    const keys = this.bandKeys(), of = new Uint16Array(this.count);
    for (let at = 0; at < this.count; at++) of[at] = keys.indexOf(this.band(at));
    return of;
  },
  band(at) {
    if (this.when === "change") {
      const before = this.within.before[at], after = this.within.after[at];
      return after > before + 1e-9 ? "gained" : after < before - 1e-9 ? "lost" : after > 0.5 ? "kept" : "without";
    }
    const minutes = this.minutes[this.when][at];
    if (data.points.blocked[at]) return "nowhere";
    const limit = data.minutes.find((one) => minutes <= one + 1e-9);
    return limit === undefined ? "later" : String(limit);
  },
  bandInk(key) { return CHANGE_INK[key] || (key === "later" ? LATER_INK : key === "nowhere" ? NOWHERE_INK : REACH_INKS[data.minutes.map(String).indexOf(key)]); },
  bandName(key) {
    if (CHANGE_INK[key]) return say("cov_" + key);
    return key === "later" ? say("cov_later", data.minutes[data.minutes.length - 1]) : key === "nowhere" ? say("cov_nowhere") : say("cov_within", key);
  },
  /** Whether a band is beyond the goal: a diamond, whatever its colour. */
  missed(key) { return ["later", "nowhere", "lost", "without"].includes(key) || Number(key) > data.goal; },
  bandSign(key) {
    const ink = this.bandInk(key), missed = this.missed(key);
    return legendSign(14, missed ? make("polygon", { points: "7,1 13,7 7,13 1,7", fill: ink }) : make("circle", { cx: 7, cy: 7, r: 5.4, fill: ink, stroke: key === "gained" ? NEW_INK : "none", "stroke-width": 2 }));
  },
  paintPlace(context, at, x, y, radius) {
    const key = this.band(at), missed = this.missed(key);
    if (this.chosen === "p" + at) paintHalo(context, x, y, radius);
    shapePath(context, missed ? "diamond" : "circle", x, y, missed ? radius + 0.8 : radius);
    context.globalAlpha = missed || key === "gained" ? 0.95 : 0.78;
    context.fillStyle = this.bandInk(key);
    context.fill();
    context.lineWidth = key === "gained" ? 2 : 1;
    context.strokeStyle = key === "gained" ? NEW_INK : "#ffffff";
    context.stroke();
  },

  // the map

  bounds() {
    const shown = data.points.lat.flatMap((lat, at) => (lat === null ? [] : [[lat, data.points.lon[at]]]));
    return L.latLngBounds(shown.concat(data.sites.lat.map((lat, at) => [lat, data.sites.lon[at]])));
  },
  show(map) {
    map.addLayer(this.iso).addLayer(this.places).addLayer(this.sites);
    this.drawIso();
    const tip = make("div.tip", { "aria-hidden": "true", hidden: true }), container = map.getContainer();
    container.append(tip);
    container.addEventListener("mousemove", (event) => {
      const point = map.mouseEventToContainerPoint(event), what = this.under(point);
      container.classList.toggle("pointing", Boolean(what));
      tip.hidden = !what;
      if (!what) return;
      tip.replaceChildren(given(what.key[0] === "p" ? data.points.name[what.at] : data.sites.name[what.at]));
      L.DomUtil.setPosition(tip, point.add([12, 12]));
    });
    map.on("click", (event) => { const what = this.under(event.containerPoint); this.choose(what ? what.key : null); });
  },
  under(point) {
    for (const [layer, letter] of [[this.sites, "s"], [this.places, "p"]]) {
      const found = layer.hit(point);
      if (found && found.at !== undefined) return { at: found.at, key: letter + found.at };
    }
    return null;
  },
  /** The areas of the kind chosen, the widest below. */
  drawIso() {
    this.iso.clearLayers();
    if (!this.layers.iso || !data.isochrones) return;
    const { kind, minutes, when, first, lines } = data.isochrones, packed = this.unpacked || (this.unpacked = unpackLines(lines));
    const show = this.when === "before" ? "before" : "after";
    const rows = kind.map((_, at) => at).filter((at) => kind[at] === this.kind && when[at] === show).sort((a, b) => minutes[b] - minutes[a]);
    for (const at of rows) {
      const rings = [];
      for (let ring = first[at]; ring < first[at + 1]; ring++) rings.push(latlons(packed, ring));
      const ink = this.bandInk(String(minutes[at]));
      L.polygon(rings, { pane: "routes", interactive: false, color: ink, weight: 1.2, opacity: 0.7, fillColor: ink, fillOpacity: 0.13 }).addTo(this.iso);
    }
  },
  legend() {
    const kinds = [...new Set(data.sites.kind)];
    const layer = (key, label, redraw) => ({ label: say(label), on: this.layers[key], toggle: (on) => { this.layers[key] = on; redraw(); address.write(); } });
    return {
      headline: this.bandKeys().map((key) => make("span", {}, this.bandSign(key), " ", this.bandName(key))),
      entries: kinds.map((kind) => [kindIcon(kind, 18), word(kind)]).concat(data.sites.fresh.some(Boolean) ? [[legendSign(18, make("circle", { cx: 9, cy: 7, r: 6.5, fill: NEW_INK })), say("cov_new")]] : []),
      remarks: [say("cov_size"), ...(data.isochrones ? [say("cov_isoNote")] : [])],
      layers: [layer("points", "cov_points", () => this.places.draw()), layer("people", "cov_people", () => this.sites.draw()), data.isochrones ? layer("iso", "cov_iso", () => this.drawIso()) : null],
    };
  },

  // the panel

  panel(root) {
    this.bar = new FacetBar(this.facets, () => this.refresh());
    this.said = make("p.hint", { id: "results", role: "status" });
    this.search = make("input", { type: "search", "aria-label": say("cov_search"), placeholder: say("cov_search"), value: this.query, oninput: (event) => { this.query = event.target.value; this.look(); } });
    this.tabRow = make("div.tabs", { role: "tablist" });
    this.results = make("div.results", {});
    root.replaceChildren(pageHead().root, this.summary(), make("div.find", {}, this.search, this.bar.root, this.choices(), this.tabRow, this.said), this.results);
    this.list = new VirtualList(root);
    this.look();
  },
  summary() {
    const tones = [".visited", ".share", ".averted", ""];
    return make("section.summary", {},
      make("div.numbers", {}, data.numbers.map(([name, value, note], at) => make("div.number" + tones[at % 4], {}, make("span.name", {}, given(pick(name))), make("span.value", {}, given(value)), make("small", {}, given(pick(note)))))),
      data.facts.map((line) => make("p.facts", {}, given(pick(line)))));
  },
  /** Before, after or what changed; and whose reach is drawn. */
  choices() {
    const views = this.has ? ["before", "after", "change"] : [];
    const kinds = data.isochrones ? ["together", ...new Set(data.isochrones.kind)].filter((one, at, all) => all.indexOf(one) === at) : [];
    return make("div.facets.facet-row", {},
      views.map((one) => make("button.facet.choice" + (this.when === one ? ".on" : ""), { type: "button", "data-when": one, "aria-pressed": String(this.when === one), onclick: () => this.turn(one) }, say("cov_" + one))),
      kinds.length ? make("select", { id: "whose", "aria-label": say("cov_iso"), onchange: (event) => { this.layers.iso = event.target.value !== ""; this.kind = event.target.value || this.kind; this.drawIso(); fillLegend(kit.legend, this.legend()); address.write(); } },
        make("option", { value: "", selected: !this.layers.iso }, say("cov_isoOff")), kinds.map((one) => make("option", { value: one, selected: this.layers.iso && one === this.kind }, say("cov_iso") + " · " + (one === "together" ? say("cov_together") : word(one))))) : null);
  },
  turn(when) {
    this.when = when;
    Object.assign(this.facets.facets[0], { values: this.bandKeys(), of: this.bandOf() });
    this.facets.counts[0] = new Uint32Array(this.bandKeys().length);
    this.facets.chosen[0].clear();
    this.places.source.order = this.order();
    this.drawIso();
    fillLegend(kit.legend, this.legend());
    this.panel(document.getElementById("panel"));
    const button = document.querySelector(`[data-when="${when}"]`);
    if (button) button.focus();
    address.write();
  },
  look() {
    const wanted = this.query.trim().toLowerCase(), { name, town, county } = data.points;
    this.facets.apply(wanted ? Uint8Array.from(name, (one, at) => ((one + town[at] + county[at]).toLowerCase().includes(wanted) ? 1 : 0)) : null);
    this.refresh();
  },
  refresh() {
    this.bar.draw();
    this.places.draw();
    const tabs = COVERAGE_TABS.filter((one) => one !== "gains" || (data.gains && data.gains.length)).filter((one) => one !== "units" || data.units.length);
    this.tabRow.replaceChildren(...tabs.map((one) => make("button", { type: "button", role: "tab", "data-tab": one, "aria-selected": String(this.tab === one), onclick: () => { this.tab = one; this.refresh(); address.write(); } }, one === "gains" ? given(pick(data.gains_title)) : say("cov_" + one))));
    this[{ uncovered: "listUncovered", units: "listUnits", sites: "listSites", gains: "listGains" }[this.tab]]();
  },
  listUncovered() {
    const { points } = data, share = this.within[this.when === "before" ? "before" : "after"];
    const missed = Float64Array.from(this.weight, (weight, at) => weight * (1 - share[at]));
    const rows = [...byLargest(missed)].filter((at) => this.facets.shown[at] && missed[at] > 1e-9);
    const weight = rows.reduce((sum, at) => sum + missed[at], 0);
    this.said.textContent = rows.length ? say("cov_list", data.goal, count(rows.length), round(weight)) : say("cov_none");
    this.fill(rows, (at) => "p" + at, (at) => {
      const minutes = this.minutes[this.when === "before" ? "before" : "after"][at], blocked = points.blocked[at];
      return [this.bandSign(this.band(at)), make("span.grow", {}, make("span.line", {}, given(points.name[at])), make("small", {}, given(points.county[at] + " " + points.town[at]))),
        make("span.side", {}, make("b", {}, round(missed[at])), make("small", {}, blocked ? say("cov_" + blocked) : Number.isNaN(minutes) ? say("cov_nobody") : span(minutes)))];
    });
  },
  listUnits() {
    const shown = data.units;
    this.said.textContent = pick(data.units_note);
    this.fill(shown.map((_, at) => at), (at) => "u" + at, (at) => {
      const one = shown[at], bar = (share, y, ink) => make("rect", { x: 0, y, width: Math.max(0.5, 100 * share), height: 5, rx: 2, fill: ink });
      return [make("span.grow", {}, make("span.line", {}, given(one.name)),
        make("svg", { width: "100%", height: 13, viewBox: "0 0 100 13", preserveAspectRatio: "none", "aria-hidden": "true" }, make("rect", { x: 0, y: 0, width: 100, height: 13, fill: "#eef0f4" }),
          one.before === null ? bar(one.after, 4, REACH_INKS[0]) : [bar(one.before, 1, "#9aa3b2"), bar(one.after, 7, REACH_INKS[0])])),
      make("span.side", {}, make("b", {}, (100 * one.after).toFixed(1) + "%"), make("small", {}, one.before === null ? round(one.weight) : (one.after >= one.before ? "+" : "−") + Math.abs(100 * (one.after - one.before)).toFixed(1)))];
    });
  },
  listSites() {
    const { sites } = data, wanted = this.query.trim().toLowerCase();
    const rows = [...sites.name.keys()].filter((at) => (sites.on[at] || sites.fresh[at]) && sites.name[at].toLowerCase().includes(wanted)).sort((a, b) => sites.fresh[b] - sites.fresh[a] || sites.first[b] - sites.first[a] || a - b);
    this.said.textContent = say("cov_places", count(rows.length), say("cov_sites"));
    this.fill(rows, (at) => "s" + at, (at) => [kindIcon(sites.kind[at]), make("span.grow", {}, make("span.line", {}, given(sites.name[at])), make("small", {}, word(sites.kind[at]), sites.note[at] ? [" · ", given(pick(sites.note[at]))] : null)),
      make("span.side", {}, sites.fresh[at] ? make("span.chip.go", {}, say("cov_new")) : make("b", {}, round(sites.first[at])), make("small", {}, sites.busy && sites.busy[at] !== null ? say("cov_busy", percent(sites.busy[at])) : ""))]);
  },
  listGains() {
    const { gains } = data, most = Math.max(1e-9, ...gains.map((one) => Math.abs(one.value)));
    this.said.textContent = pick(data.gains_note);
    this.fill(gains.map((_, at) => at), (at) => (gains[at].place !== null ? "p" + gains[at].place : gains[at].site === null ? "g" + at : "s" + gains[at].site), (at) => [make("span.chip", {}, at + 1), make("span.grow", {}, make("span.line", {}, given(pick(gains[at].label))),
      make("svg", { width: "100%", height: 8, viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }, make("rect", { x: 0, y: 1, width: (100 * Math.abs(gains[at].value)) / most, height: 6, rx: 2, fill: REACH_INKS[0] }))),
    make("span.side", {}, make("b", {}, given(gains[at].text)))]);
  },
  fill(rows, key, inside) {
    this.results.replaceChildren(this.list.root);
    this.list.root.style.setProperty("--row", COVERAGE_ROW + "px");
    this.list.show(rows, { height: COVERAGE_ROW, key, row: (at) => make("li" + (this.chosen === key(at) ? ".chosen" : ""), {}, make("button.row.grow", { type: "button", onclick: () => this.choose(key(at), true) }, inside(at))) });
  },

  // one place, one responder

  choose(key, fly = false) {
    this.chosen = key && "ps".includes(key[0]) ? key : null;
    const letter = key ? key[0] : "", at = key ? Number(key.slice(1)) : -1, columns = letter === "s" ? data.sites : data.points;
    kit.card.replaceChildren(...(this.chosen ? [letter === "s" ? this.siteCard(at) : this.placeCard(at)] : []));
    document.body.classList.toggle("with-card", Boolean(this.chosen));
    if (this.chosen && fly && columns.lat[at] !== null) this.map.setView([columns.lat[at], columns.lon[at]], Math.max(12, this.map.getZoom()), { animate: !kit.still });
    this.places.draw();
    this.sites.draw();
    address.write();
  },
  cardHead(sign, name, line) {
    return make("header", {}, sign, make("div.card-title", {}, make("h3", {}, given(name)), make("p", {}, given(line))), make("button.plain.close", { type: "button", "aria-label": say("close"), onclick: () => this.choose(null) }, "×"));
  },
  placeCard(at) {
    const { points } = data, minutes = (value) => (Number.isNaN(value) || value === null ? say("cov_nobody") : span(value));
    const figures = [figure(say("cov_weight"), round(this.weight[at])), figure(say("cov_nearest"), minutes(this.minutes.after[at]))];
    if (this.has) figures.splice(1, 0, figure(say("cov_before"), minutes(this.minutes.before[at])));
    else if (points.second) figures.push(figure(say("cov_second"), minutes(points.second[at])));
    const lines = [[say("cov_nearest"), points.first[at]], [say("cov_second"), points.next ? points.next[at] : ""]].filter(([, name]) => name);
    return make("article.card", { "aria-label": points.name[at] }, this.cardHead(this.bandSign(this.band(at)), points.name[at], points.county[at] + " " + points.town[at]),
      make("dl.figures", {}, figures), points.blocked[at] ? make("p.why-out", {}, say("cov_" + points.blocked[at])) : null, lines.map(([label, name]) => section(label, make("p", {}, given(name)))));
  },
  siteCard(at) {
    const { sites } = data;
    return make("article.card", { "aria-label": sites.name[at] }, this.cardHead(kindIcon(sites.kind[at], 24), sites.name[at], word(sites.kind[at])),
      make("dl.figures", {}, figure(say("cov_weight"), round(sites.first[at])), sites.busy && sites.busy[at] !== null ? figure(say("cov_sites"), say("cov_busy", percent(sites.busy[at]))) : null),
      sites.note[at] ? make("p", {}, given(pick(sites.note[at]))) : null);
  },

  speak() {
    this.panel(document.getElementById("panel"));
    this.choose(this.chosen);
  },
  escape() { this.choose(null); },
  toPaper() { this.list.lay(400); },
  fromPaper() { this.list.lay(0); },

  readAddress(params) {
    if (this.has && ["before", "after", "change"].includes(params.get("show"))) this.when = params.get("show");
    if (COVERAGE_TABS.includes(params.get("tab"))) this.tab = params.get("tab");
    if (data.isochrones && (params.get("whose") === "none" || data.isochrones.kind.includes(params.get("whose")))) {
      this.layers.iso = params.get("whose") !== "none";
      this.kind = this.layers.iso ? params.get("whose") : "together";
    }
    Object.assign(this.facets.facets[0], { values: this.bandKeys(), of: this.bandOf() });
    this.facets.counts[0] = new Uint32Array(this.bandKeys().length);
    this.places.source.order = this.order();
    for (const facet of this.facets.facets) if (params.get(facet.key)) this.facets.fromText(facet.key, params.get(facet.key));
    const key = params.get("one") || "", columns = key[0] === "s" ? data.sites : data.points;
    this.chosen = /^[ps]\d+$/.test(key) && Number(key.slice(1)) < columns.name.length ? key : null;
  },
  writeAddress(params) {
    if (this.has) params.set("show", this.when);
    params.set("tab", this.tab);
    if (data.isochrones) params.set("whose", this.layers.iso ? this.kind : "none");
    for (const [key, text] of this.facets.toText()) params.set(key, text);
    if (this.chosen) params.set("one", this.chosen);
  },
  opened() { if (this.chosen) this.choose(this.chosen); },
};
