// The data block becomes a plan: columns for what is many, objects for what is shown.

const TIERS = ["critical", "high", "medium", "low"];
const KINDS = ["station", "town", "village", "county"];
const STATES = ["out", "planned", "overdue", "sent", "departed", "arrived", "done"];
const BANDS = ["15", "30", "60", "later", "none"];
const UNKNOWN = "";

/** Severe cases are counted wherever they are not drawn. */
const isSevere = (tier) => tier === "critical" || tier === "high";

class Plan {
  constructor() {
    const { cases, places, stops } = data;
    this.size = cases.id.length;
    this.columns = cases;
    this.responders = rows(data.responders);
    this.placeStart = runs(places.case, this.size);
    this.places = places;
    this.known = new Map();
    this.tier = coded(cases.tier, TIERS);
    this.readRoutes(stops);
    this.readPlaces();
    this.curves = {
      stake: numbers(cases.stake_yuan), hazard: numbers(cases.hazard_per_hour), until: numbers(cases.hold_until_minutes),
      fraction: numbers(cases.hold_fraction), due: numbers(cases.due_minutes), late: numbers(cases.late_yuan_per_minute),
    };
    this.rate = new Float64Array(this.size);
    this.rateAt(0);
    this.closures = readClosures();
    this.changes = readChanges();
    this.numberOf = new Map(cases.id.map((id, at) => [id, at]));
  }

  readRoutes(stops) {
    const { responders } = this, homeLegs = unpackLines(data.routes.home_legs), legs = unpackLines(data.stops.legs);
    this.routes = rows(data.routes);
    for (const route of this.routes) {
      Object.assign(route, { responder: responders[route.responder], stops: [], homeLeg: latlons(homeLegs, route.number) });
      route.responder.route = route;
    }
    this.stopsOf = new Map();
    for (const stop of rows(stops)) {
      stop.route = this.routes[stop.route];
      stop.leg = latlons(legs, stop.number);
      stop.with = stop.partner === null ? null : responders[stop.partner];
      stop.order = stop.route.stops.push(stop);
      const known = this.stopsOf.get(stop.case);
      if (known) known.push(stop); else this.stopsOf.set(stop.case, [stop]);
    }
    this.first = new Array(this.size).fill(null);
    for (const [number, found] of this.stopsOf) {
      found.sort((a, b) => a.contact - b.contact || Number(b.leads) - Number(a.leads));
      this.first[number] = found[0];
    }
  }

  /** Where each case counts as: the first place gone to, else the likeliest. */
  readPlaces() {
    const { places, placeStart, size } = this;
    this.place = new Int32Array(size).fill(-1);
    this.x = new Float64Array(size).fill(NaN);
    this.y = new Float64Array(size).fill(NaN);
    for (let one = 0; one < size; one++) {
      const wanted = this.first[one] && this.first[one].place_id;
      let best = -1;
      for (let at = placeStart[one]; at < placeStart[one + 1]; at++) {
        if (wanted && places.id[at] === wanted) { best = at; break; }
        if (best < 0 || places.probability[at] > places.probability[best]) best = at;
      }
      this.place[one] = best;
      if (best < 0) continue;
      this.x[one] = worldX(places.lon[best]);
      this.y[one] = worldY(places.lat[best]);
    }
    for (const [one, found] of this.stopsOf) {
      for (const stop of found) {
        let at = placeStart[one];
        while (at < placeStart[one + 1] && places.id[at] !== stop.place_id) at += 1;
        stop.share = at < placeStart[one + 1] ? places.probability[at] : 1;
        stop.label = at < placeStart[one + 1] ? places.label[at] : "";
      }
    }
  }

