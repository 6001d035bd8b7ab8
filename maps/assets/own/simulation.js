// A simulation: what share is reached in time, village by village, and what a scenario changes, town by town.

const SIM_BANDS = [["0", 0.2, "#7f1d3a"], ["20", 0.4, "#b45309"], ["40", 0.6, "#d9a406"], ["60", 0.8, "#5f9e3a"], ["80", 1.0001, "#0b6b57"]];
const SIM_NONE = "#9aa3b2", SIM_CHANGE = { better: "#0b6b57", worse: "#b0123b", alike: "#9aa3b2" };
const SIM_ROW = 54, SIM_ENOUGH = 20; // visits below which a village is coloured as its town

kit.pages.simulation = {
  words: {
    sim_share: ["{0} 分钟内见面的比例", "share met within {0} min"], sim_band: ["{0}–{1}%", "{0}–{1} %"], sim_none: ["没有需上门的警情", "no visit was needed"],
    sim_better: ["比“{0}”好", "better than “{0}”"], sim_worse: ["比“{0}”差", "worse than “{0}”"], sim_alike: ["分不出差别", "not distinguishable"],
    sim_reached: ["见面比例", "Share met"], sim_change: ["与“{0}”相比", "Against “{0}”"], sim_county: ["县区", "County"], sim_which: ["方案", "Scenario"],
    sim_list: ["各镇街，最差的在前", "Towns, the worst first"], sim_changes: ["各镇街，变化最大的在前", "Towns, the largest change first"],
    sim_few: ["；需上门不足 {0} 次的村按所属镇街着色", "; a village with fewer than {0} visits is coloured as its town"], sim_size: ["圆越大需上门的越多", "the larger, the more visits"], sim_town: ["按镇街判断，95% 区间不含 0 才算有差别", "judged by town: different where the 95 % interval does not hold 0"],
    sim_asked: ["需上门/天", "visits a day"], sim_met: ["始终能见到", "ever met"], sim_runs: ["重复 {0} 次 × {1} 天", "{0} replications × {1} days"], sim_points: ["{0} 点", "{0} points"],
    sim_search: ["查找村居或镇街", "Find a village or town"], sim_village: ["村居", "Villages"], sim_of: ["占需上门的警情", "of those needing a visit"],
  },

  start(map) {
    Object.assign(this, { map, one: 0, view: "share", query: "", chosen: null });
    const { places } = data;
    this.count = places.name.length;
    this.x = Float64Array.from(places.lon, worldX);
    this.y = Float64Array.from(places.lat, worldY);
    this.measure();
    this.facets = new Facets(this.count, [
      { key: "band", label: () => say(this.view === "share" ? "sim_reached" : "sim_change", data.scenarios[0]), values: this.bandKeys(), of: this.bandOf(), ordered: true, name: (key) => this.bandName(key), picture: (key) => this.bandSign(key) },
      { key: "county", label: () => say("sim_county"), ...coded(places.county), name: (one) => one || "?" },
    ]);
    this.layer = new PointLayer({
      count: this.count, x: this.x, y: this.y, order: this.order(), shown: this.facets.shown,
      size: (at, zoom) => Math.max(1.5, Math.min(1.4, (zoom - 5) / 4.5) * (2.2 + 7 * Math.sqrt(this.asked[at] / this.most))),
      paint: (context, at, x, y, radius) => this.paint(context, at, x, y, radius),
    });
    address.keep((params) => this.readAddress(params), (params) => this.writeAddress(params));
  },

  /** Visits asked for a day and the share met in time, village by village, of the scenario chosen. */
  measure() {
    const sums = data.sums[this.one], days = data.days * data.replications[this.one];
    this.asked = Float64Array.from(sums, (row) => row[0] / days);
    this.ever = Float64Array.from(sums, (row) => (row[0] ? row[1] / row[0] : NaN));
    this.share = Float64Array.from(sums, (row) => (row[0] ? row[2] / row[0] : NaN));
    this.shaded = Float64Array.from(sums, (row, at) => { const town = data.of_towns[this.one].share[data.places.town[at]]; return row[0] >= SIM_ENOUGH ? this.share[at] : row[0] && town !== null ? town : NaN; });
    this.most = Math.max(1e-9, ...this.asked);
  },
  order() { return [...byLargest(this.asked)]; },
  bandKeys() { return this.view === "share" ? [...SIM_BANDS.map(([key]) => key), "none"] : ["better", "worse", "alike"]; },
  band(at) {
    if (this.view === "change") return this.verdict(data.places.town[at]);
    if (Number.isNaN(this.shaded[at])) return "none";
    return SIM_BANDS.find(([, upto]) => this.shaded[at] < upto)[0];
  },
  verdict(town) {
    const { change, apart } = data.of_towns[this.one];
    if (change[town] === null || apart[town] === null || Math.abs(change[town]) <= apart[town]) return "alike";
    return change[town] > 0 ? "better" : "worse";
  },
  bandOf() {
    const keys = this.bandKeys(), of = new Uint16Array(this.count);
    for (let at = 0; at < this.count; at++) of[at] = keys.indexOf(this.band(at));
    return of;
  },
  bandInk(key) { return SIM_CHANGE[key] || (key === "none" ? SIM_NONE : SIM_BANDS.find(([name]) => name === key)[2]); },
  bandName(key) {
    if (SIM_CHANGE[key]) return say("sim_" + key, data.scenarios[0]);
    return key === "none" ? say("sim_none") : say("sim_band", key, Number(key) + 20);
  },
  shape(key) { return key === "worse" || key === "0" ? "diamond" : key === "better" ? "triangle" : "circle"; },
  bandSign(key) {
    const ink = this.bandInk(key), shape = this.shape(key);
    const points = { diamond: "7,1 13,7 7,13 1,7", triangle: "7,1 13,12 1,12" }[shape];
    return legendSign(14, points ? make("polygon", { points, fill: ink }) : make("circle", { cx: 7, cy: 7, r: 5.4, fill: ink }));
  },
  paint(context, at, x, y, radius) {
    const key = this.band(at), quiet = key === "none" || key === "alike";
    if (this.chosen === at) paintHalo(context, x, y, radius);
    shapePath(context, this.shape(key), x, y, radius);
    context.globalAlpha = quiet ? 0.55 : 0.88;
    context.fillStyle = this.bandInk(key);
    context.fill();
    context.lineWidth = 0.8;
    context.strokeStyle = "#ffffff";
    context.stroke();
  },

  bounds() { return L.latLngBounds(data.places.lat.map((lat, at) => [lat, data.places.lon[at]])); },
  show(map) {
    map.addLayer(this.layer);
    const tip = make("div.tip", { "aria-hidden": "true", hidden: true }), container = map.getContainer();
    container.append(tip);
    container.addEventListener("mousemove", (event) => {
      const point = map.mouseEventToContainerPoint(event), found = this.layer.hit(point);
      container.classList.toggle("pointing", Boolean(found));
      tip.hidden = !found;
      if (!found) return;
      tip.replaceChildren(given(data.places.name[found.at] + " " + this.said(this.share[found.at])));
      L.DomUtil.setPosition(tip, point.add([12, 12]));
    });
    map.on("click", (event) => { const found = this.layer.hit(event.containerPoint); this.choose(found ? found.at : null); });
  },
  said(share) { return Number.isNaN(share) || share === null ? "–" : (100 * share).toFixed(1) + "%"; },
  legend() {
    return {
      headline: this.bandKeys().map((key) => make("span", {}, this.bandSign(key), " ", this.bandName(key))),
      entries: [],
      remarks: [this.view === "share" ? say("sim_share", data.mark) + say("sim_few", SIM_ENOUGH) : say("sim_town"), say("sim_size")],
      layers: [],
    };
  },

  panel(root) {
    this.bar = new FacetBar(this.facets, () => this.refresh());
    this.said_ = make("p.hint", { id: "results", role: "status" });
    this.search = make("input", { type: "search", "aria-label": say("sim_search"), placeholder: say("sim_search"), value: this.query, oninput: (event) => { this.query = event.target.value; this.look(); } });
    this.results = make("div.results", {});
    root.replaceChildren(pageHead().root, this.summary(), make("div.find", {}, this.choices(), this.search, this.bar.root, this.said_), this.results);
    this.list = new VirtualList(root);
    this.look();
  },
  summary() {
    const tones = [".visited", ".share", ".averted"];
    return make("section.summary", {},
      make("div.numbers", {}, data.numbers[this.one].map(([name, value, note], at) => make("div.number" + tones[at % 3], {}, make("span.name", {}, given(pick(name))), make("span.value", {}, given(value)), make("small", {}, given(note))))),
      make("p.facts", {}, say("sim_of"), " · ", say("sim_runs", data.replications[this.one], round(data.days))));
  },
  choices() {
    if (data.scenarios.length < 2) return null;
    const turn = (one, view) => () => this.turn(one, view);
    return make("div.facets.facet-row", {},
      make("select", { id: "scenario", "aria-label": say("sim_which"), onchange: (event) => this.turn(Number(event.target.value), Number(event.target.value) ? this.view : "share") }, data.scenarios.map((name, at) => make("option", { value: at, selected: at === this.one }, name))),
      ["share", "change"].map((view) => make("button.facet.choice" + (this.view === view ? ".on" : ""), { type: "button", "data-view": view, disabled: view === "change" && this.one === 0, "aria-pressed": String(this.view === view), onclick: turn(this.one, view) }, say(view === "share" ? "sim_reached" : "sim_change", data.scenarios[0]))));
  },
  turn(one, view) {
    Object.assign(this, { one, view });
    this.again();
    fillLegend(kit.legend, this.legend());
    this.panel(document.getElementById("panel"));
    if (this.chosen !== null) this.choose(this.chosen);
    address.write();
  },
  again() {
    this.measure();
    Object.assign(this.facets.facets[0], { values: this.bandKeys(), of: this.bandOf() });
    this.facets.counts[0] = new Uint32Array(this.bandKeys().length);
    this.facets.chosen[0].clear();
    this.layer.source.order = this.order();
  },
  look() {
    const wanted = this.query.trim().toLowerCase(), { name, town } = data.places;
    this.facets.apply(wanted ? Uint8Array.from(name, (one, at) => ((one + " " + data.towns[town[at]]).toLowerCase().includes(wanted) ? 1 : 0)) : null);
    this.refresh();
  },
  /** Towns with a village that is shown: by the change, else by the share. */
  refresh() {
    this.bar.draw();
    this.layer.draw();
    const { share, asked, change, apart } = data.of_towns[this.one], seen = new Set(data.places.town.filter((_, at) => this.facets.shown[at]));
    const weight = (at) => (this.view === "change" ? -Math.abs(change[at] || 0) : share[at] === null ? 2 : share[at]);
    const rows = [...seen].sort((a, b) => weight(a) - weight(b) || a - b);
    this.said_.textContent = say(this.view === "change" ? "sim_changes" : "sim_list");
    this.results.replaceChildren(this.list.root);
    this.list.root.style.setProperty("--row", SIM_ROW + "px");
    this.list.show(rows, { height: SIM_ROW, key: (at) => "t" + at, row: (at) => make("li", {}, make("button.row.grow", { type: "button", onclick: () => this.fly(at) },
      this.bandSign(this.view === "change" ? this.verdict(at) : share[at] === null ? "none" : SIM_BANDS.find(([, upto]) => share[at] < upto)[0]),
      make("span.grow", {}, make("span.line", {}, given(data.towns[at])), make("small", {}, say("sim_asked"), " ", round(asked[at] || 0))),
      make("span.side", {}, make("b", {}, this.said(share[at])), make("small", {}, this.view === "change" && change[at] !== null ? (change[at] >= 0 ? "+" : "−") + Math.abs(100 * change[at]).toFixed(1) + " ± " + (100 * (apart[at] || 0)).toFixed(1) : share[at] === null ? "" : "± " + (100 * (data.of_towns[this.one].wide[at] || 0)).toFixed(1))))) });
  },
  fly(town) {
    const rows = [...data.places.town.keys()].filter((at) => data.places.town[at] === town);
    this.map.fitBounds(L.latLngBounds(rows.map((at) => [data.places.lat[at], data.places.lon[at]])).pad(0.3), { maxZoom: 13, animate: !kit.still });
  },
  choose(at) {
    this.chosen = at;
    kit.card.replaceChildren(...(at === null ? [] : [this.card(at)]));
    document.body.classList.toggle("with-card", at !== null);
    this.layer.draw();
    address.write();
  },
  card(at) {
    const { places } = data, town = places.town[at], found = data.of_towns[this.one];
    const lines = [figure(say("sim_asked"), round(this.asked[at])), figure(say("sim_share", data.mark), this.said(this.share[at])), figure(say("sim_met"), this.said(this.ever[at]))];
    const change = found.change[town];
    return make("article.card", { "aria-label": places.name[at] },
      make("header", {}, this.bandSign(this.band(at)), make("div.card-title", {}, make("h3", {}, given(places.name[at])), make("p", {}, given(data.towns[town]))), make("button.plain.close", { type: "button", "aria-label": say("close"), onclick: () => this.choose(null) }, "×")),
      make("dl.figures", {}, lines),
      this.one && change !== null ? make("p", {}, given(data.towns[town]), " ", say("sim_points", (change >= 0 ? "+" : "−") + Math.abs(100 * change).toFixed(1) + " ± " + (100 * (found.apart[town] || 0)).toFixed(1)), " · ", this.bandName(this.verdict(town))) : null);
  },

  speak() {
    this.panel(document.getElementById("panel"));
    this.choose(this.chosen);
  },
  escape() { this.choose(null); },
  toPaper() { this.list.lay(400); },
  fromPaper() { this.list.lay(0); },
  readAddress(params) {
    const one = Number(params.get("scenario") || 0);
    this.one = Number.isInteger(one) && one >= 0 && one < data.scenarios.length ? one : 0;
    this.view = params.get("show") === "change" && this.one ? "change" : "share";
    this.again();
    for (const facet of this.facets.facets) if (params.get(facet.key)) this.facets.fromText(facet.key, params.get(facet.key));
    const place = params.get("one");
    this.chosen = place !== null && /^\d+$/.test(place) && Number(place) < this.count ? Number(place) : null;
  },
  writeAddress(params) {
    params.set("scenario", this.one);
    params.set("show", this.view);
    for (const [key, text] of this.facets.toText()) params.set(key, text);
    if (this.chosen !== null) params.set("one", this.chosen);
  },
  opened() { if (this.chosen !== null) this.choose(this.chosen); },
};
