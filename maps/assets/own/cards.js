// The card of one case, with its loss curve, and the card of one crew.

/** A labelled section of a card; nothing if it has no content. */
function section(title, ...content) {
  const inside = content.flat().filter(Boolean);
  return inside.length ? make("section", {}, make("h4", {}, title), inside) : null;
}

const figure = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
const bullets = (texts) => (texts.length ? make("ul", {}, texts.map((text) => make("li", {}, given(text)))) : null);

function caseCard(plan, one, actions) {
  const person = [one.name || say("unnamed"), one.phone].filter(Boolean);
  return make("article.card", { "aria-label": say("case") + " " + one.id },
    make("header", {}, shapeIcon(one.tier, !one.stops.length, 24),
      make("div.card-title", {}, make("h3", {}, given(one.id)), make("p", {}, word(one.tier), " · ", given(word("fraud:" + one.fraud_type)))),
      stateChip(plan, one.number),
      make("button.plain.close", { type: "button", "aria-label": say("close"), onclick: actions.close }, "×")),
    make("p.person", {}, person.map((text, at) => [at ? " · " : "", given(text)])),
    one.address ? make("p.address", {}, given(one.address)) : null,
    make("dl.figures", {},
      figure(say("amount"), yuan(one.amount_yuan)), figure(say("savable"), yuan(one.stake_yuan)),
      figure(say("lossRate"), yuan(plan.rate[one.number]))),
    changeNotes(plan.changes.all.filter((change) => change.case === one.number)),
    one.left_out ? section(say("whyOut"), make("p.why-out", {}, given(pick(one.left_out))), !one.stops.length && one.dutyOf && one.dutyOf.phone ? make("p", {}, given(one.dutyOf.name), " ", say("dutyPhone", one.dutyOf.phone)) : null) : null,
    one.stops.map((stop) => stopLine(plan, stop, actions)),
    one.obvious ? section(one.price_yuan === null ? say("obvious") : [say("obvious"), make("b", {}, " · ", say("priceOf", yuan(one.price_yuan)))], make("p", {}, given(pick(one.obvious)))) : null,
    instructionBlock(one),
    lossChart(one),
    one.review.length ? section(say("review"), make("div.look", {}, bullets(one.review.map(pick)))) : null,
    section(say("places"), placeList(one, actions)),
    section(say("reasons"), bullets(one.reasons.map(pick).concat(one.warnings > 1 ? [say("warned", one.warnings)] : []))),
    section(say("needs"), one.needs.length ? make("p", {}, given(one.needs.map(word).join(state.language === "en" ? ", " : "、"))) : null),
    section(say("whyThis"), bullets(one.why.map(pick))),
    section(say("note"), one.note ? make("p", {}, given(one.note)) : null));
}

function stopLine(plan, stop, actions) {
  const responder = stop.route.responder, legs = [say("drive", span(stop.drive_minutes))];
  if (stop.wait_minutes >= 1) legs.push(say("wait", span(stop.wait_minutes)));
  if (stop.search_minutes >= 1) legs.push(say("find", span(stop.search_minutes)));
  if (stop.with) legs.push(say("partner", stop.with.name));
  return make("button.goes", { type: "button", onclick: () => actions.choose({ type: "route", number: stop.route.number }) },
    kindIcon(responder.kind),
    make("span.grow", {}, make("strong", {}, given(responder.name)), make("small", {}, given(legs.join(" · "))),
      responder.phone ? make("small", {}, say("dutyPhone", ""), make("b", {}, given(responder.phone))) : null),
    make("span.when", {}, clock(stop.contact), etaRange(stop)));
}

