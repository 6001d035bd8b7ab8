// What a re-plan changed: signs on the map, and the list a radio operator reads out, crew by crew.

const CREWS_LISTED = 60;

/** Signs differ in outline and picture first, in colour last: told apart in grey, and by whoever sees few colours. */
const CHANGE_LOOK = {
  added: { word: "changeAdded", ink: "#0b5cad", fill: "#0b5cad", line: "#ffffff", d: "M6 12H18M12 6V18" },
  handed: { word: "changeHanded", ink: "#5b2a86", fill: "#5b2a86", line: "#ffffff", d: "M5 9.5H18M14.5 6L18 9.5M19 14.5H6M9.5 18L6 14.5" },
  later: { word: "changeLater", ink: "#14213d", fill: "#ffffff", line: "#14213d", d: "M5 12H18M13 7L18.5 12L13 17" },
  sooner: { word: "changeSooner", ink: "#14213d", fill: "#ffffff", line: "#14213d", d: "M19 12H6M11 7L5.5 12L11 17" },
  cancelled: { word: "changeCancelled", ink: "#14213d", fill: "#14213d", line: "#ffffff", d: "M7 7L17 17M17 7L7 17" },
};
const CHANGE_ORDER = Object.keys(CHANGE_LOOK);

/** Which sign a change has: one that another crew has a part in is handed over. */
function changeSign(one) {
  if (one.shared) return "handed";
  if (one.sort !== "moved") return one.sort in CHANGE_LOOK ? one.sort : "added";
  return one.after >= one.before ? "later" : "sooner";
}

/** A change's sign; `pointed` has a tip below that stands on the place. */
function changeIcon(sign, size = 20, pointed = false) {
  const look = CHANGE_LOOK[sign], moved = sign === "later" || sign === "sooner";
  const outline = { fill: look.fill, stroke: look.ink, "stroke-width": 2, "stroke-linejoin": "round" };
  const body = sign === "added" || sign === "handed" ? make("circle", { cx: 12, cy: 12, r: 10.5, ...outline })
    : moved ? make("rect", { x: 1.5, y: 3, width: 21, height: 18, rx: 4, ...outline })
      : make("polygon", { points: "7.5,1.5 16.5,1.5 22.5,7.5 22.5,16.5 16.5,22.5 7.5,22.5 1.5,16.5 1.5,7.5", ...outline });
  return make("svg.icon.change-icon", { width: size, height: pointed ? (size * 30) / 24 : size, viewBox: pointed ? "0 0 24 30" : "0 0 24 24", "aria-hidden": "true" },
    pointed ? make("polygon", { points: "7,20 17,20 12,29", fill: look.ink }) : null, body,
    make("path", { d: look.d, fill: "none", stroke: look.line, "stroke-width": 2.6, "stroke-linecap": "round", "stroke-linejoin": "round" }));
}

/** Changes as objects, and those at one place of one case together: what one sign stands for. */
function readChanges() {
  const all = rows(data.changes), spots = new Map();
  for (const one of all) {
    const key = one.case_id + " " + one.point.map((part) => part.toFixed(5)).join(" ");
    const spot = spots.get(key);
    one.sign = changeSign(one);
    if (spot) spot.changes.push(one); else spots.set(key, { changes: [one] });
  }
  const list = [...spots.values()].map((spot, number) => {
    const { case: known, case_id: id, point: [lon, lat] } = spot.changes[0];
    const signs = new Set(spot.changes.map((one) => one.sign));
    const sign = signs.has("handed") || (signs.has("added") && signs.has("cancelled")) ? "handed" : CHANGE_ORDER.find((each) => signs.has(each));
    for (const one of spot.changes) one.spot = number;
    return Object.assign(spot, { number, known, id, lat, lon, sign });
  });
  return { all, spots: list };
}

/** What is read out; where sentences were left out, the sign's own words. */
function changeWords(one) {
  const told = pick(one.sentence);
  if (told) return told;
  const times = one.sort === "moved" ? [clock(one.before), clock(one.after)] : [clock(one.sort === "cancelled" ? one.before : one.after)];
  return [say("case") + " " + one.case_id, say(CHANGE_LOOK[one.sign].word), times.join(" → ")].join(pick(["，", ", "]));
}

/** One crew's changes as one sentence for the radio. */
const radioLine = (crew) => crew.name + pick(["：", ": "]) + crew.changes.map(changeWords).join(pick(["；", "; "])) + pick(["。", "."]);

/** Changes by crew, in the order they are told. */
function changesByCrew(changes) {
  const crews = new Map();
  for (const one of changes) {
    if (!crews.has(one.responder_id)) crews.set(one.responder_id, { id: one.responder_id, name: one.responder, number: one.crew, changes: [] });
    crews.get(one.responder_id).changes.push(one);
  }
  return [...crews.values()];
}

