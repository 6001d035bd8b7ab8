// The panel: how fresh, how much, whether it adds up, and what to do first.

const PAGE_OF_ROWS = 100;

class Panel {
  constructor(root, plan, actions) {
    Object.assign(this, { root, plan, actions, limit: PAGE_OF_ROWS });
    this.urgent = [...plan.cases].sort((a, b) => b.perMinute - a.perMinute);
    this.out = this.urgent.filter((one) => !one.stops.length);
    this.routes = [...plan.routes].filter((route) => route.stops.length).sort((a, b) => b.averted_yuan - a.averted_yuan);
    this.open = null;
    this.draw();
  }

  /** Everything again, in the language of the moment. */
  draw() {
    this.results = make("div.results", { id: "results", role: "tabpanel", tabindex: "-1", "aria-labelledby": "tab-" + state.tab });
    this.status = make("p.hint", { role: "status", "aria-live": "polite" });
    this.sumDetail = make("div.sum-detail");
    this.root.replaceChildren(
      this.head(), this.numbers(), this.warnings(), this.sum(),
      make("div.find", {}, this.searchBox(), this.tabs(), this.status),
      this.results);
    this.list();
    this.tick();
  }

  head() {
    this.age = make("span.age");
    const other = state.language === "zh" ? "English" : "中文";
    return make("header.head", {},
      make("div.grow", {}, make("h1", {}, given(data.area), make("span.title", {}, " ", given(pick(data.title)))),
        make("p.fresh", {}, say("asOf"), " ", make("time", {}, clock(0, true))), this.age),
      make("div.head-buttons", {},
        make("button.small", { type: "button", id: "language", lang: state.language === "zh" ? "en" : "zh", onclick: this.actions.language }, other),
        make("button.small", { type: "button", onclick: () => window.print() }, say("print"))));
  }

  tick() {
    const minutes = (Date.now() / 1000 - data.at) / 60;
    const level = data.synthetic ? "drill" : minutes > 30 ? "stale" : minutes > 15 ? "old" : "fresh";
    this.age.className = "age " + level;
    this.age.textContent = data.synthetic ? say("drillClock")
      : (minutes < 1 ? say("fresh") : say("live", span(minutes))) + (level === "stale" ? " · " + say("stale") : "");
  }

  numbers() {
    const summary = data.summary, other = summary.nearest;
    const tile = (name, value, than, kind) => make("div.number." + kind, {}, make("dt", {}, name, than ? make("small", {}, say("nearest", than)) : null), make("dd", {}, value));
    const against = (value) => (other ? value : null);
    const figures = make("dl.numbers", { "aria-label": say("numbersSaid") },
      tile(say("visited"), count(summary.planned), against(other && count(other.visited)), "visited"),
      tile(say("leftOut"), count(summary.left_out), against(other && count(other.left_out)), "out"),
      tile(say("averted"), yuan(summary.averted_yuan), against(other && yuan(other.averted_yuan)), "averted"),
      tile(say("share"), percent(summary.share_reached_30_minutes), against(other && percent(other.share_reached_30_minutes)), "share"));
    const facts = [[say("expected"), summary.expected_yuan], [say("nobody"), summary.nobody_yuan]];
    if (summary.lower_bound_yuan !== null) facts.push([say("bound"), summary.lower_bound_yuan]);
    return make("section.summary", {}, figures,
      make("p.facts", {}, facts.map(([name, value], at) => [at ? make("span.sep", {}, "·") : null, name, " ", make("b", {}, yuan(value))])),
      other ? make("p.versus", {}, say("versus"), " ", make("b", {}, yuan(other.expected_yuan)), gain(summary, other)) : null);
  }

  warnings() {
    return data.warnings.length ? make("ul.warnings", { "aria-label": say("warnings") }, data.warnings.map((text) => make("li", {}, given(pick(text))))) : "";
  }

