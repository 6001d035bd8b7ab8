// Prevention sessions: where they are held, for whom and when; how far each village and town is covered.

const OUTREACH_INKS = ["#f3d9b1", "#c9d8a5", "#8fbf86", "#4a9b74", "#0b6b57"], NONE_INK = "#b0123b", VENUE_INK = "#1d3f72";
const finely = (share) => (100 * share).toFixed(1) + "%";
const OUTREACH_ROW = 54, OUTREACH_TABS = ["sessions", "towns", "villages"];

kit.pages.outreach = {
  words: {
    out_sessions: ["场次", "Sessions"], out_towns: ["镇街", "Towns"], out_villages: ["村居", "Villages"], out_county: ["县区", "County"], out_group: ["对象", "For"], out_kind: ["场所", "Venue"], out_month: ["月份", "Month"],
    out_said: ["{0} 场，预计 {1} 人次", "{0} sessions, {1} attendances expected"], out_share: ["覆盖 {0}", "{0} covered"], out_none: ["未覆盖", "not covered"], out_upto: ["至 {0}", "up to {0}"], out_over: ["{0} 以上", "above {0}"],
    out_size: ["村居圆越大，尚未覆盖的风险人口越多；方块越大，场次越多", "the larger a village's circle, the more at risk not yet covered; the larger a square, the more sessions"],
    out_points: ["村居", "Villages"], out_venues: ["宣讲场所", "Venues"], out_before: ["此前", "before"], out_after: ["此后", "after"], out_people: ["约 {0} 人", "some {0} people"], out_floor: ["保底", "for the floor"],
    out_townsNote: ["覆盖最低的在前，按风险加权", "least covered first, weighted by risk"], out_villagesNote: ["未覆盖的风险人口最多的在前", "most at risk not covered first"], out_search: ["查找场所、村居或镇街", "Find a venue, village or town"], out_here: ["本场所的场次", "Sessions here"], out_risk: ["风险人口（加权）", "at risk (weighted)"],
  },

  start(map) {
    Object.assign(this, { map, tab: "sessions", query: "", chosen: null, layers: { points: true, venues: true } });
    const { points, venues, sessions } = data;
    this.left = Float64Array.from(points.weight, (weight, at) => weight * (1 - points.after[at]));
    this.most = Math.max(1e-9, ...this.left);
    this.facets = new Facets(sessions.venue.length, [
      { key: "month", label: () => say("out_month"), ...coded(sessions.day.map((day) => day.slice(0, 7))), ordered: true, name: (one) => one },
      { key: "county", label: () => say("out_county"), ...coded(sessions.venue.map((at) => venues.county[at])), name: (one) => one || "?" },
      { key: "group", label: () => say("out_group"), ...coded(sessions.group), name: (one) => pick(data.groups[one]) },
      { key: "kind", label: () => say("out_kind"), ...coded(sessions.venue.map((at) => venues.kind[at])), name: (one) => pick(data.kinds[one]) },
    ]);
    this.places = new PointLayer({
      count: points.name.length, x: Float64Array.from(points.lon, worldX), y: Float64Array.from(points.lat, worldY), order: [...byLargest(this.left)],
      size: (at, zoom) => (this.layers.points ? Math.min(1.25, (zoom - 5) / 5) * (2.2 + 6 * Math.sqrt(this.left[at] / this.most)) : 0),
      paint: (context, at, x, y, radius) => this.paintPlace(context, at, x, y, radius),
    });
    this.halls = new PointLayer({
      count: venues.name.length, x: Float64Array.from(venues.lon, worldX), y: Float64Array.from(venues.lat, worldY),
      size: (at, zoom) => (this.layers.venues && this.held[at] ? Math.min(1, Math.max(0.22, (zoom - 7) / 5)) * (3.4 + 2.6 * Math.sqrt(this.held[at])) : 0),
      paint: (context, at, x, y, radius) => this.paintHall(context, at, x, y, radius),
    });
    this.held = new Float64Array(venues.name.length);
    this.facets.apply(null);
    this.tally();
    address.keep((params) => this.readAddress(params), (params) => this.writeAddress(params));
  },

  band(share) { return share <= 0 ? -1 : data.bands.findIndex((edge) => share <= edge + 1e-12) === -1 ? data.bands.length : data.bands.findIndex((edge) => share <= edge + 1e-12); },
  ink(band) { return band < 0 ? NONE_INK : OUTREACH_INKS[band]; },
  bandName(band) { return band < 0 ? say("out_none") : band < data.bands.length ? say("out_upto", finely(data.bands[band])) : say("out_over", finely(data.bands[band - 1])); },
  bandSign(band) { return legendSign(14, band < 0 ? make("polygon", { points: "7,1 13,7 7,13 1,7", fill: this.ink(band) }) : make("circle", { cx: 7, cy: 7, r: 5.6, fill: this.ink(band), stroke: "#5b6475", "stroke-width": 0.8 })); },
  hallSign(size) { return legendSign(size, make("rect", { x: 2, y: 2, width: size - 4, height: size - 4, rx: 2, fill: VENUE_INK, stroke: "#ffffff" })); },
  paintPlace(context, at, x, y, radius) {
    const band = this.band(data.points.after[at]);
    if (this.chosen === "p" + at) paintHalo(context, x, y, radius);
    shapePath(context, band < 0 ? "diamond" : "circle", x, y, radius);
    context.fillStyle = this.ink(band);
    context.fill();
    context.lineWidth = 0.8;
    context.strokeStyle = "#5b6475";
    context.stroke();
  },
  paintHall(context, at, x, y, radius) {
    if (this.chosen === "v" + at) paintHalo(context, x, y, radius);
    context.fillStyle = VENUE_INK;
    context.globalAlpha = 0.88;
    context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    context.globalAlpha = 1;
    context.strokeStyle = "#ffffff";
    context.strokeRect(x - radius, y - radius, 2 * radius, 2 * radius);
  },
  /** How many of the sessions shown each venue holds. */
  tally() {
    this.held.fill(0);
    data.sessions.venue.forEach((venue, at) => { if (this.facets.shown[at]) this.held[venue] += 1; });
  },

  // the map

  bounds() { return L.latLngBounds(data.points.lat.map((lat, at) => [lat, data.points.lon[at]])); },
  show(map) {
    map.addLayer(this.places).addLayer(this.halls);
    const tip = make("div.tip", { "aria-hidden": "true", hidden: true }), container = map.getContainer();
    container.append(tip);
    container.addEventListener("mousemove", (event) => {
      const point = map.mouseEventToContainerPoint(event), what = this.under(point);
      container.classList.toggle("pointing", Boolean(what));
      tip.hidden = !what;
      if (!what) return;
      tip.replaceChildren(given(what.key[0] === "p" ? data.points.name[what.at] : data.venues.name[what.at]));
      L.DomUtil.setPosition(tip, point.add([12, 12]));
    });
    map.on("click", (event) => { const what = this.under(event.containerPoint); this.choose(what ? what.key : null); });
  },
  under(point) {
    for (const [layer, letter] of [[this.halls, "v"], [this.places, "p"]]) {
      const found = layer.hit(point);
      if (found && found.at !== undefined) return { at: found.at, key: letter + found.at };
    }
    return null;
  },
  legend() {
    const layer = (key, label, drawn) => ({ label: say(label), on: this.layers[key], toggle: (on) => { this.layers[key] = on; drawn.draw(); address.write(); } });
    const bands = [-1, ...data.bands.keys(), data.bands.length];
    return {
      headline: bands.map((band) => make("span", {}, this.bandSign(band), " ", this.bandName(band))),
      entries: [[this.hallSign(16), say("out_venues")]],
      remarks: [say("out_size")],
      layers: [layer("points", "out_points", this.places), layer("venues", "out_venues", this.halls)],
    };
  },

  // the panel

  panel(root) {
    this.bar = new FacetBar(this.facets, () => this.refresh());
    this.said = make("p.hint", { id: "results", role: "status" });
    this.search = make("input", { type: "search", "aria-label": say("out_search"), placeholder: say("out_search"), value: this.query, oninput: (event) => { this.query = event.target.value; this.refresh(); } });
    this.tabRow = make("div.tabs", { role: "tablist" });
    this.results = make("div.results", {});
    const tones = [".visited", ".share", ".averted", ""];
    const summary = make("section.summary", {},
      make("div.numbers", {}, data.numbers.map(([name, value, note], at) => make("div.number" + tones[at % 4], {}, make("span.name", {}, given(pick(name))), make("span.value", {}, given(value)), make("small", {}, given(pick(note)))))),
      data.facts.map((line) => make("p.facts", {}, given(pick(line)))));
    root.replaceChildren(pageHead().root, summary, make("div.find", {}, this.search, this.bar.root, this.tabRow, this.said), this.results);
    this.list = new VirtualList(root);
    this.refresh();
  },
  refresh() {
    this.tally();
    this.bar.draw();
    this.places.draw();
    this.halls.draw();
    this.tabRow.replaceChildren(...OUTREACH_TABS.map((one) => make("button", { type: "button", role: "tab", "data-tab": one, "aria-selected": String(this.tab === one), onclick: () => { this.tab = one; this.refresh(); address.write(); } }, say("out_" + one))));
    this[{ sessions: "listSessions", towns: "listTowns", villages: "listVillages" }[this.tab]]();
  },
  named(...names) { const wanted = this.query.trim().toLowerCase(); return !wanted || names.join(" ").toLowerCase().includes(wanted); },
  listSessions() {
    const { sessions, venues } = data;
    const rows = [...sessions.venue.keys()].filter((at) => this.facets.shown[at] && this.named(venues.name[sessions.venue[at]], venues.town[sessions.venue[at]], venues.county[sessions.venue[at]]));
    this.said.textContent = say("out_said", count(rows.length), count(Math.round(rows.reduce((sum, at) => sum + sessions.attendance[at], 0))));
    this.fill(rows, (at) => "s" + at, (at) => {
      const venue = sessions.venue[at];
      return [make("span.chip", {}, given(sessions.day[at].slice(5) + " " + sessions.begins[at])),
        make("span.grow", {}, make("span.line", {}, given(venues.name[venue])), make("small", {}, given(venues.county[venue] + " " + venues.town[venue]))),
        make("span.side", {}, make("b", {}, given(pick(data.groups[sessions.group[at]]))), make("small", {}, say("out_people", count(Math.round(sessions.attendance[at])))))];
    });
  },
  listTowns() {
    const { towns } = data, most = Math.max(1e-9, ...towns.after);
    const rows = [...towns.name.keys()].filter((at) => this.named(towns.name[at], towns.county[at]));
    this.said.textContent = say("out_townsNote");
    const bar = (share, y, ink) => make("rect", { x: 0, y, width: Math.max(0.5, (100 * share) / most), height: 5, rx: 2, fill: ink });
    this.fill(rows, (at) => "t" + at, (at) => [make("span.grow", {}, make("span.line", {}, given(towns.name[at])),
      make("svg", { width: "100%", height: 13, viewBox: "0 0 100 13", preserveAspectRatio: "none", "aria-hidden": "true" }, make("rect", { x: 0, y: 0, width: 100, height: 13, fill: "#eef0f4" }), bar(towns.before[at], 1, "#9aa3b2"), bar(towns.after[at], 7, OUTREACH_INKS[4]))),
    make("span.side", {}, make("b", {}, finely(towns.after[at])), make("small", {}, given(towns.county[at])))]);
  },
  listVillages() {
    const { points } = data;
    const rows = [...byLargest(this.left)].filter((at) => this.left[at] > 0 && this.named(points.name[at], points.town[at], points.county[at]));
    this.said.textContent = say("out_villagesNote");
    this.fill(rows, (at) => "p" + at, (at) => [this.bandSign(this.band(points.after[at])), make("span.grow", {}, make("span.line", {}, given(points.name[at])), make("small", {}, given(points.county[at] + " " + points.town[at]))),
      make("span.side", {}, make("b", {}, finely(points.after[at])), make("small", {}, round(this.left[at])))]);
  },
  fill(rows, key, inside) {
    this.results.replaceChildren(this.list.root);
    this.list.root.style.setProperty("--row", OUTREACH_ROW + "px");
    this.list.show(rows, { height: OUTREACH_ROW, key, row: (at) => make("li" + (this.chosen === key(at) ? ".chosen" : ""), {}, make("button.row.grow", { type: "button", onclick: () => this.choose(key(at), true) }, inside(at))) });
  },

  // one venue, one village

  choose(key, fly = false) {
    const { sessions, towns, points } = data;
    let chosen = key;
    if (key && key[0] === "s") chosen = "v" + sessions.venue[Number(key.slice(1))];
    if (key && key[0] === "t") {
      const first = points.town.indexOf(towns.name[Number(key.slice(1))]);
      chosen = first < 0 ? null : "p" + first;
    }
    this.chosen = chosen;
    const at = chosen ? Number(chosen.slice(1)) : -1, columns = chosen && chosen[0] === "v" ? data.venues : points;
    kit.card.replaceChildren(...(chosen ? [chosen[0] === "v" ? this.hallCard(at) : this.placeCard(at)] : []));
    document.body.classList.toggle("with-card", Boolean(chosen));
    if (chosen && fly) this.map.setView([columns.lat[at], columns.lon[at]], Math.max(12, this.map.getZoom()), { animate: !kit.still });
    this.places.draw();
    this.halls.draw();
    address.write();
  },
  cardHead(sign, name, line) {
    return make("header", {}, sign, make("div.card-title", {}, make("h3", {}, given(name)), make("p", {}, given(line))), make("button.plain.close", { type: "button", "aria-label": say("close"), onclick: () => this.choose(null) }, "×"));
  },
  hallCard(at) {
    const { venues, sessions } = data, here = [...sessions.venue.keys()].filter((one) => sessions.venue[one] === at);
    return make("article.card", { "aria-label": venues.name[at] }, this.cardHead(this.hallSign(22), venues.name[at], `${pick(data.kinds[venues.kind[at]])} · ${venues.county[at]} ${venues.town[at]}`),
      section(say("out_here"), make("ul.plain-list", {}, here.map((one) => make("li", {}, given(`${sessions.day[one]} ${sessions.begins[one]} · `), given(pick(data.groups[sessions.group[one]])), " · ", say("out_people", count(Math.round(sessions.attendance[one]))), sessions.floor[one] ? [" · ", say("out_floor")] : null)))));
  },
  placeCard(at) {
    const { points } = data;
    return make("article.card", { "aria-label": points.name[at] }, this.cardHead(this.bandSign(this.band(points.after[at])), points.name[at], points.county[at] + " " + points.town[at]),
      make("dl.figures", {}, figure(say("out_before"), finely(points.before[at])), figure(say("out_after"), finely(points.after[at])), figure(say("out_risk"), round(points.weight[at]))));
  },

  speak() {
    this.panel(document.getElementById("panel"));
    this.choose(this.chosen);
  },
  escape() { this.choose(null); },
  toPaper() { this.list.lay(400); },
  fromPaper() { this.list.lay(0); },
  readAddress(params) {
    if (OUTREACH_TABS.includes(params.get("tab"))) this.tab = params.get("tab");
    for (const facet of this.facets.facets) if (params.get(facet.key)) this.facets.fromText(facet.key, params.get(facet.key));
    this.facets.apply(null);
    const key = params.get("one") || "", columns = key[0] === "v" ? data.venues : data.points;
    this.chosen = /^[pv]\d+$/.test(key) && Number(key.slice(1)) < columns.name.length ? key : null;
  },
  writeAddress(params) {
    params.set("tab", this.tab);
    for (const [key, text] of this.facets.toText()) params.set(key, text);
    if (this.chosen) params.set("one", this.chosen);
  },
  opened() { if (this.chosen) this.choose(this.chosen); },
};
