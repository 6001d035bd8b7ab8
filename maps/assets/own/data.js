// The data block becomes cases, responders and routes that know each other.

let data = null;

const TIERS = ["critical", "high", "medium", "low"];
const KINDS = ["station", "town", "village", "county"];

function readPlan() {
  const cases = rows(data.cases), responders = rows(data.responders);
  for (const one of cases) Object.assign(one, { places: [], stops: [] });
  for (const place of rows(data.places)) cases[place.case].places.push(place);
  for (const responder of responders) responder.route = null;
  const homeLegs = unpackLines(data.routes.home_legs), legs = unpackLines(data.stops.legs);
  const routes = rows(data.routes);
  for (const route of routes) {
    Object.assign(route, { responder: responders[route.responder], stops: [], homeLeg: latlons(homeLegs, route.number) });
    route.responder.route = route;
  }
  for (const stop of rows(data.stops)) {
    stop.case = cases[stop.case];
    stop.route = routes[stop.route];
    stop.leg = latlons(legs, stop.number);
    stop.place = stop.case.places.find((place) => place.id === stop.place_id) || null;
    stop.order = stop.route.stops.push(stop);
    stop.case.stops.push(stop);
  }
  for (const one of cases) {
    one.stops.sort((a, b) => a.contact - b.contact);
    one.perMinute = lossPerMinute(one);
    const visited = one.stops.map((stop) => stop.place).find(Boolean);
    one.place = visited || one.places.reduce((best, place) => (best && best.probability >= place.probability ? best : place), null);
  }
  return { cases, responders, routes, closures: readClosures() };
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

/** Yuan lost in the next minute while nobody is there. */
const lossPerMinute = (one) => lossAt(one, 1) - lossAt(one, 0);
