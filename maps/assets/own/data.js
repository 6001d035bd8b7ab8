// The data block becomes cases, responders and routes that know each other.

let data = null;

/** The page's data block; a sealed one is opened by `unlock`. */
async function readBlock() {
  const block = JSON.parse(document.getElementById("data").textContent);
  return block.sealed ? unlock(block) : block;
}

const TIERS = ["critical", "high", "medium", "low"];
const KINDS = ["station", "town", "village", "county"];

/** Signed integers from base64 of zig-zag varints. */
function unpack(text) {
  const bytes = atob(text);
  const values = [];
  for (let at = 0; at < bytes.length;) {
    let value = 0, scale = 1, byte;
    do {
      byte = bytes.charCodeAt(at++);
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    values.push(value % 2 ? -(value + 1) / 2 : value / 2);
  }
  return values;
}

/** Packed lines as { start, lon, lat }: line e is points start[e] to start[e + 1]. */
function unpackLines(packed) {
  const counts = unpack(packed.counts), deltas = unpack(packed.points);
  const start = new Int32Array(counts.length + 1), total = deltas.length / 2;
  const lon = new Float64Array(total), lat = new Float64Array(total);
  counts.forEach((size, line) => { start[line + 1] = start[line] + size; });
  let x = 0, y = 0;
  for (let point = 0; point < total; point++) {
    lon[point] = (x += deltas[2 * point]) / 1e5;
    lat[point] = (y += deltas[2 * point + 1]) / 1e5;
  }
  return { start, lon, lat };
}

/** One unpacked line as Leaflet's [lat, lon] pairs. */
function latlons(lines, number) {
  const out = [];
  for (let point = lines.start[number]; point < lines.start[number + 1]; point++) {
    out.push([lines.lat[point], lines.lon[point]]);
  }
  return out;
}

/** Columns as rows. */
function rows(columns) {
  const names = Object.keys(columns).filter((name) => Array.isArray(columns[name]));
  const size = names.length ? columns[names[0]].length : 0;
  return Array.from({ length: size }, (_, row) => {
    const out = { number: row };
    for (const name of names) out[name] = columns[name][row];
    return out;
  });
}

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
