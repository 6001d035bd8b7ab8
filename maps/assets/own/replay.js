// The plan by its own clock: who is where, what still waits, and what that costs a minute.

class Replay {
  constructor(plan) {
    this.plan = plan;
    this.until = Math.max(30, ...plan.routes.map((route) => Math.ceil(route.home)));
    this.until = Math.min(this.until, data.horizon_minutes);
    for (const route of plan.routes) route.course = courseOf(route);
  }

  /** What is lost per minute from now to the end, for the strip behind the slider. */
  course() {
    const steps = this.plan.size > 10000 ? 40 : 80;
    const values = Array.from({ length: steps + 1 }, (_, at) => this.lossPerMinute((at / steps) * this.until));
    this.plan.rateAt(minutesShown());
    return values;
  }

  /** Share of each case that still waits: places exclude each other, so visits add up. */
  waiting(number, minutes) {
    const found = this.plan.stopsOf.get(number);
    if (!found) return 1;
    let share = 1;
    for (const stop of found) {
      if (stop.contact > minutes) break;
      if (!stop.leads) continue; // two at one door meet once
      share -= stop.share;
    }
    return Math.max(0, share);
  }

  /** Of who was met by then nothing more is lost. */
  spare(minutes) {
    for (const number of this.plan.stopsOf.keys()) this.plan.rate[number] *= this.waiting(number, minutes);
  }

  lossPerMinute(minutes) {
    const { plan } = this;
    plan.rateAt(minutes);
    let sum = 0;
    for (let one = 0; one < plan.size; one++) sum += plan.rate[one] * (plan.first[one] ? this.waiting(one, minutes) : 1);
    return sum;
  }

  /** Everything at a moment: where each sent crew is, and the counts. */
  at(minutes) {
    const { plan } = this, where = plan.routes.map((route) => positionAt(route, minutes));
    let waits = 0, met = 0;
    for (let one = 0; one < plan.size; one++) {
      if (plan.first[one] && plan.first[one].contact <= minutes) met += 1; else waits += 1;
    }
    return { where, waits, met, losing: this.lossPerMinute(minutes), moving: where.filter((one) => one.moving).length, there: where.filter((one) => one.stop && !one.moving).length };
  }
}

/** The pieces of a route in time: { from, to, line, lengths, stop }; a piece without a line stands still. */
function courseOf(route) {
  const pieces = [];
  for (const stop of route.stops) {
    pieces.push({ from: stop.arrive - stop.drive_minutes, to: stop.arrive, line: stop.leg, stop }, { from: stop.arrive, to: stop.leave, line: null, stop });
  }
  const last = route.stops[route.stops.length - 1];
  if (last) pieces.push({ from: last.leave, to: route.home, line: route.homeLeg, stop: null });
  for (const piece of pieces) if (piece.line) piece.lengths = runningLength(piece.line);
  return pieces;
}

function runningLength(line) {
  const out = [0], flat = Math.cos(((line.length ? line[0][0] : 0) * Math.PI) / 180);
  for (let at = 1; at < line.length; at++) out.push(out[at - 1] + Math.hypot(line[at][0] - line[at - 1][0], (line[at][1] - line[at - 1][1]) * flat));
  return out;
}

/** Where a route's crew is: { lat, lon, moving, stop }. Even speed within a leg, which is all the plan knows. */
function positionAt(route, minutes) {
  const base = { lat: route.responder.lat, lon: route.responder.lon, moving: false, stop: null };
  let here = base;
  for (const piece of route.course) {
    if (minutes < piece.from) return here;
    const end = piece.line && piece.line.length ? piece.line[piece.line.length - 1] : null;
    if (minutes < piece.to) {
      if (!piece.line) return { ...here, moving: false, stop: piece.stop };
      return { ...along(piece, (minutes - piece.from) / Math.max(1e-9, piece.to - piece.from), here), moving: true, stop: piece.stop };
    }
    if (end) here = { lat: end[0], lon: end[1], moving: false, stop: null };
  }
  return here;
}

function along({ line, lengths }, share, here) {
  if (line.length < 2) return { lat: here.lat, lon: here.lon };
  const wanted = share * lengths[lengths.length - 1];
  let at = 1;
  while (at < line.length - 1 && lengths[at] < wanted) at += 1;
  const part = (wanted - lengths[at - 1]) / Math.max(1e-12, lengths[at] - lengths[at - 1]);
  return { lat: line[at - 1][0] + part * (line[at][0] - line[at - 1][0]), lon: line[at - 1][1] + part * (line[at][1] - line[at - 1][1]) };
}