  /** One case as an object, with its places and stops; made when it is first asked for. */
  case(number) {
    let one = this.known.get(number);
    if (one) return one;
    one = { number };
    for (const name of Object.keys(this.columns)) one[name] = this.columns[name][number];
    one.places = [];
    for (let at = this.placeStart[number]; at < this.placeStart[number + 1]; at++) {
      const place = { number: at };
      for (const name of Object.keys(this.places)) if (name !== "case") place[name] = this.places[name][at];
      one.places.push(place);
    }
    one.stops = this.stopsOf.get(number) || [];
    one.place = one.places[this.place[number] - this.placeStart[number]] || null;
    one.dutyOf = one.duty === null || one.duty === undefined ? null : this.responders[one.duty];
    this.known.set(number, one);
    return one;
  }

  /** The place a stop goes to. */
  placeOf(stop) { return this.case(stop.case).places.find((place) => place.id === stop.place_id) || null; }

  /** Yuan lost per minute at a moment while nobody is there, for every case. */
  rateAt(minutes) {
    const { stake, hazard, until, fraction, due, late } = this.curves, over = minutes >= data.horizon_minutes;
    for (let one = 0; one < this.size; one++) {
      const hold = until[one], held = hold > 0 ? Math.min(minutes, hold) : 0, pace = minutes < hold ? fraction[one] : 1;
      const gone = (hazard[one] / 60) * (held * fraction[one] + (minutes - held));
      this.rate[one] = over ? 0 : (stake[one] * hazard[one] * pace * Math.exp(-gone)) / 60 + (minutes >= due[one] ? late[one] : 0);
    }
  }

  /** What a case is doing: by what was reported, or in a replay by the plan's own clock. */
  stateOf(number, replay = state.minutes) {
    const stop = this.first[number];
    if (!stop) return "out";
    if (replay === null) return stop.state !== "planned" ? stop.state : minutesNow() > stop.contact ? "overdue" : "planned";
    if (replay >= stop.leave) return "done";
    if (replay >= stop.arrive) return "arrived";
    return replay >= stop.arrive - stop.drive_minutes ? "departed" : "planned";
  }

  /** Responder, place and text of each case for the filters. */
  facets() {
    const { columns, responders } = this, stops = this.first;
    const filled = (name) => coded(columns[name].map((value) => value || UNKNOWN));
    const named = (value) => (value === UNKNOWN ? say("notKnown") : value);
    const band = (stop) => (!stop ? "none" : stop.contact <= 15 ? "15" : stop.contact <= 30 ? "30" : stop.contact <= 60 ? "60" : "later");
    const crew = coded(stops.map((stop) => (stop ? String(stop.route.responder.id) : UNKNOWN)));
    const nameOf = new Map(responders.map((one) => [String(one.id), one.name || one.id]));
    this.states = coded(Array.from({ length: this.size }, (_, at) => this.stateOf(at)), STATES);
    const words = { 15: "eta15", 30: "eta30", 60: "eta60", later: "etaLater", none: "etaNone" };
    return [
      { key: "tier", label: () => say("facetTier"), ...this.tier, ordered: true, name: word, picture: (tier) => shapeIcon(tier, false, 16) },
      { key: "state", label: () => say("facetState"), ...this.states, ordered: true, name: (value) => say("state_" + value) },
      { key: "eta", label: () => say("facetEta"), ...coded(stops.map(band), BANDS), ordered: true, name: (value) => say(words[value]) },
      { key: "county", label: () => say("facetCounty"), ...filled("county"), name: named },
      { key: "town", label: () => say("facetTown"), ...filled("town"), name: named },
      { key: "kind", label: () => say("facetKind"), ...coded(stops.map((stop) => (stop ? stop.route.responder.kind : UNKNOWN)), KINDS), ordered: true, name: (kind) => (kind === UNKNOWN ? say("etaNone") : word(kind)), picture: (kind) => (kind === UNKNOWN ? null : kindIcon(kind, 16)) },
      { key: "crew", label: () => say("facetResponder"), ...crew, name: (id) => (id === UNKNOWN ? say("etaNone") : nameOf.get(id) || id) },
      { key: "fraud", label: () => say("facetFraud"), ...coded(columns.fraud_type), name: (type) => word("fraud:" + type) },
    ];
  }

