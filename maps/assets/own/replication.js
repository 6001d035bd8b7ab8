// One replication of a simulation by its own clock: every crew where its log has it, every case while it is open.

const REPLAY_ROW = 54, REPLAY_CHIPS = { waiting: "#b0123b", coming: "#d97706", met: "#0b6b57" };

kit.pages.replication = {
  words: {
    rep_waiting: ["等候派人", "waiting"], rep_coming: ["已派，在路上", "on the way"], rep_met: ["正在处置", "at the door"],
    rep_said: ["等候 {0} · 在路上 {1} · 正在处置 {2} · 已结 {3}", "waiting {0} · on the way {1} · at the door {2} · ended {3}"],
    rep_open: ["未了的警情，等得最久的在前", "Open cases, the longest wait first"], rep_none: ["此刻没有未了的警情", "no case is open at this moment"],
    rep_scenario: ["方案“{0}”", "scenario “{0}”"], rep_straight: ["沿直线画，时间按道路", "drawn as straight lines; times are by road"],
    rep_start: ["拖动时间，或按播放", "drag the time, or play"], rep_since: ["已等 {0}", "waited {0}"], rep_crew: ["力量", "Crew"], rep_onDuty: ["在岗", "on duty"], rep_off: ["不在岗", "off duty"],
    rep_alerted: ["预警", "Alert"], rep_ready: ["要求上门", "Visit asked for"], rep_dispatched: ["首次派出", "First sent"], rep_arrived: ["首次到门口", "First at a door"], rep_contact: ["见面", "Met"], rep_closed: ["了结", "Closed"],
    rep_reached: ["已见面", "met"], rep_phoned: ["电话解决", "settled by phone"], rep_given_up: ["始终未见到", "never met"], rep_not_found: ["没有找到", "not found"],
    rep_amount: ["涉险金额", "Amount"], rep_lost: ["接触前已转出", "Gone before contact"], rep_search: ["查找地点或力量", "Find a place or crew"], rep_tier: ["等级", "Tier"], rep_kind: ["去办的与返回的", "out, and on the way back"], rep_back: ["返回", "on the way back"],
  },

  start(map) {
    Object.assign(this, { map, chosen: null, query: "" });
    const { units, cases, legs } = data, tenth = data.tenths;
    this.until = Math.floor(data.until);
    this.moment = Math.min(this.until, data.warm_up);
    this.first = { x: Float64Array.from(units.lon, worldX), y: Float64Array.from(units.lat, worldY) };
    this.x = this.first.x.slice();
    this.y = this.first.y.slice();
    this.state = new Int8Array(units.name.length); // -1 off duty, 0 idle, 1 out, 2 at a door, 3 back
    this.legs = runs(legs.unit, units.name.length);
    this.duties = runs(units.duty_of, units.name.length);
    this.times = Object.fromEntries(["alerted", "ready", "dispatched", "arrived", "contact", "closed"].map((name) => [name, Float64Array.from(cases[name], (one) => (one < 0 ? NaN : one / tenth))]));
    this.size = cases.place.length;
    this.cx = Float64Array.from(cases.lon, worldX);
    this.cy = Float64Array.from(cases.lat, worldY);
    this.phase = new Int8Array(this.size); // 0 not yet or over, 1 waiting, 2 on the way, 3 met
    this.shown = new Uint8Array(this.size);
    this.crews = new PointLayer({
      count: units.name.length, x: this.x, y: this.y,
      size: (at, zoom) => (this.state[at] < 0 ? 0 : this.state[at] === 0 ? (zoom < 11 ? 1.3 : zoom < 13 ? 3 : 7) : zoom < 10 ? 4.6 : 7.5),
      paint: (context, at, x, y, radius) => paintKind(context, x, y, radius, { kind: data.kinds[units.kind[at]], busy: this.state[at] === 1 || this.state[at] === 2, chosen: this.chosen === "u" + at }),
    });
    this.cases = new PointLayer({
      count: this.size, x: this.cx, y: this.cy, shown: this.shown, size: (at, zoom) => (zoom < 10 ? 5 : 7.5),
      paint: (context, at, x, y, radius) => {
        paintTier(context, x, y, radius, { tier: data.tiers[cases.tier[at]], chosen: this.chosen === "c" + at });
        context.beginPath();
        context.arc(x, y, radius + 4, 0, 2 * Math.PI);
        context.lineWidth = 2.4;
        context.strokeStyle = Object.values(REPLAY_CHIPS)[this.phase[at] - 1];
        context.stroke();
      },
    });
    this.ways = L.layerGroup();
    this.lines = L.canvas({ padding: 0.1, pane: "routes" });
    this.set(this.moment);
    address.keep((params) => this.readAddress(params), (params) => this.writeAddress(params));
  },

  /** Everything at a moment. */
  set(minutes) {
    this.moment = minutes;
    const { units, legs } = data, tenth = data.tenths;
    this.moving = [];
    for (let one = 0; one < units.name.length; one++) {
      let on = false;
      for (let at = this.duties[one]; at < this.duties[one + 1] && !on; at++) on = units.duty_from[at] <= minutes && minutes < units.duty_to[at];
      let low = this.legs[one], high = this.legs[one + 1];
      while (low < high) { const middle = (low + high) >> 1; if (legs.start[middle] / tenth <= minutes) low = middle + 1; else high = middle; }
      const at = low - 1;
      if (at < this.legs[one]) { this.x[one] = this.first.x[one]; this.y[one] = this.first.y[one]; this.state[one] = on ? 0 : -1; continue; }
      const from = legs.start[at] / tenth, to = legs.end[at] / tenth, share = minutes >= to ? 1 : (minutes - from) / Math.max(1e-9, to - from);
      const lon = (legs.from[2 * at] + share * (legs.to[2 * at] - legs.from[2 * at])) / 1e5, lat = (legs.from[2 * at + 1] + share * (legs.to[2 * at + 1] - legs.from[2 * at + 1])) / 1e5;
      this.x[one] = worldX(lon);
      this.y[one] = worldY(lat);
      const back = legs.purpose[at] === 2, own = legs.case[at];
      if (share < 1) { this.state[one] = back ? 3 : 1; this.moving.push(at); }
      else if (!back && own >= 0 && !(this.times.closed[own] <= minutes)) this.state[one] = 2;
      else this.state[one] = on ? 0 : -1;
    }
    this.counts = [0, 0, 0, 0];
    for (let one = 0; one < this.size; one++) {
      const { ready, dispatched, contact, closed } = this.times;
      const phase = !(ready[one] <= minutes) ? 0 : closed[one] <= minutes ? -1 : contact[one] <= minutes && data.outcomes[data.cases.outcome[one]] === "reached" ? 3 : dispatched[one] <= minutes ? 2 : 1;
      this.phase[one] = Math.max(0, phase);
      this.shown[one] = phase > 0 ? 1 : 0;
      if (phase < 0) this.counts[3] += 1; else if (phase > 0) this.counts[phase - 1] += 1;
    }
    if (this.crews._map) { this.crews.draw(); this.cases.draw(); this.drawWays(); }
  },
  drawWays() {
    const { legs } = data, point = (column, at) => [column[2 * at + 1] / 1e5, column[2 * at] / 1e5];
    this.ways.clearLayers();
    for (const at of this.moving) L.polyline([point(legs.from, at), point(legs.to, at)], { renderer: this.lines, interactive: false, color: kindInk(data.kinds[data.units.kind[legs.unit[at]]]), weight: legs.purpose[at] === 2 ? 1 : 2, opacity: legs.purpose[at] === 2 ? 0.35 : 0.7, dashArray: legs.purpose[at] === 2 ? "3 6" : null }).addTo(this.ways);
  },

  bounds() { return L.latLngBounds(data.cases.lat.length ? data.cases.lat.map((lat, at) => [lat, data.cases.lon[at]]) : data.units.lat.map((lat, at) => [lat, data.units.lon[at]])); },
  show(map) {
    map.addLayer(this.ways).addLayer(this.crews).addLayer(this.cases);
    this.drawWays();
    const tip = make("div.tip", { "aria-hidden": "true", hidden: true }), container = map.getContainer();
    container.append(tip);
    container.addEventListener("mousemove", (event) => {
      const point = map.mouseEventToContainerPoint(event), key = this.under(point);
      container.classList.toggle("pointing", Boolean(key));
      tip.hidden = !key;
      if (!key) return;
      tip.replaceChildren(given(key[0] === "c" ? data.cases.place[Number(key.slice(1))] : data.units.name[Number(key.slice(1))]));
      L.DomUtil.setPosition(tip, point.add([12, 12]));
    });
    map.on("click", (event) => this.choose(this.under(event.containerPoint)));
  },
  under(point) {
    for (const [layer, letter] of [[this.cases, "c"], [this.crews, "u"]]) {
      const found = layer.hit(point);
      if (found && found.at !== undefined) return letter + found.at;
    }
    return null;
  },
  ring(ink) { return legendSign(18, make("circle", { cx: 9, cy: 7, r: 5.5, fill: "none", stroke: ink, "stroke-width": 2.4 })); },
  legend() {
    const kinds = [...new Set(data.units.kind)].map((kind) => data.kinds[kind]);
    return {
      headline: Object.entries(REPLAY_CHIPS).map(([key, ink]) => make("span", {}, this.ring(ink), " ", say("rep_" + key))),
      entries: [...data.tiers.map((tier) => [shapeIcon(tier), word(tier)]), ...kinds.map((kind) => [kindIcon(kind, 18), word(kind)])],
      remarks: [say("rep_straight")], layers: [],
    };
  },

  panel(root) {
    this.said = make("p.hint", { id: "results", role: "status" });
    this.results = make("div.results", {});
    this.search = make("input", { type: "search", "aria-label": say("rep_search"), placeholder: say("rep_search"), value: this.query, oninput: (event) => { this.query = event.target.value; this.fill(); } });
    this.numbers = make("div.numbers", {});
    root.replaceChildren(pageHead().root, make("section.summary", {}, this.numbers, make("p.facts", {}, say("rep_scenario", data.scenario))), make("div.find", {}, this.search, this.said), this.results);
    this.list = new VirtualList(root);
    this.slider = new TimeSlider({ until: this.until, values: data.backlog, still: kit.still, changed: (minutes, playing) => this.moved(minutes, playing), told: () => [say("rep_said", ...this.counts)] });
    this.slider.minutes = this.moment;
    this.slider.draw();
    this.slider.input.value = String(this.moment);
    kit.strip.replaceChildren(this.slider.root);
    this.fill();
  },
  /** The map follows at once, the list a little later while it plays. */
  moved(minutes, playing) {
    this.set(minutes === null ? Math.min(this.until, data.warm_up) : minutes);
    this.slider.said.replaceChildren(say("rep_said", ...this.counts));
    const now = performance.now();
    if (!playing || now - (this.filled || 0) > 600) { this.filled = now; this.fill(); }
    if (this.chosen && !playing) this.choose(this.chosen);
    address.write();
  },
  fill() {
    this.numbers.replaceChildren(...["waiting", "coming", "met"].map((key, at) => make("div.number" + [".left", ".share", ".visited"][at], {}, make("span.name", {}, say("rep_" + key)), make("span.value", {}, count(this.counts[at])))));
    const wanted = this.query.trim().toLowerCase(), { cases, units } = data;
    const text = (at) => (cases.place[at] + " " + (cases.unit[at] >= 0 ? units.name[cases.unit[at]] : "")).toLowerCase();
    const rows = [...this.shown.keys()].filter((at) => this.shown[at] && (!wanted || text(at).includes(wanted))).sort((a, b) => this.phase[a] - this.phase[b] || this.times.ready[a] - this.times.ready[b]);
    this.said.textContent = rows.length ? say("rep_open") : say("rep_none");
    this.results.replaceChildren(this.list.root);
    this.list.root.style.setProperty("--row", REPLAY_ROW + "px");
    const keys = Object.keys(REPLAY_CHIPS);
    this.list.show(rows, { height: REPLAY_ROW, key: (at) => "c" + at, row: (at) => make("li" + (this.chosen === "c" + at ? ".chosen" : ""), {}, make("button.row.grow", { type: "button", onclick: () => { this.choose("c" + at); this.map.setView([cases.lat[at], cases.lon[at]], Math.max(12, this.map.getZoom()), { animate: !kit.still }); } },
      shapeIcon(data.tiers[cases.tier[at]]),
      make("span.grow", {}, make("span.line", {}, given(cases.place[at])), make("small", {}, word(data.tiers[cases.tier[at]]), " · ", say("rep_" + keys[this.phase[at] - 1]))),
      make("span.side", {}, make("b", {}, clock(this.times.ready[at])), make("small", {}, say("rep_since", span(this.moment - this.times.ready[at])))))) });
  },
  choose(key) {
    this.chosen = key;
    kit.card.replaceChildren(...(key ? [key[0] === "c" ? this.caseCard(Number(key.slice(1))) : this.unitCard(Number(key.slice(1)))] : []));
    document.body.classList.toggle("with-card", Boolean(key));
    if (this.crews._map) { this.crews.draw(); this.cases.draw(); }
    address.write();
  },
  head(sign, name, line) {
    return make("header", {}, sign, make("div.card-title", {}, make("h3", {}, given(name)), make("p", {}, line)), make("button.plain.close", { type: "button", "aria-label": say("close"), onclick: () => this.choose(null) }, "×"));
  },
  caseCard(at) {
    const { cases, units } = data, outcome = data.outcomes[cases.outcome[at]], why = pick(data.why_words[cases.why[at]]);
    const moments = Object.entries(this.times).filter(([, column]) => !Number.isNaN(column[at])).filter(([name]) => name !== "contact" || outcome === "reached");
    return make("article.card", { "aria-label": cases.place[at] }, this.head(shapeIcon(data.tiers[cases.tier[at]], false, 24), cases.place[at], word(data.tiers[cases.tier[at]])),
      make("dl.figures", {}, figure(say("rep_amount"), yuan(cases.amount[at])), cases.lost[at] ? figure(say("rep_lost"), yuan(cases.lost[at])) : null),
      make("ul", {}, moments.map(([name, column]) => make("li", {}, clock(column[at], false), " ", say("rep_" + name)))),
      make("p", {}, say("rep_" + outcome), why ? [" · ", why] : null),
      cases.unit[at] >= 0 ? section(say("rep_crew"), make("p", {}, given(units.name[cases.unit[at]]))) : null);
  },
  unitCard(at) {
    const { units, legs, cases } = data, kind = data.kinds[units.kind[at]], tenth = data.tenths;
    const rows = Array.from({ length: this.legs[at + 1] - this.legs[at] }, (_, row) => this.legs[at] + row).filter((row) => legs.start[row] / tenth >= this.moment - 240 && legs.start[row] / tenth <= this.moment + 240);
    return make("article.card", { "aria-label": units.name[at] }, this.head(kindIcon(kind, 24), units.name[at], say(this.state[at] < 0 ? "rep_off" : "rep_onDuty")),
      make("ul", {}, rows.map((row) => make("li", {}, clock(legs.start[row] / tenth), "–", clock(legs.end[row] / tenth), " ", legs.case[row] >= 0 ? given(cases.place[legs.case[row]]) : say("rep_back")))));
  },

  speak() {
    this.panel(document.getElementById("panel"));
    this.choose(this.chosen);
  },
  escape() { this.choose(null); },
  toPaper() { this.list.lay(400); },
  fromPaper() { this.list.lay(0); },
  readAddress(params) {
    const minutes = Number(params.get("minute"));
    if (params.get("minute") !== null && minutes >= 0 && minutes <= this.until) this.set(minutes);
    const key = params.get("one") || "", most = key[0] === "c" ? this.size : data.units.name.length;
    this.chosen = /^[cu]\d+$/.test(key) && Number(key.slice(1)) < most ? key : null;
  },
  writeAddress(params) {
    params.set("minute", String(Math.round(this.moment)));
    if (this.chosen) params.set("one", this.chosen);
  },
  opened() { if (this.chosen) this.choose(this.chosen); },
};
