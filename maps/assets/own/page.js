// The page every map stands in: frame, language, legend, credit, tools. What it shows is a page of `kit.pages`.

const kit = { pages: {} };

/** Make the Leaflet map of the page; Folium's layers are added to it under its name. */
kit.map = (id) => {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(id, { zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still, attributionControl: false, zoomControl: false, zoomSnap: 0.5, minZoom: 5, maxZoom: 18, boxZoom: true, keyboard: true });
  Object.assign(kit, { still, leaflet: map });
  const panes = { ground: 150, tiles: 160, routes: 300, names: 350, crews: 450, marks: 460 };
  for (const [name, level] of Object.entries(panes)) {
    map.createPane(name).style.zIndex = level;
    if (name !== "ground" && name !== "tiles") map.getPane(name).style.pointerEvents = "none";
  }
  map.setView([0, 0], 5);
  return map;
};

/**
 * Called once everything that was added is there. The page named by the data is an object:
 *   words       more sentences, { key: [zh, en] }
 *   start(map)  reads `data` and makes its layers, without adding them: the view is not known yet
 *   bounds()    what the whole view must hold, as L.latLngBounds
 *   legend()    what `fillLegend` takes
 *   panel(root) makes the panel, for the first time
 *   show(map)   adds its layers
 *   speak()     says everything again after the language changed
 * and if it likes
 *   opened()    once all that is done; toPaper() and fromPaper() around printing
 *   escape()    what the Escape key leaves
 */
kit.ready = async () => {
  data = await readBlock();
  const { leaflet: map } = kit, page = kit.page = kit.pages[data.page];
  Object.assign(WORDS, page.words || {});
  state.language = data.language === "en" ? "en" : "zh";
  address.keep((params) => { if (["zh", "en"].includes(params.get("lang"))) state.language = params.get("lang"); }, (params) => params.set("lang", state.language));
  address.keep(readView, writeView);
  const ground = readGround(), groundLayer = new Ground(ground);
  groundLayer.options.pane = "ground";
  kit.names = new Names(ground);
  kit.box = L.latLngBounds(ground.labels.map((label) => [label.lat, label.lon]));
  buildFrame();
  page.start(map);
  address.read();
  document.documentElement.lang = state.language === "en" ? "en" : "zh-CN";
  const bounds = page.bounds(), reach = L.latLngBounds([]).extend(kit.box.isValid() ? kit.box : bounds).extend(bounds);
  kit.whole();
  if (kit.view) map.setView(kit.view.center, kit.view.zoom, { animate: false });
  if (reach.isValid()) map.setMaxBounds(reach.pad(0.6));
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  page.panel(document.getElementById("panel"));
  furnish();
  map.addLayer(groundLayer).addLayer(kit.names);
  if (data.tiles) layTiles(map);
  page.show(map);
  map.on("moveend", () => address.write());
  map.on("resize", () => paper.fit());
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && page.escape) page.escape(); });
  window.addEventListener("hashchange", () => { if (location.hash !== address.last) { address.read(); page.speak(); furnish(); if (kit.view) map.setView(kit.view.center, kit.view.zoom); } });
  paper.watch(() => { stamp(); if (page.toPaper) page.toPaper(); }, () => { if (page.fromPaper) page.fromPaper(); });
  paper.fit();
  if (page.opened) page.opened();
};

/** The whole of it in view. */
kit.whole = () => {
  const { leaflet: map, page } = kit;
  map.invalidateSize({ animate: false });
  const bounds = page.bounds(), shown = bounds && bounds.isValid() ? bounds : kit.box;
  if (shown && shown.isValid()) map.fitBounds(shown, { paddingTopLeft: [30, 30], paddingBottomRight: [56, 56], maxZoom: 15, animate: false });
};

function readView(params) {
  const [lat, lon, zoom] = (params.get("view") || "").split(",").map(Number);
  kit.view = Number.isFinite(lat) && Number.isFinite(lon) && zoom > 0 ? { center: [lat, lon], zoom: Math.min(18, Math.max(5, zoom)) } : null;
}

function writeView(params) {
  const center = kit.leaflet.getCenter();
  params.set("view", [center.lat.toFixed(5), center.lng.toFixed(5), kit.leaflet.getZoom()].join(","));
}

