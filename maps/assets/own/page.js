// The page: map, panel, card and legend around one state, which the address bar keeps.

const kit = {};

/** Make the Leaflet map of the page; Folium's layers are added to it under its name. */
kit.map = (id) => {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(id, { zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still, attributionControl: false, zoomControl: false, zoomSnap: 0.5, minZoom: 5, maxZoom: 18, boxZoom: true, keyboard: true });
  Object.assign(kit, { still, leaflet: map });
  map.createPane("ground").style.zIndex = 150;
  map.createPane("routes").style.zIndex = 300;
  map.createPane("names").style.zIndex = 350;
  map.getPane("routes").style.pointerEvents = "none";
  map.getPane("names").style.pointerEvents = "none";
  map.setView([0, 0], 5);
  return map;
};

/** Called once everything that was added is there. */
kit.ready = async () => {
  data = await readBlock();
  const { leaflet: map } = kit, plan = kit.plan = readPlan();
  state.language = data.language === "en" ? "en" : "zh";
  readAddress(plan);
  const ground = readGround();
  const groundLayer = new Ground(ground);
  groundLayer.options.pane = "ground";
  kit.names = new Names(ground);
  const box = groundBounds(ground);
  if (box.isValid()) map.setMaxBounds(box.pad(0.6));
  buildFrame();
  kit.marks = new Marks(map, plan, choose);
  map.addLayer(groundLayer);
  map.addLayer(kit.names);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  kit.panel = new Panel(document.getElementById("panel"), plan, { choose, changed: writeAddress, language: switchLanguage });
  furnish();
  kit.whole = () => {
    map.invalidateSize({ animate: false });
    const bounds = kit.marks.bounds(null) || box;
    if (bounds && bounds.isValid()) map.fitBounds(bounds, { paddingTopLeft: [30, 30], paddingBottomRight: [56, 56], maxZoom: 15, animate: false });
  };
  kit.whole();
  map.on("click", () => choose(null));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && state.selected) choose(null); });
  map.on("resize", sizeForPaper);
  sizeForPaper();
  window.setInterval(() => kit.panel.tick(), 15000);
  if (state.selected) choose(state.selected);
};

/** Paper shows the map as it stands on screen, enlarged: a canvas cannot be drawn anew while printing. */
function sizeForPaper() {
  const size = kit.leaflet.getSize(), paper = { x: 1500, y: 880 };
  if (!size.x || !size.y || window.matchMedia("print").matches) return;
  const style = document.documentElement.style;
  style.setProperty("--map-width", size.x + "px");
  style.setProperty("--map-height", size.y + "px");
  style.setProperty("--map-zoom", Math.min(paper.x / size.x, paper.y / size.y).toFixed(3));
}

function groundBounds(ground) {
  const bounds = L.latLngBounds([]);
  const { cases, responders } = kit.plan;
  for (const one of cases) for (const place of one.places) bounds.extend([place.lat, place.lon]);
  for (const one of responders) bounds.extend([one.lat, one.lon]);
  for (const label of ground.labels) bounds.extend([label.lat, label.lon]);
  return bounds;
}

/** The parts of the page that are not the map. */
function buildFrame() {
  const page = document.getElementById("page"), ground = document.getElementById("ground");
  document.documentElement.lang = state.language === "en" ? "en" : "zh-CN";
  kit.skip = make("a.skip", { href: "#panel" });
  kit.banner = data.synthetic ? make("div.practice", { role: "note" }) : null;
  kit.sheetTitle = make("div.sheet-title");
  kit.card = make("div.card-slot", { "aria-live": "polite" });
  kit.legend = make("details.legend");
  kit.tools = make("div.tools");
  kit.credit = make("div.credit");
  kit.grip = make("button.grip", { type: "button", onclick: () => { document.body.classList.toggle("tall"); setTimeout(() => kit.leaflet.invalidateSize(), 250); } });
  ground.append(kit.card, kit.legend, kit.tools, kit.credit, make("div.north", { "aria-hidden": "true" }, "▲", make("span")));
  if (data.watermark) ground.append(make("div.watermark", { "aria-hidden": "true" }, Array.from({ length: 12 }, () => make("span", {}, data.watermark))));
  page.prepend(kit.skip, kit.sheetTitle, ...(kit.banner ? [kit.banner] : []), make("aside", { id: "panel", tabindex: "-1" }), kit.grip);
  for (const element of [kit.card, kit.legend, kit.tools]) {
    L.DomEvent.disableClickPropagation(element);
    L.DomEvent.disableScrollPropagation(element);
  }
}