  sum() {
    const summary = data.summary;
    const parts = [["rejected", summary.rejected], ["notYet", summary.not_yet], ["noVisit", summary.no_visit], ["planned", summary.planned], ["leftOut", summary.left_out]];
    const total = parts.reduce((sum, [, value]) => sum + value, 0);
    const bar = make("div.bar", { "aria-hidden": "true" }, parts.map(([key, value]) => {
      const piece = make("i." + key);
      piece.style.flexGrow = value;
      return value ? piece : null;
    }));
    const buttons = parts.map(([key, value]) => make("button.part", { type: "button", "data-part": key, onclick: () => this.explain(key) },
      make("i." + key, { "aria-hidden": "true" }), make("b", {}, count(value)), " ", say(key)));
    return make("section.sum", { "aria-label": say("sumTitle", summary.received) },
      make("p.sum-title", {}, say("sumTitle", count(summary.received)), " ",
        summary.closes ? make("span.closes", {}, "✓ " + say("sumCloses")) : make("strong.open", { role: "alert" }, say("sumOpen", count(Math.abs(summary.received - total))))),
      bar, make("div.parts", {}, buttons), this.sumDetail);
  }

  /** One part of the sum: its list where there is one, its reasons where there are some. */
  explain(key) {
    if (key === "leftOut") return this.show("out");
    if (key === "planned") return this.show("routes");
    const reasons = { noVisit: data.summary.no_visit_reasons, rejected: data.summary.rejected_reasons }[key] || [];
    const again = this.open === key;
    this.open = again ? null : key;
    this.sumDetail.replaceChildren(...(again ? [] : [make("ul", { "aria-label": say(key) },
      reasons.length ? reasons.map(([text, size]) => make("li", {}, make("b", {}, count(size)), " ", given(pick(text)))) : make("li", {}, say("none")))]));
    return undefined;
  }

  searchBox() {
    this.box = make("input", {
      type: "search", id: "search", placeholder: say("search"), "aria-label": say("search"), autocomplete: "off", spellcheck: "false",
      oninput: () => { state.query = this.box.value; this.limit = PAGE_OF_ROWS; this.list(); },
    });
    this.box.value = state.query;
    return this.box;
  }

  tabs() {
    const names = [["now", "tabNow", this.urgent.length], ["routes", "tabRoutes", this.routes.length], ["out", "tabOut", this.out.length]];
    const tabs = make("div.tabs", { role: "tablist", onkeydown: (event) => this.turn(event) }, names.map(([tab, key, size]) => make("button", {
      type: "button", role: "tab", id: "tab-" + tab, "aria-controls": "results", "aria-selected": String(state.tab === tab && !state.query),
      tabindex: state.tab === tab ? "0" : "-1", onclick: () => this.show(tab),
    }, say(key), " ", make("small", {}, count(size)))));
    this.tabRow = tabs;
    return tabs;
  }

  turn(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const order = ["now", "routes", "out"];
    this.show(order[(order.indexOf(state.tab) + step + 3) % 3]);
    document.getElementById("tab-" + state.tab).focus();
  }

  show(tab) {
    state.tab = tab;
    state.query = this.box.value = "";
    this.limit = PAGE_OF_ROWS;
    this.list();
    this.actions.changed();
  }

  /** The list that belongs to the tab or to the search. */
  list() {
    for (const tab of this.tabRow.children) {
      const on = tab.id === "tab-" + state.tab && !state.query;
      tab.setAttribute("aria-selected", String(on));
      tab.setAttribute("tabindex", tab.id === "tab-" + state.tab ? "0" : "-1");
    }
    this.results.setAttribute("aria-labelledby", "tab-" + state.tab);
    const lists = {
      now: () => [say("nowHint"), this.urgent, (one) => this.caseRow(one)],
      routes: () => [say("routesHint"), this.routes, (route) => this.routeRow(route)],
      out: () => [say("outHint"), this.out, (one) => this.caseRow(one, true)],
    };
    const [hint, found, row] = state.query.trim() ? this.search(state.query.trim().toLowerCase()) : lists[state.tab]();
    this.status.textContent = hint;
    const shown = found.slice(0, this.limit).map(row), rest = found.length - shown.length;
    this.results.replaceChildren(
      found.length ? make("ul.rows", {}, shown) : make("p.empty", {}, state.query ? say("nothing") : say("none")),
      ...(rest > 0 ? [make("button.more", { type: "button", onclick: () => { this.limit += 5 * PAGE_OF_ROWS; this.list(); } }, say("more", count(Math.min(rest, 5 * PAGE_OF_ROWS))))] : []));
    this.mark();
  }

  search(query) {
    const cases = this.urgent.filter((one) => caseText(one).includes(query)).map((one) => () => this.caseRow(one));
    const crews = this.plan.responders.filter((one) => (one.id + "\n" + one.name).toLowerCase().includes(query))
      .sort((a, b) => Number(Boolean(b.route)) - Number(Boolean(a.route)))
      .map((one) => () => (one.route && one.route.stops.length ? this.routeRow(one.route) : this.responderRow(one)));
    const found = [...cases, ...crews];
    return [say("found", count(found.length)), found, (row) => row()];
  }