/** The parts of the page that are not the map. */
function buildFrame() {
  const page = document.getElementById("page"), ground = document.getElementById("ground");
  kit.skip = make("a.skip", { href: "#panel", onclick: (event) => { event.preventDefault(); document.getElementById("panel").focus(); } });
  kit.banner = data.synthetic ? make("div.practice", { role: "note" }) : null;
  kit.sheetTitle = make("div.sheet-title");
  kit.card = make("div.card-slot", { "aria-live": "polite" });
  kit.legend = make("details.legend");
  kit.tools = make("div.tools");
  kit.credit = make("div.credit");
  kit.strip = make("div.strip", { id: "strip" });
  kit.grip = make("button.grip", { type: "button", onclick: () => { document.body.classList.toggle("tall"); setTimeout(() => kit.leaflet.invalidateSize(), 250); } });
  ground.setAttribute("role", "main");
  ground.append(kit.card, kit.legend, kit.tools, kit.credit, make("div.north", { "aria-hidden": "true" }, "▲", make("span")));
  if (data.watermark) ground.append(make("div.watermark", { "aria-hidden": "true" }, Array.from({ length: 12 }, () => make("span", {}, data.watermark))));
  page.prepend(kit.skip, kit.sheetTitle, ...(kit.banner ? [kit.banner] : []), make("aside", { id: "panel", tabindex: "-1" }), kit.grip);
  page.append(kit.strip);
  for (const element of [kit.card, kit.legend, kit.tools]) {
    L.DomEvent.disableClickPropagation(element);
    L.DomEvent.disableScrollPropagation(element);
  }
}

/** Everything outside the panel that is said in words. */
function furnish() {
  document.documentElement.lang = state.language === "en" ? "en" : "zh-CN";
  document.title = (data.synthetic ? "［" + pick(["演练", "PRACTICE"]) + "］" : "") + data.area + " · " + pick(data.title) + " · " + clock(0, true);
  kit.skip.textContent = say("skip");
  stamp();
  if (kit.banner) kit.banner.textContent = say("practice");
  document.getElementById("panel").setAttribute("aria-label", say("panel"));
  kit.leaflet.getContainer().setAttribute("aria-label", say("map"));
  kit.leaflet.getContainer().setAttribute("role", "application");
  document.querySelector(".north span").textContent = say("north");
  kit.grip.setAttribute("aria-label", say("resize"));
  kit.credit.replaceChildren(given(data.attribution + (data.tiles ? " · " + data.tiles.attribution : "")), ...(data.synthetic && !data.attribution.includes("演练") ? [make("b", {}, " " + pick(["演练数据", "practice data"]))] : []));
  const tool = (key, sign, act) => make("button", { type: "button", title: say(key), "aria-label": say(key), onclick: act }, sign);
  kit.tools.replaceChildren(
    tool("zoomIn", "+", () => kit.leaflet.zoomIn(1)), tool("zoomOut", "−", () => kit.leaflet.zoomOut(1)), tool("whole", "⤢", () => kit.whole()));
  fillLegend(kit.legend, kit.page.legend());
}

/** The head of the paper: what, as of when, and printed when. */
function stamp() {
  const now = new Date(), two = (value) => String(value).padStart(2, "0");
  const printed = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())} ${two(now.getHours())}:${two(now.getMinutes())}`;
  kit.sheetTitle.replaceChildren(make("b", {}, given(data.area)), " ", given(pick(data.title)), " · ", say("asOf"), " ", clock(0, true),
    state.minutes === null ? "" : " · " + say("replaying", clock(state.minutes)), make("small", {}, " · ", say("printedAt", printed)));
}

/** The other language, everywhere at once. */
kit.switchLanguage = () => {
  state.language = state.language === "zh" ? "en" : "zh";
  furnish();
  kit.page.speak();
  kit.leaflet.closePopup();
  address.write();
  const button = document.getElementById("language");
  if (button) button.focus();
};

// the two things Folium's popups and layer order ask of jQuery
window.$ = (what) => (typeof what === "string"
  ? [...new DOMParser().parseFromString(what, "text/html").body.children]
  : { ready: (act) => act() });

window.dispatchKit = kit;