/** A button on the map for each place where something is different. */
class ChangeMarks {
  constructor(map, spots, onPick) {
    Object.assign(this, { map, spots, onPick });
    map.createPane("changes").style.zIndex = 470;
    map.getPane("changes").style.pointerEvents = "none";
    this.layer = L.layerGroup();
    this.buttons = spots.map((spot) => this.button(spot));
    map.on("zoomend", () => this.fit());
    this.fit();
    this.speak();
  }

  button(spot) {
    const button = make("button.change-mark.change-" + spot.sign, { type: "button", "data-spot": String(spot.number), onclick: () => this.onPick(spot) }, changeIcon(spot.sign, 24, true), spot.known === null ? make("i") : null);
    L.DomEvent.disableClickPropagation(button);
    const icon = L.divIcon({ className: "change-place", html: button, iconSize: [0, 0] });
    // the less settled lie on top
    this.layer.addLayer(L.marker([spot.lat, spot.lon], { icon, pane: "changes", interactive: false, keyboard: false, zIndexOffset: -1000 * CHANGE_ORDER.indexOf(spot.sign) }));
    return button;
  }

  fit() { this.map.getPane("changes").classList.toggle("far", nearness(this.map.getZoom()) < 11.5); }

  /** Names in the language of the moment. */
  speak() {
    this.spots.forEach((spot, at) => {
      const said = say(CHANGE_LOOK[spot.sign].word) + " · " + spot.id;
      this.buttons[at].setAttribute("aria-label", said);
      this.buttons[at].title = said + "\n" + spot.changes.map((one) => one.responder + pick(["：", ": "]) + changeWords(one)).join("\n");
    });
  }

  /** Those of the chosen case stand out. */
  choose(isChosen) { this.buttons.forEach((button, at) => button.classList.toggle("chosen", isChosen(this.spots[at]))); }
}

/** Whether a spot belongs to what is chosen. */
const spotChosen = (spot, what) => Boolean(what) && ((what.type === "case" && spot.known === what.number) || (what.type === "change" && spot.number === what.number));

/** What a click on a change chooses: its case, or the place by itself where the plan has the case no more. */
const choiceOf = (spot) => (spot.known === null ? { type: "change", number: spot.number } : { type: "case", number: spot.known });

/** The list: a section a crew, its duty phone, all of it to copy, and a line a change. */
function changeList(plan, changes, choose, most) {
  const crews = changesByCrew(changes);
  const section = (crew) => {
    const known = crew.number === null ? null : plan.responders[crew.number];
    const head = make("header", {}, known ? kindIcon(known.kind) : null,
      make("h3", {}, given(crew.name), known && known.phone ? make("small", {}, " ", given(known.phone)) : null),
      copyButton(radioLine(crew), say("copyRadio"), say("copyRadioFor", crew.name), "copy"));
    return make("section.crew-changes", { "aria-label": crew.name }, head, make("ul", {}, crew.changes.map((one) => changeRow(plan, one, choose))));
  };
  const rest = crews.length - most;
  return make("div.changes", {}, crews.slice(0, most).map(section),
    rest > 0 ? make("button.more", { type: "button", onclick: (event) => event.target.parentNode.replaceWith(changeList(plan, changes, choose, crews.length)) }, say("more", count(rest))) : null);
}

function changeRow(plan, one, choose) {
  const spot = plan.changes.spots[one.spot];
  return make(spotChosen(spot, state.selected) ? "li.chosen" : "li", { "data-spot": String(one.spot) },
    make("button.plain", { type: "button", onclick: () => choose(choiceOf(spot)) }, changeIcon(one.sign, 22),
      make("span.grow", {}, make("span.offscreen", {}, say(CHANGE_LOOK[one.sign].word) + " "), given(changeWords(one)))));
}

/** In a card: what is told to whom about this place. */
function changeNotes(changes) {
  return changes.length ? section(say("tabChanges"), make("ul.told-anew", {}, changes.map((one) => make("li", {}, changeIcon(one.sign, 18), make("span.grow", {}, make("b", {}, given(one.responder)), " ", given(changeWords(one))))))) : null;
}

/** The card of a place whose case is in the plan no more. */
function goneCard(spot, actions) {
  return make("article.card", { "aria-label": say("case") + " " + spot.id },
    make("header", {}, changeIcon(spot.sign, 24), make("div.card-title", {}, make("h3", {}, given(spot.id)), make("p", {}, say("changeGone"))),
      make("button.plain.close", { type: "button", "aria-label": say("close"), onclick: actions.close }, "×")),
    changeNotes(spot.changes));
}