/** Where the person may be: source, how sure, how far around, how old, and which is tried when. */
function placeList(one, actions) {
  if (!one.places.length) return null;
  return make("ul.places", {}, one.places.map((place) => {
    const order = one.stops.findIndex((stop) => stop.place_id === place.id), facts = [say("chance", percent(place.probability))];
    if (place.radius_metres > 0) facts.push(say("radius", count(Math.round(place.radius_metres))));
    if (place.age_minutes !== null) facts.push(say("ageOf", span(place.age_minutes)));
    return make("li", {}, make("button.plain", { type: "button", onclick: () => actions.look(place) },
      make(order >= 0 ? "span.mark.on" : "span.mark", {}, order >= 0 ? String(order + 1) : "·"),
      make("span.grow", {}, given(word(place.source)), place.label ? [" · ", given(place.label)] : null,
        make("small", {}, facts.join(" · ")), place.why ? make("small", {}, given(pick(place.why))) : null)), navigationLinks(place));
  }));
}

/** Only there where the plan was made with them; they carry a point and nothing else. */
function navigationLinks(place) {
  if (!place.links.length) return null;
  return make("span.links", {}, say("navigate"), place.links.filter(([, to]) => /^(https|geo):/.test(to)).map(([service, to]) => make("a", { href: to, target: "_blank", rel: "noopener noreferrer" }, word(service))));
}

/** What is sent to the team, in Chinese whatever the page speaks, and what its cadre may be sent of it. */
function instructionBlock(one) {
  if (!one.instruction) return null;
  const team = one.stops[0] ? one.stops[0].route.responder.name : "";
  const cadre = one.cadre_instruction && one.cadre_instruction !== one.instruction;
  return make("section.told", {}, make("h4", {}, say("instruction"), state.language === "en" ? " · " + say("inChinese") : ""),
    make("div.told-buttons", {}, copyButton(one.instruction, say("copy"), say("copyFor", one.id)),
      cadre ? copyButton(one.cadre_instruction, say("toCadre"), say("copyCadre"), "action.second") : null),
    make("details", {}, make("summary", {}, team ? say("toTeam", team) : say("instruction")), make("p.instruction", { lang: "zh-CN" }, given(one.instruction))),
    cadre ? make("details", {}, make("summary", {}, say("toCadre")), make("p.instruction", { lang: "zh-CN" }, given(one.cadre_instruction))) : null);
}

/** Expected loss against the time of first contact, from now to the horizon. */
function lossChart(one) {
  const until = data.horizon_minutes, most = Math.max(lossIfNobody(one), 1e-9), stop = one.stops[0], contact = stop ? stop.contact : null;
  const said = stop ? say("curveSaid", clock(contact), yuan(lossAt(one, contact)), yuan(most)) : say("curveOut", yuan(most));
  const marks = [];
  if (one.due_minutes !== null && one.due_minutes > 0 && one.due_minutes < until) marks.push({ at: one.due_minutes, name: "due", text: say("due") });
  if (stop) marks.push({ at: contact, name: "contact", dot: lossAt(one, contact) });
  const values = Array.from({ length: 61 }, (_, step) => lossAt(one, (step / 60) * until));
  return section(say("curve"), timeChart({ values, until, most, said, marks, shade: stop && { from: contact, value: lossAt(one, contact) } }), make("p.said", {}, said));
}

function responderCard(responder, actions) {
  const shift = shiftState(responder);
  return make("article.card", { "aria-label": responder.name },
    make("header", {}, kindIcon(responder.kind, 26),
      make("div.card-title", {}, make("h3", {}, given(responder.name)), make("p", {}, word(responder.kind), " · ", given(responder.id))),
      make("span.chip.shift-" + shift.code, {}, shift.text),
      make("button.plain.close", { type: "button", "aria-label": say("close"), onclick: actions.close }, "×")),
    responder.phone ? make("p.person", {}, say("dutyPhone", ""), given(responder.phone)) : null,
    bullets([word(responder.profile), responder.shift ? say("shift", clock(responder.shift[0]), clock(responder.shift[1])) : null].filter(Boolean)),
    section(say("base"), responder.base ? make("p", {}, given(responder.base)) : null),
    section(say("jurisdiction"), responder.jurisdiction ? make("p", {}, given(responder.jurisdiction)) : null));
}