/** Everything outside the panel that is said in words. */
function furnish() {
  document.title = (data.synthetic ? "［" + pick(["演练", "PRACTICE"]) + "］" : "") + data.area + " · " + pick(data.title) + " · " + clock(0, true);
  kit.skip.textContent = say("skip");
  kit.sheetTitle.replaceChildren(make("b", {}, given(data.area)), " ", given(pick(data.title)), " · ", say("asOf"), " ", clock(0, true));
  if (kit.banner) kit.banner.textContent = say("practice");
  document.getElementById("panel").setAttribute("aria-label", say("panel"));
  kit.leaflet.getContainer().setAttribute("aria-label", say("map"));
  kit.leaflet.getContainer().setAttribute("role", "application");
  document.querySelector(".north span").textContent = say("north");
  kit.grip.setAttribute("aria-label", say("resize"));
  kit.credit.replaceChildren(given(data.attribution), ...(data.synthetic && !data.attribution.includes("演练") ? [make("b", {}, " " + pick(["演练数据", "practice data"]))] : []));
  const tool = (key, sign, act) => make("button", { type: "button", title: say(key), "aria-label": say(key), onclick: act }, sign);
  kit.tools.replaceChildren(
    tool("zoomIn", "+", () => kit.leaflet.zoomIn(1)), tool("zoomOut", "−", () => kit.leaflet.zoomOut(1)), tool("whole", "⤢", () => kit.whole()));
  drawLegend();
}

function drawLegend() {
  const entry = (picture, text) => make("li", {}, picture, make("span", {}, text));
  const line = (name) => make("svg.icon", { width: 28, height: 14, viewBox: "0 0 28 14", "aria-hidden": "true" }, make("path." + name, { d: "M1 7H27" }),
    name === "legend-route" ? make("polygon", { points: "18,7 10,2.5 10,11.5", fill: KIND_INK.station, stroke: "#ffffff" }) : null);
  const ring = make("svg.icon", { width: 22, height: 22, viewBox: "0 0 22 22", "aria-hidden": "true" }, make("circle.legend-ring", { cx: 11, cy: 11, r: 9 }));
  const other = make("svg.icon", { width: 28, height: 14, viewBox: "0 0 28 14", "aria-hidden": "true" }, make("path.legend-other", { d: "M1 7H20" }), make("circle.legend-dot", { cx: 22, cy: 7, r: 4 }));
  const closed = (shut) => kit.plan.closures.filter((one) => (one.factor === 0) === shut).length;
  const barred = (shut) => make("svg.icon", { width: 28, height: 14, viewBox: "0 0 28 14", "aria-hidden": "true" },
    make("path", { d: "M1 7H27", stroke: shut ? SHUT_INK : SLOW_INK, "stroke-width": 7 }), make("path", { d: "M1 7H27", stroke: "#ffffff", "stroke-width": 5 }),
    make("path", { d: "M1 7H27", stroke: shut ? SHUT_INK : SLOW_INK, "stroke-width": 5, "stroke-dasharray": shut ? "7 5" : "3 6" }));
  const counts = Object.fromEntries(TIERS.map((tier) => [tier, kit.plan.cases.filter((one) => one.tier === tier).length]));
  const toggle = (key, label) => make("label", {}, make("input", {
    type: "checkbox", checked: key === "names" ? kit.namesHidden !== true : kit.marks.show[key],
    onchange: (event) => toggleLayer(key, event.target.checked),
  }), " ", say(label));
  kit.legend.replaceChildren(
    make("summary", {}, make("b", {}, say("legend")),
      TIERS.map((tier) => make("span", {}, shapeIcon(tier, false, 16), " ", word(tier), make("small", {}, " " + count(counts[tier])))),
      make("span", {}, shapeIcon("critical", true, 16), " ", say("leftOut"))),
    make("ul", {}, KINDS.map((kind) => entry(kindIcon(kind, 18), word(kind))),
      entry(line("legend-route"), say("routeMark")), entry(ring, say("radiusMark")), entry(other, say("otherMark")),
      closed(true) ? entry(barred(true), say("shutMark", closed(true))) : null, closed(false) ? entry(barred(false), say("slowMark", closed(false))) : null),
    ...(kit.plan.closures.some((one) => !one.inForce) ? [make("p", {}, say("laterMark"))] : []),
    make("p", {}, say("stopNumber")), make("p", {}, say("outMark")),
    make("fieldset", {}, make("legend", {}, say("layers")),
      toggle("routes", "layerRoutes"), toggle("responders", "layerResponders"), toggle("radius", "layerRadius"),
      kit.plan.closures.length ? toggle("closures", "layerClosures") : null, toggle("names", "layerNames")));
}