  /** States again after the clock moved; true if one changed. */
  restate() {
    const { of, values } = this.states;
    let changed = false;
    for (let one = 0; one < this.size; one++) {
      const now = values.indexOf(this.stateOf(one));
      if (of[one] !== now) { of[one] = now; changed = true; }
    }
    return changed;
  }

  /** What cases can be found by, a text each; made at the first search. */
  texts() {
    if (this.searchable) return this.searchable;
    const { columns, places, placeStart } = this;
    const crews = new Map(this.responders.map((one) => [one.number, one.name + "\n" + one.id]));
    this.searchable = new Array(this.size);
    for (let one = 0; one < this.size; one++) {
      let text = columns.id[one] + "\n" + columns.name[one] + "\n" + columns.address[one] + "\n" + columns.phone[one] + "\n" + columns.county[one] + "\n" + columns.town[one];
      for (let at = placeStart[one]; at < placeStart[one + 1]; at++) text += "\n" + places.label[at];
      for (const stop of this.stopsOf.get(one) || []) text += "\n" + crews.get(stop.route.responder.number);
      this.searchable[one] = text.toLowerCase();
    }
    return this.searchable;
  }

  /** A byte a case: 1 where the text has the query; null for no query. */
  matching(query) {
    const wanted = query.trim().toLowerCase();
    if (!wanted) return null;
    const texts = this.texts(), found = new Uint8Array(this.size);
    for (let one = 0; one < this.size; one++) if (texts[one].includes(wanted)) found[one] = 1;
    return found;
  }
}

function readClosures() {
  const closures = rows(data.closures.rows), lines = unpackLines(data.closures.lines);
  for (const one of closures) Object.assign(one, { roads: [], outlines: [], inForce: (one.begins === null || one.begins <= 0) && (one.ends === null || one.ends > 0) });
  data.closures.of.forEach((number, at) => closures[number][data.closures.area[at] ? "outlines" : "roads"].push(latlons(lines, at)));
  return closures;
}

/** The hazard gathered by `minutes`: slower while a hold lasts. */
function gathered(one, minutes) {
  const held = one.hold_until_minutes === null ? 0 : Math.min(minutes, one.hold_until_minutes);
  return (one.hazard_per_hour / 60) * (held * one.hold_fraction + (minutes - held));
}

/** Expected loss in yuan if first contact is at `minutes`; never more than never coming. */
function lossAt(one, minutes) {
  const at = Math.min(minutes, data.horizon_minutes);
  const late = one.due_minutes === null ? 0 : Math.max(0, at - one.due_minutes);
  return one.stake_yuan * (1 - Math.exp(-gathered(one, at))) + one.late_yuan_per_minute * late;
}

const lossIfNobody = (one) => lossAt(one, data.horizon_minutes);

/** The moment that counts: of the replay, else now; a practice day stands still, and so does a plan that is over. */
function minutesShown() {
  if (state.minutes !== null) return state.minutes;
  const now = minutesNow();
  return now > 0 && now < data.horizon_minutes ? now : 0;
}

/** Whether and until when a crew is on shift at a moment, in words and as a code. */
function shiftState(responder, minutes = minutesShown()) {
  const { shift, rest } = responder;
  if (responder.status === "off") return { code: "off", text: say("offShift") };
  if (shift && minutes < shift[0]) return { code: "later", text: say("shiftLater", clock(shift[0])) };
  if (shift && minutes >= shift[1]) return { code: "over", text: say("shiftOver", clock(shift[1])) };
  if (rest && minutes >= rest[0] && minutes < rest[1]) return { code: "rest", text: say("resting", clock(rest[1])) };
  if (responder.free_at_minutes > minutes) return { code: "busy", text: say("busyUntil", clock(responder.free_at_minutes)) };
  return { code: "on", text: shift ? say("onShift", clock(shift[1])) : say("idle") };
}
