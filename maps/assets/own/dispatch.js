// The dispatcher's map of one plan: its layers, panel, card and replay around one state.

kit.pages.plan = {
  start(map) {
    const plan = kit.plan = new Plan();
    kit.facets = new Facets(plan.size, plan.facets());
    kit.marks = new Marks(map, plan, kit.facets, picked);
    kit.replay = new Replay(plan);
    kit.lossAt = lossAt;
    if (plan.changes.all.length) state.tab = "changes"; // who re-plans has people to tell first
    keepInAddress(plan);
    map.on("click", () => { if (state.selected) choose(null); });
  },

  bounds: () => kit.marks.bounds(null) || L.latLngBounds([]),

  panel(root) {
    kit.facets.apply(kit.plan.matching(state.query));
    kit.panel = new Panel(root, kit.plan, kit.facets, { choose, filtered, filter, changed: () => address.write() });
    kit.slider = new TimeSlider({ until: kit.replay.until, values: [0], changed: moved, told: toldAt, still: kit.still });
    kit.strip.replaceChildren(kit.slider.root);
  },

  show() { kit.marks.mount(); },

  opened() {
    window.setInterval(passed, 15000);
    window.setTimeout(() => kit.slider.draw(kit.replay.course()), 60);
    if (state.minutes !== null) kit.slider.set(state.minutes);
    if (state.selected) choose(state.selected, Boolean(kit.view));
  },

  legend: planLegend,

  speak() {
    kit.facets.apply(kit.plan.matching(state.query));
    kit.panel.draw();
    kit.marks.filter();
    kit.marks.changed.speak();
    kit.slider.draw();
    kit.marks.choose(state.selected);
    drawCard();
  },

  escape() { if (state.selected) choose(null); },

  toPaper() {
    kit.panel.root.querySelector("details.sum").open = true;
    kit.panel.virtual.lay(PRINTED_ROWS);
    kit.panel.allChanges();
    tellPaper();
  },
  fromPaper() { kit.panel.virtual.lay(0); },
};

function tellPaper() {
  const { total, hint } = kit.panel;
  if (total > PRINTED_ROWS && !hint.querySelector(".paper-only")) hint.append(make("span.paper-only", {}, " · " + say("printedOf", count(PRINTED_ROWS), count(total))));
}

/** What the address says: #lang=en&tab=out&case=A-17&tier=critical~high&q=…&t=45 */
function keepInAddress(plan) {
  address.keep((params) => {
    const tab = params.get("tab"), minutes = params.get("t");
    if (tabsOf(plan).includes(tab) || PARTS.includes(tab)) state.tab = tab;
    state.query = params.get("q") || "";
    state.minutes = minutes !== null && Number.isFinite(Number(minutes)) && Number(minutes) >= 0 ? Number(minutes) : null;
    kit.facets.chosen.forEach((set) => set.clear());
    for (const { key } of kit.facets.facets) if (params.has(key)) kit.facets.fromText(key, params.get(key));
    const one = params.has("case") ? plan.numberOf.get(params.get("case")) : undefined;
    const gone = plan.changes.spots.find((spot) => spot.known === null && spot.id === params.get("changed"));
    const crew = params.has("who") && plan.responders.find((each) => String(each.id) === params.get("who"));
    state.selected = one !== undefined ? { type: "case", number: one }
      : crew ? (crew.route ? { type: "route", number: crew.route.number } : { type: "responder", number: crew.number })
      : gone ? { type: "change", number: gone.number } : null;
  }, (params) => {
    const what = state.selected;
    params.set("tab", state.tab);
    if (state.query) params.set("q", state.query);
    for (const [key, text] of kit.facets.toText()) params.set(key, text);
    if (state.minutes !== null) params.set("t", String(Math.round(state.minutes)));
    if (what && what.type === "case") params.set("case", plan.columns.id[what.number]);
    if (what && what.type === "change") params.set("changed", plan.changes.spots[what.number].id);
    if (what && what.type === "route") params.set("who", plan.routes[what.number].responder.id);
    if (what && what.type === "responder") params.set("who", plan.responders[what.number].id);
  });
}

/** Filter by these values of one facet, and nothing else of it. */
function filter(key, ...values) {
  const at = kit.facets.facets.findIndex((facet) => facet.key === key), facet = kit.facets.facets[at];
  kit.facets.chosen[at] = new Set(values.map((value) => facet.values.indexOf(value)).filter((value) => value >= 0));
  kit.facets.apply();
  kit.panel.filtered();
}

function filtered() {
  kit.marks.filter();
  address.write();
}

/** The clock went on: states, ages and rates with it. */
function passed() {
  if (state.minutes !== null) return kit.panel.tick();
  if (kit.plan.restate()) {
    kit.facets.apply();
    kit.panel.filtered();
  }
  kit.panel.sort();
  return kit.panel.tick();
}

/** The replay moved: crews, states and the order of the list follow; the list a little later while it plays. */
function moved(minutes, playing) {
  state.minutes = minutes;
  document.body.classList.toggle("replaying", minutes !== null);
  kit.marks.move(minutes === null ? null : kit.replay.now.where);
  const settle = () => {
    kit.plan.restate();
    kit.facets.apply();
    kit.panel.sort();
    kit.panel.filtered();
    if (state.selected && state.selected.type === "case") drawCard();
    kit.panel.tick();
  };
  window.clearTimeout(kit.settling);
  const since = performance.now() - (kit.settled || 0);
  if (playing && since < 700) return;
  kit.settled = performance.now();
  if (playing) settle(); else kit.settling = window.setTimeout(settle, 60);
}