function toggleLayer(key, on) {
  if (key === "names") {
    kit.namesHidden = !on;
    kit.leaflet[on ? "addLayer" : "removeLayer"](kit.names);
    return;
  }
  kit.marks.show[key] = on;
  kit.marks.refresh();
}

const cardActions = {
  close: () => choose(null),
  choose,
  look: (place) => kit.leaflet.setView([place.lat, place.lon], Math.max(14, kit.leaflet.getZoom())),
};

/** Choose a case, route or responder everywhere at once; null for nothing. */
function choose(what) {
  state.selected = what;
  kit.marks.choose(what);
  if (what && what.type === "route" && state.tab !== "routes" && !state.query) state.tab = "routes";
  kit.panel.list();
  drawCard();
  if (what) bringIntoView(what);
  writeAddress();
}

function drawCard() {
  const what = state.selected, shown = what && what.type !== "route";
  document.body.classList.toggle("with-card", Boolean(shown));
  if (!shown) return kit.card.replaceChildren();
  const card = what.type === "case" ? caseCard(kit.plan.cases[what.number], cardActions) : responderCard(kit.plan.responders[what.number], cardActions);
  kit.card.replaceChildren(card);
  return kit.card.scrollTo(0, 0);
}

function bringIntoView(what) {
  const bounds = kit.marks.bounds(what), map = kit.leaflet;
  if (!bounds) return;
  const covered = what.type !== "route" && window.innerWidth > 760 ? 350 : 30;
  const options = { paddingTopLeft: [covered, 40], paddingBottomRight: [40, 40], maxZoom: what.type === "route" ? 15 : 14, ...(kit.still ? { animate: false } : {}) };
  const inside = map.getBounds().contains(bounds) && map.getZoom() >= 12 && what.type !== "route";
  if (inside && map.latLngToContainerPoint(bounds.getCenter()).x > covered) return;
  map.fitBounds(bounds, options);
}

function switchLanguage() {
  state.language = state.language === "zh" ? "en" : "zh";
  document.documentElement.lang = state.language === "en" ? "en" : "zh-CN";
  kit.panel.draw();
  furnish();
  drawCard();
  kit.leaflet.closePopup();
  kit.marks.resize();
  writeAddress();
  document.getElementById("language").focus();
}

/** What the address says: #lang=en&tab=out&case=A-17 */
function readAddress(plan) {
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (["zh", "en"].includes(wanted.get("lang"))) state.language = wanted.get("lang");
  if (["now", "routes", "out"].includes(wanted.get("tab"))) state.tab = wanted.get("tab");
  const one = wanted.has("case") && plan.cases.find((each) => each.id === wanted.get("case"));
  const route = wanted.has("route") && plan.routes.find((each) => each.responder.id === wanted.get("route"));
  if (one) state.selected = { type: "case", number: one.number };
  else if (route) state.selected = { type: "route", number: route.number };
}

function writeAddress() {
  const said = new URLSearchParams({ lang: state.language, tab: state.tab }), what = state.selected;
  if (what && what.type === "case") said.set("case", kit.plan.cases[what.number].id);
  if (what && what.type === "route") said.set("route", kit.plan.routes[what.number].responder.id);
  try {
    history.replaceState(null, "", "#" + said);
  } catch {
    // some viewers forbid it; the page works without
  }
}

// the two things Folium's popups and layer order ask of jQuery
window.$ = (what) => (typeof what === "string"
  ? [...new DOMParser().parseFromString(what, "text/html").body.children]
  : { ready: (act) => act() });

kit.lossAt = lossAt;
window.dispatchKit = kit;
