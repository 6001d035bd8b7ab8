// The rows of the panel's lists.

/** A row: what it opens, and at its side what can be done with it. */
function rowOf(kind, number, action, content, ...beside) {
  return make("li", { ["data-" + kind]: String(number) }, make("button.row", { type: "button", onclick: action }, content), beside);
}

/** When somebody comes, or that nobody does. */
function stateChip(plan, number) {
  const stop = plan.first[number], code = plan.stateOf(number);
  if (!stop) return make("span.chip.out", {}, say("leftOut"));
  if (code === "overdue") return make("span.chip.late", {}, say("eta", clock(stop.contact)), " · ", say("overdue"));
  if (code === "planned") return make("span.chip.go", {}, say("eta", clock(stop.contact)));
  return make("span.chip.go", {}, say("state_" + code), " ", clock(stop.contact));
}

/** Who goes and the duty phone to ring; of a case nobody goes to, whose desk answers for it. */
function whoGoes(plan, number) {
  const stop = plan.first[number], duty = plan.columns.duty[number];
  const responder = stop ? stop.route.responder : duty === null || duty === undefined ? null : plan.responders[duty];
  if (!responder) return null;
  return make("small.who", {}, stop ? kindIcon(responder.kind, 14) : null, given(responder.name), responder.phone ? make("b", {}, given(responder.phone)) : null);
}

function caseRow(plan, number, choose, { reason = false, review = false } = {}) {
  const { columns } = plan, stop = plan.first[number], told = columns.instruction[number];
  const why = review ? columns.review[number].map(pick).join(pick(["；", "; "])) : reason && columns.left_out[number] ? pick(columns.left_out[number]) : "";
  const where = columns.town[number] || columns.county[number];
  return rowOf("case", number, () => choose({ type: "case", number }), [
    shapeIcon(columns.tier[number], !stop, 20),
    make("span.grow", {},
      make("span.line", {}, make("strong", {}, given(columns.id[number])), " ", given(columns.name[number])),
      make("small", {}, word(columns.tier[number]), " · ", given(word("fraud:" + columns.fraud_type[number])), where ? [" · ", given(where)] : null),
      why ? make("small.reason", {}, given(why)) : null, whoGoes(plan, number)),
    make("span.side", {}, make("b", {}, review ? say("atStake", yuan(columns.review_yuan[number])) : say("perMinute", yuan(plan.rate[number]))), stateChip(plan, number)),
  ], told ? copyButton(told, say("copyShort"), say("copyFor", columns.id[number]), "copy") : null);
}

function routeRow(plan, route, choose, chosen) {
  const responder = route.responder;
  return make("li", { "data-route": String(route.number) },
    make("button.row", { type: "button", "aria-expanded": String(chosen), onclick: () => choose(chosen ? null : { type: "route", number: route.number }) },
      kindIcon(responder.kind),
      make("span.grow", {}, make("span.line", {}, make("strong", {}, given(responder.name))),
        make("small", {}, say("stops", route.stops.length), " · ", say("homeAt", clock(route.home)), responder.phone ? [" · ", given(responder.phone)] : null)),
      make("span.side", {}, make("b", {}, yuan(route.averted_yuan)), make("small", {}, say("eta", clock(route.stops[0].contact))))),
    chosen ? stopList(plan, route, choose) : null);
}

/** The stops of a route with ETA, wait and legs. */
function stopList(plan, route, choose) {
  return make("ol.stops", {}, route.stops.map((stop) => {
    const facts = [say("drive", span(stop.drive_minutes))];
    if (stop.leg_metres !== null) facts.push(say("kilometres", round(stop.leg_metres / 1000)));
    if (stop.wait_minutes >= 1) facts.push(say("wait", span(stop.wait_minutes)));
    if (stop.search_minutes >= 1) facts.push(say("find", span(stop.search_minutes)));
    if (stop.with) facts.push(say("partner", stop.with.name));
    const late = plan.stateOf(stop.case, null) === "overdue" && state.minutes === null;
    return make("li", {}, make("button.plain", { type: "button", onclick: () => choose({ type: "case", number: stop.case }) },
      make("span.order", {}, String(stop.order)), shapeIcon(plan.columns.tier[stop.case], false, 16),
      make("span.grow", {}, make("span.line", {}, make("strong", {}, given(plan.columns.id[stop.case])), " ", given(plan.columns.name[stop.case])),
        make("small", {}, stop.label ? [given(stop.label), " · "] : null, given(facts.join(" · ")))),
      make(late ? "span.when.late" : "span.when", {}, clock(stop.contact), late ? make("small", {}, say("overdue")) : etaRange(stop))));
  }));
}

/** Between when and when, where that is known. */
function etaRange(stop) {
  if (stop.earliest === null || stop.earliest === undefined) return null;
  return make("small", { title: say("rangeSaid", clock(stop.earliest), clock(stop.latest)) }, say("etaRange", clock(stop.earliest), clock(stop.latest)));
}

function crewRow(plan, responder, choose) {
  const shift = shiftState(responder), visits = responder.route ? responder.route.stops.length : 0;
  return rowOf("responder", responder.number, () => choose(visits ? { type: "route", number: responder.route.number } : { type: "responder", number: responder.number }), [
    kindIcon(responder.kind),
    make("span.grow", {}, make("span.line", {}, make("strong", {}, given(responder.name))),
      make("small", {}, word(responder.kind), " · ", given(responder.id), responder.phone ? [" · ", make("b", {}, given(responder.phone))] : null)),
    make("span.side", {}, make("span.chip.shift-" + shift.code, {}, shift.text), visits ? make("small", {}, say("sentOut", visits)) : null),
  ]);
}

/** A row of the alert file that became no case: its id and why; a click goes to the case it was merged into. */
function fileRow(plan, number, choose) {
  const { id, why, case: merged } = data.rows, to = merged[number];
  const content = [make("span.grow", {}, make("span.line", {}, make("strong", {}, given(id[number]))), make("small", {}, given(pick(why[number]))))];
  if (to !== null && to !== undefined) return rowOf("row", number, () => choose({ type: "case", number: to }), content);
  return make("li", { "data-row": String(number) }, make("div.row", {}, content));
}