function toldAt(minutes) {
  const now = kit.replay.now = kit.replay.at(minutes);
  return [make("span", {}, say("waits", count(now.waits))), " · ", make("span", {}, say("losing", yuan(now.losing))), " · ",
    make("span", {}, say("onTheWay", now.moving)), " · ", make("span", {}, say("atTheDoor", now.there)), " · ", make("span", {}, say("seenSoFar", count(now.met)))];
}

function planLegend() {
  const { plan, marks } = kit;
  const route = legendSign(28, make("path.legend-route", { d: "M1 7H27" }), make("polygon", { points: "18,7 10,2.5 10,11.5", fill: KIND_INK.station, stroke: "#ffffff" }));
  const ring = make("svg.icon", { width: 22, height: 22, viewBox: "0 0 22 22", "aria-hidden": "true" }, make("circle.legend-ring", { cx: 11, cy: 11, r: 9 }));
  const other = legendSign(28, make("path.legend-other", { d: "M1 7H20" }), make("circle.legend-dot", { cx: 22, cy: 7, r: 4 }));
  const area = legendSign(28, make("rect.legend-area", { x: 1, y: 1, width: 26, height: 12 }));
  const closed = (shut) => plan.closures.filter((one) => (one.factor === 0) === shut).length;
  const barred = (shut) => legendSign(28,
    make("path", { d: "M1 7H27", stroke: shut ? SHUT_INK : SLOW_INK, "stroke-width": 7 }), make("path", { d: "M1 7H27", stroke: "#ffffff", "stroke-width": 5 }),
    make("path", { d: "M1 7H27", stroke: shut ? SHUT_INK : SLOW_INK, "stroke-width": 5, "stroke-dasharray": shut ? "7 5" : "3 6" }));
  const signs = CHANGE_ORDER.map((sign) => [sign, plan.changes.spots.filter((spot) => spot.sign === sign).length]).filter(([, many]) => many);
  const counts = TIERS.map((_, at) => plan.tier.of.reduce((sum, tier) => sum + (tier === at ? 1 : 0), 0));
  const layer = (key, label) => ({ label: say(label), on: marks.show[key], toggle: (on) => { marks.show[key] = on; marks.refresh(); marks.redraw(); } });
  return {
    headline: [...TIERS.map((tier, at) => make("span", {}, shapeIcon(tier, false, 16), " ", word(tier), make("small", {}, " " + count(counts[at])))),
      make("span", {}, shapeIcon("critical", true, 16), " ", say("leftOut"))],
    entries: [...KINDS.map((kind) => [kindIcon(kind, 18), word(kind)]),
      [route, say("routeMark")], [ring, say("radiusMark")], [other, say("otherMark")], [area, say("areaMark")],
      ...signs.map(([sign, many]) => [changeIcon(sign, 18), say(CHANGE_LOOK[sign].word) + " " + count(many)]),
      closed(true) ? [barred(true), say("shutMark", closed(true))] : null, closed(false) ? [barred(false), say("slowMark", closed(false))] : null],
    remarks: [...(plan.closures.some((one) => !one.inForce) ? [say("laterMark")] : []), say("crewMark"), say("stopNumber"), say("outMark"), ...(plan.size > GROUP_ABOVE ? [say("clusterMark")] : [])],
    layers: [layer("routes", "layerRoutes"), layer("responders", "layerResponders"), layer("radius", "layerRadius"), layer("areas", "layerAreas"),
      plan.closures.length ? layer("closures", "layerClosures") : null,
      plan.changes.all.length ? layer("changes", "layerChanges") : null,
      { label: say("layerNames"), on: kit.namesHidden !== true, toggle: (on) => { kit.namesHidden = !on; kit.leaflet[on ? "addLayer" : "removeLayer"](kit.names); } },
      tilesEntry()],
  };
}

const cardActions = {
  close: () => choose(null),
  choose: (what) => choose(what),
  look: (place) => kit.leaflet.setView([place.lat, place.lon], Math.max(14, kit.leaflet.getZoom())),
};

/** A mark on the map was clicked; where it is of a change, its list is shown too. */
function picked(what, spot = null) {
  if (spot) state.tab = "changes";
  choose(what);
}

/** Choose a case, route or responder everywhere at once; null for nothing. */
function choose(what, keepView = false) {
  const before = document.activeElement;
  state.selected = what;
  kit.marks.choose(what);
  if (what && what.type === "route" && state.tab !== "routes") state.tab = "routes";
  kit.panel.list();
  drawCard();
  if (what && !keepView) bringIntoView(what);
  address.write();
  // the list was made anew: the focus goes where it was, or to what was chosen
  if (before && !before.isConnected) {
    const row = kit.panel.results.querySelector("li.chosen button") || (what ? kit.card.querySelector("button.close") : null) || document.getElementById("panel");
    row.focus({ preventScroll: true });
  }
}

function drawCard() {
  const what = state.selected, shown = what && what.type !== "route";
  document.body.classList.toggle("with-card", Boolean(shown));
  if (!shown) return kit.card.replaceChildren();
  const card = what.type === "case" ? caseCard(kit.plan, kit.plan.case(what.number), cardActions)
    : what.type === "change" ? goneCard(kit.plan.changes.spots[what.number], cardActions) : responderCard(kit.plan.responders[what.number], cardActions);
  kit.card.replaceChildren(card);
  return kit.card.scrollTo(0, 0);
}

function bringIntoView(what) {
  const bounds = kit.marks.bounds(what), map = kit.leaflet;
  if (!bounds) return;
  const covered = what.type !== "route" && window.innerWidth > 760 ? 350 : 30;
  const options = { paddingTopLeft: [covered, 40], paddingBottomRight: [40, 40], maxZoom: what.type === "route" ? 15 : 14, ...(kit.still ? { animate: false } : {}) };
  if (kit.still) map.fitBounds(bounds, options); else map.flyToBounds(bounds, { ...options, duration: 0.5 });
}