  caseRow(one, withReason = false) {
    const stop = one.stops[0];
    return make("li", { "data-case": String(one.number) }, make("button.row", { type: "button", onclick: () => this.actions.choose({ type: "case", number: one.number }) },
      shapeIcon(one.tier, !stop, 20),
      make("span.grow", {},
        make("span.line", {}, make("strong", {}, given(one.id)), " ", given(one.name)),
        make("small", {}, word(one.tier), " · ", given(word("fraud:" + one.fraud_type))),
        withReason && one.left_out ? make("small.reason", {}, given(pick(one.left_out))) : null),
      make("span.side", {}, make("b", {}, say("perMinute", yuan(one.perMinute))), stateChip(one))));
  }

  routeRow(route) {
    const responder = route.responder, chosen = this.chosenRoute() === route;
    return make("li", { "data-route": String(route.number) },
      make("button.row", { type: "button", "aria-expanded": String(chosen), onclick: () => this.actions.choose(chosen ? null : { type: "route", number: route.number }) },
        kindIcon(responder.kind),
        make("span.grow", {}, make("span.line", {}, make("strong", {}, given(responder.name))),
          make("small", {}, say("stops", route.stops.length), " · ", say("homeAt", clock(route.home)), responder.phone ? [" · ", given(responder.phone)] : null)),
        make("span.side", {}, make("b", {}, yuan(route.averted_yuan)), make("small", {}, say("eta", clock(route.stops[0].contact))))),
      chosen ? this.stopList(route) : null);
  }

  stopList(route) {
    return make("ol.stops", {}, route.stops.map((stop) => {
      const facts = [say("drive", span(stop.drive_minutes))];
      if (stop.leg_metres !== null) facts.push(say("kilometres", round(stop.leg_metres / 1000)));
      if (stop.wait_minutes >= 1) facts.push(say("wait", span(stop.wait_minutes)));
      const late = stop.state === "planned" && minutesNow() > stop.contact;
      return make("li", {}, make("button.plain", { type: "button", onclick: () => this.actions.choose({ type: "case", number: stop.case.number }) },
        make("span.order", {}, String(stop.order)), shapeIcon(stop.case.tier, false, 16),
        make("span.grow", {}, make("span.line", {}, make("strong", {}, given(stop.case.id)), " ", given(stop.case.name)),
          make("small", {}, stop.place && stop.place.label ? [given(stop.place.label), " · "] : null, facts.join(" · "))),
        make(late ? "span.when.late" : "span.when", {}, clock(stop.contact), late ? make("small", {}, say("overdue")) : null)));
    }));
  }

  responderRow(responder) {
    return make("li", { "data-responder": String(responder.number) }, make("button.row", { type: "button", onclick: () => this.actions.choose({ type: "responder", number: responder.number }) },
      kindIcon(responder.kind), make("span.grow", {}, make("span.line", {}, make("strong", {}, given(responder.name))), make("small", {}, word(responder.kind), " · ", given(responder.id))),
      make("span.side", {}, make("span.chip", {}, onDuty(responder) ? say("idle") : say("off")))));
  }

  chosenRoute() {
    return state.selected && state.selected.type === "route" ? this.plan.routes[state.selected.number] : null;
  }

  /** Show in the list what is chosen on the map. */
  mark() {
    for (const row of this.results.querySelectorAll("li.chosen")) row.classList.remove("chosen");
    if (!state.selected) return;
    const row = this.results.querySelector(`li[data-${state.selected.type}="${state.selected.number}"]`);
    if (!row) return;
    row.classList.add("chosen");
    row.scrollIntoView({ block: "nearest" });
  }
}

function gain(summary, other) {
  const saved = other.expected_yuan - summary.expected_yuan;
  return Math.abs(saved) < 1 ? null : make(saved > 0 ? "span.gain" : "span.gain.worse", {}, say(saved > 0 ? "less" : "moreLost", yuan(Math.abs(saved))));
}

/** What a case can be found by. */
function caseText(one) {
  one.text ||= [one.id, one.name, one.address, one.phone, ...one.places.map((place) => place.label),
    ...one.stops.map((stop) => stop.route.responder.name + "\n" + stop.route.responder.id)].join("\n").toLowerCase();
  return one.text;
}
