// The card of one case, and its loss curve drawn as a small chart.

/** A labelled section of a card; nothing if it has no content. */
function section(title, ...content) {
  const inside = content.flat().filter(Boolean);
  return inside.length ? make("section", {}, make("h4", {}, title), inside) : null;
}

function stateChip(one) {
  if (!one.stops.length) return make("span.chip.out", {}, say("leftOut"));
  const stop = one.stops[0], late = stop.state === "planned" && minutesNow() > stop.contact;
  return make(late ? "span.chip.late" : "span.chip.go", {}, say("eta", clock(stop.contact)), late ? " · " + say("overdue") : "");
}

function caseCard(one, actions) {
  const person = [one.name || say("unnamed"), one.phone].filter(Boolean);
  return make("article.card", { "aria-label": say("case") + " " + one.id },
    make("header", {}, shapeIcon(one.tier, !one.stops.length, 24),
      make("div.card-title", {}, make("h3", {}, given(one.id)), make("p", {}, word(one.tier), " · ", given(word("fraud:" + one.fraud_type)))),
      stateChip(one),
      make("button.plain.close", { type: "button", "aria-label": say("close"), onclick: actions.close }, "×")),
    make("p.person", {}, person.map((text, at) => [at ? " · " : "", given(text)])),
    one.address ? make("p.address", {}, given(one.address)) : null,
    make("dl.figures", {},
      figure(say("amount"), yuan(one.amount_yuan)), figure(say("savable"), yuan(one.stake_yuan)),
      figure(say("lossRate"), yuan(one.perMinute))),
    one.left_out ? section(say("whyOut"), make("p.why-out", {}, given(pick(one.left_out)))) : null,
    lossChart(one),
    one.stops.map((stop) => stopLine(stop, actions)),
    section(say("places"), placeList(one, actions)),
    section(say("reasons"), bullets(one.reasons.map(pick).concat(one.warnings > 1 ? [say("warned", one.warnings)] : []))),
    section(say("needs"), one.needs.length ? make("p", {}, given(one.needs.map(word).join(state.language === "en" ? ", " : "、"))) : null),
    section(say("whyThis"), bullets(one.why.map(pick))),
    section(say("note"), one.note ? make("p", {}, given(one.note)) : null),
    one.instruction ? instructionBlock(one) : null);
}

const figure = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
const bullets = (texts) => (texts.length ? make("ul", {}, texts.map((text) => make("li", {}, given(text)))) : null);

function stopLine(stop, actions) {
  const responder = stop.route.responder;
  const legs = [say("drive", span(stop.drive_minutes))];
  if (stop.wait_minutes >= 1) legs.push(say("wait", span(stop.wait_minutes)));
  if (stop.search_minutes >= 1) legs.push(say("find", span(stop.search_minutes)));
  return make("button.goes", { type: "button", onclick: () => actions.choose({ type: "route", number: stop.route.number }) },
    kindIcon(responder.kind),
    make("span.grow", {}, make("strong", {}, given(responder.name)), make("small", {}, legs.join(" · "), responder.phone ? [" · ", given(responder.phone)] : null)),
    make("span.when", {}, clock(stop.contact)));
}

function placeList(one, actions) {
  return make("ul.places", {}, one.places.map((place) => {
    const order = one.stops.findIndex((stop) => stop.place === place);
    const facts = [say("chance", percent(place.probability))];
    if (place.radius_metres > 0) facts.push(say("radius", count(Math.round(place.radius_metres))));
    if (place.age_minutes !== null) facts.push(say("ageOf", span(place.age_minutes)));
    const about = place.why ? given(pick(place.why)) : facts.join(" · ");
    return make("li", {}, make("button.plain", { type: "button", onclick: () => actions.look(place) },
      make(order >= 0 ? "span.mark.on" : "span.mark", {}, order >= 0 ? String(order + 1) : "·"),
      make("span.grow", {}, given(word(place.source)), place.label ? [" · ", given(place.label)] : null, make("small", {}, about))));
  }));
}

function instructionBlock(one) {
  const text = pick(one.instruction), said = make("span", { role: "status" });
  return section(say("instruction"), make("p.instruction", {}, given(text)),
    make("button.action", {
      type: "button",
      onclick: async () => { if (await copyText(text)) said.textContent = " " + say("copied"); },
    }, say("copy")), said);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea.offscreen", { "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** Expected loss against the time of first contact, from now to the horizon. */
function lossChart(one) {
  const width = 300, height = 104, left = 46, right = 8, top = 16, bottom = 20;
  const until = data.horizon_minutes, most = Math.max(lossIfNobody(one), 1e-9);
  const x = (minutes) => left + (Math.max(0, Math.min(until, minutes)) / until) * (width - left - right);
  const y = (loss) => height - bottom - (loss / most) * (height - top - bottom);
  const steps = Array.from({ length: 61 }, (_, step) => (step / 60) * until);
  const curve = steps.map((minutes, at) => (at ? "L" : "M") + x(minutes).toFixed(1) + " " + y(lossAt(one, minutes)).toFixed(1)).join("");
  const stop = one.stops[0], contact = stop ? stop.contact : null;
  const floor = height - bottom;
  const said = stop
    ? say("curveSaid", clock(contact), yuan(lossAt(one, contact)), yuan(most))
    : say("curveOut", yuan(most));
  const saved = stop && make("path.saved", {
    d: `M${x(contact)} ${y(most)}H${width - right}V${y(lossAt(one, contact))}H${x(contact)}Z`,
  });
  const hours = [0, 0.5, 1].map((share) => make("text.tick", { x: x(share * until), y: height - 6, "text-anchor": share === 0 ? "start" : share === 1 ? "end" : "middle" }, clock(share * until)));
  return section(say("curve"), make("svg.chart", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said },
    make("line.axis", { x1: left, y1: floor, x2: width - right, y2: floor }),
    make("line.grid", { x1: left, y1: y(most), x2: width - right, y2: y(most) }),
    make("text.tick", { x: left - 5, y: y(most) + 4, "text-anchor": "end" }, yuan(most)),
    make("text.tick", { x: left - 5, y: floor + 1, "text-anchor": "end" }, "0"),
    saved,
    make("path.area", { d: curve + `L${x(until)} ${floor}L${left} ${floor}Z` }),
    make("path.curve", { d: curve }),
    one.due_minutes !== null && one.due_minutes < until
      ? [make("line.due", { x1: x(one.due_minutes), y1: top - 4, x2: x(one.due_minutes), y2: floor }), make("text.tick", { x: x(one.due_minutes), y: 9, "text-anchor": "middle" }, say("due"))] : null,
    stop ? [make("line.contact", { x1: x(contact), y1: top - 4, x2: x(contact), y2: floor }),
      make("circle.dot", { cx: x(contact), cy: y(lossAt(one, contact)), r: 4 })] : null,
    hours), make("p.said", {}, said));
}

function responderCard(responder, actions) {
  const shift = responder.shift ? say("shift", clock(responder.shift[0]), clock(responder.shift[1])) : null;
  return make("article.card", { "aria-label": responder.name },
    make("header", {}, kindIcon(responder.kind, 26),
      make("div.card-title", {}, make("h3", {}, given(responder.name)), make("p", {}, word(responder.kind), " · ", given(responder.id))),
      make("span.chip", {}, onDuty(responder) ? say("idle") : say("off")),
      make("button.plain.close", { type: "button", "aria-label": say("close"), onclick: actions.close }, "×")),
    bullets([word(responder.profile), shift, responder.phone, responder.jurisdiction].filter(Boolean)));
}
