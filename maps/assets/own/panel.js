// The panel: how fresh, how much, whether it adds up, what to do first, and every list.

const ROW_PIXELS = { now: 72, out: 92, review: 92, routes: 58, crews: 58, found: 72, file: 54 };
const PARTS = ["rejected", "notYet", "noVisit"];
const TABS = ["now", "changes", "routes", "out", "review", "crews"];
const SEARCHED = ["now", "changes", "out", "review"];
const PRINTED_ROWS = 400;

/** Only a re-plan has changes. */
const tabsOf = (plan) => TABS.filter((tab) => tab !== "changes" || plan.changes.all.length);

class Panel {
  constructor(root, plan, facets, actions) {
    Object.assign(this, { root, plan, facets, actions });
    const every = Int32Array.from({ length: plan.size }, (_, at) => at);
    this.out = every.filter((one) => !plan.first[one]);
    this.routes = plan.routes.filter((route) => route.stops.length).sort((a, b) => b.averted_yuan - a.averted_yuan);
    this.review = byLargest(numbers(plan.columns.review_yuan), every.filter((one) => plan.columns.review[one].length));
    const rank = { on: 0, busy: 1, rest: 2, later: 3, over: 4, off: 5 };
    this.crews = [...plan.responders].sort((a, b) => rank[shiftState(a).code] - rank[shiftState(b).code] || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.number - b.number);
    this.severe = every.filter((one) => plan.tier.of[one] < 2).length;
    this.bar = new FacetBar(facets, () => this.filtered());
    this.virtual = new VirtualList(root);
    this.sort();
    this.draw();
  }

  /** Most urgent first, at the moment that is shown. */
  sort() {
    this.plan.rateAt(minutesShown());
    if (state.minutes !== null) kit.replay.spare(state.minutes);
    this.urgent = byLargest(this.plan.rate);
  }

  /** Everything again, in the language of the moment. */
  draw() {
    this.results = make("div.results", { id: "results", role: "tabpanel", tabindex: "-1", "aria-labelledby": "tab-" + state.tab }, make("div.changes", {}), this.virtual.root, make("p.empty", {}));
    this.hint = make("p.hint", { role: "status", "aria-live": "polite" });
    this.summing = make("p.showing", { role: "status" });
    this.bar.draw();
    this.root.replaceChildren(
      this.head(), this.numbers(), this.warnings(), this.sum(),
      make("div.find", {}, this.searchBox(), this.bar.root, this.summing, this.tabs(), this.hint),
      this.results);
    this.list();
    this.tell();
    this.tick();
  }

  head() {
    this.late = make("button.age.stale", { type: "button", onclick: () => this.actions.filter("state", "overdue") });
    this.top = pageHead(this.late);
    return this.top.root;
  }

  /** Age and overdue visits, as the clock goes on. */
  tick() {
    const states = this.plan.states, overdue = states.values.indexOf("overdue");
    let late = 0;
    for (let one = 0; one < this.plan.size; one++) if (states.of[one] === overdue) late += 1;
    this.late.hidden = !late;
    this.late.textContent = say("overdueCount", count(late));
    this.top.tick();
  }

  numbers() {
    const summary = data.summary, other = summary.nearest;
    const tile = (name, value, than, kind, act) => make("button.number." + kind, { type: "button", onclick: act },
      make("span.name", {}, name), make("span.value", {}, value), than !== null ? make("small", {}, say("nearest", than)) : null);
    const than = (value) => (other ? value() : null);
    return make("section.summary", { "aria-label": say("numbersSaid") },
      make("div.numbers", {},
        tile(say("visited"), count(summary.planned), than(() => count(other.visited)), "visited", () => this.show("routes")),
        tile(say("leftOut"), count(summary.left_out), than(() => count(other.left_out)), "out", () => this.show("out")),
        tile(say("averted"), yuan(summary.averted_yuan), than(() => yuan(other.averted_yuan)), "averted", () => this.show("routes")),
        tile(say("share"), percent(summary.share_reached_30_minutes), than(() => percent(other.share_reached_30_minutes)), "share", () => this.actions.filter("eta", "15", "30"))));
  }

  /** Expected loss, what bounds it, and what the nearest policy would lose. */
  facts() {
    const summary = data.summary, other = summary.nearest;
    const facts = [[say("expected"), yuan(summary.expected_yuan)], [say("nobody"), yuan(summary.nobody_yuan)]];
    const bound = summary.lower_bound_yuan === null ? null : make("p.facts", {}, say("boundSaid", yuan(summary.expected_yuan + summary.prices_yuan), yuan(summary.lower_bound_yuan)),
      summary.gap_percent === null ? null : [pick(["，", ", "]), make("b", {}, say("gap", Math.ceil(summary.gap_percent * 10) / 10 + "%"))]);
    return [make("p.facts", {}, facts.map(([name, value], at) => [at ? make("span.sep", {}, "·") : null, name, value ? [" ", make("b", {}, value)] : null])),
      other ? make("p.versus", {}, say("versus"), " ", make("b", {}, yuan(other.expected_yuan)), gain(summary, other)) : null, bound];
  }

  warnings() {
    return data.warnings.length ? make("ul.warnings", { "aria-label": say("warnings") }, data.warnings.map((text) => make("li", {}, given(pick(text))))) : "";
  }

  sum() {
    const summary = data.summary;
    const parts = [["rejected", summary.rejected], ["notYet", summary.not_yet], ["noVisit", summary.no_visit], ["planned", summary.planned], ["leftOut", summary.left_out]];
    const total = parts.reduce((sum, [, value]) => sum + value, 0);
    const strip = make("div.bar", { "aria-hidden": "true" }, parts.map(([key, value]) => {
      const piece = make("i." + key);
      piece.style.flexGrow = value;
      return value ? piece : null;
    }));
    const buttons = parts.map(([key, value]) => make("button.part", { type: "button", "data-part": key, onclick: () => this.explain(key) },
      make("i." + key, { "aria-hidden": "true" }), make("b", {}, count(value)), " ", say(key)));
    // a phone shows the list sooner
    return make("details.sum", { open: window.innerWidth > 760 },
      make("summary.sum-title", {}, say("sumTitle", count(summary.received)), " ",
        summary.closes ? make("span.closes", {}, "✓ " + say("sumCloses")) : make("strong.open", { role: "alert" }, say("sumOpen", count(Math.abs(summary.received - total))))),
      strip, make("div.parts", {}, buttons), this.facts());
  }

  /** One part of the sum: its rows. */
  explain(key) {
    this.show({ leftOut: "out", planned: "now" }[key] || key);
    if (key === "planned") this.actions.filter("state", ...STATES.filter((one) => one !== "out"));
  }

  searchBox() {
    this.box = make("input", {
      type: "search", id: "search", placeholder: say("search"), "aria-label": say("search"), autocomplete: "off", spellcheck: "false",
      oninput: () => {
        state.query = this.box.value;
        if (state.query && !SEARCHED.includes(state.tab)) state.tab = "now"; // where everything that fits is listed
        this.facets.apply(this.plan.matching(state.query));
        this.filtered();
      },
    });
    this.box.value = state.query;
    return this.box;
  }

  tabs() {
    const keys = { now: "tabNow", changes: "tabChanges", routes: "tabRoutes", out: "tabOut", review: "tabReview", crews: "tabCrews" };
    const shown = tabsOf(this.plan), names = shown.map((tab) => [tab, keys[tab]]);
    this.tabRow = make("div.tabs" + (shown.length > 5 ? ".many" : ""), { role: "tablist", onkeydown: (event) => this.turn(event) }, names.map(([tab, key]) => make("button", {
      type: "button", role: "tab", id: "tab-" + tab, "aria-controls": "results", onclick: () => this.show(tab),
    }, say(key), " ", make("small", {}))));
    return this.tabRow;
  }

  turn(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const tabs = tabsOf(this.plan);
    this.show(tabs[(tabs.indexOf(state.tab) + step + tabs.length) % tabs.length]);
    document.getElementById("tab-" + state.tab).focus();
  }

  show(tab) {
    state.tab = tab;
    this.list();
    if (this.root.scrollTop > this.results.offsetTop - 200) this.root.scrollTop = this.results.offsetTop - this.root.querySelector(".find").offsetHeight;
    this.actions.changed();
  }

  /** Filters or search changed: lists, counts and map follow. */
  filtered() {
    this.bar.draw();
    this.list();
    this.tell();
    this.actions.filtered();
  }

  /** How many are shown, and never without saying how many of the severe are not. */
  tell() {
    const { plan, facets } = this, hidden = plan.size - facets.visible;
    let severe = 0, nowhere = 0, nowhereSevere = 0;
    for (let one = 0; one < plan.size; one++) {
      const high = plan.tier.of[one] < 2;
      if (!facets.shown[one] && high) severe += 1;
      if (plan.place[one] < 0) { nowhere += 1; if (high) nowhereSevere += 1; }
    }
    const parts = [];
    if (hidden) parts.push(make("span", {}, say("showing", count(facets.visible), count(plan.size))), " · ", make("span", {}, say("hidden", count(hidden))));
    if (severe) parts.push(" ", make("strong.alarm", {}, say("hiddenSevere", count(severe))));
    if (hidden) parts.push(" ", make("button.clear", { type: "button", onclick: () => this.clear() }, say("clear")));
    if (nowhere) parts.push(make("span.nowhere", {}, say("placeless", count(nowhere)), nowhereSevere ? make("strong.alarm", {}, say("placelessSevere", count(nowhereSevere))) : null));
    this.summing.replaceChildren(...parts);
  }

  clear() {
    state.query = this.box.value = "";
    this.facets.matches = null;
    this.facets.clear();
    this.filtered();
    this.box.focus();
  }

  /** The list that belongs to the tab, with what the filters leave. */
  list() {
    const { plan, facets } = this, { choose } = this.actions, query = state.query.trim().toLowerCase();
    const shown = (rows) => Array.from(rows).filter((one) => facets.shown[one]);
    const asked = (one) => !query || (one.id + "\n" + one.name).toLowerCase().includes(query);
    const routeShown = (route) => route.stops.some((stop) => facets.shown[stop.case]) || (query && !facets.active && asked(route.responder));
    const chosen = this.chosenRoute(), part = PARTS.includes(state.tab) ? state.tab : null;
    const lists = {
      now: () => [shown(this.urgent), "nowHint", (one) => caseRow(plan, one, choose)],
      out: () => [shown(this.urgent).filter((one) => !plan.first[one]), "outHint", (one) => caseRow(plan, one, choose, { reason: true })],
      review: () => [shown(this.review), "reviewHint", (one) => caseRow(plan, one, choose, { review: true })],
      routes: () => [this.routes.filter(routeShown), "routesHint", (route) => routeRow(plan, route, choose, route === chosen)],
      crews: () => [this.crews.filter(asked), "crewsHint", (one) => crewRow(plan, one, choose)],
      changes: () => [this.changesShown(query), "changesHint", null],
    };
    const sizes = Object.fromEntries(tabsOf(plan).map((tab) => [tab, tab === state.tab ? null : tab === "now" ? facets.visible : lists[tab]()[0].length]));
    let [items, hint, row] = part ? [this.fileRows(part, query), null, (number) => fileRow(plan, number, choose)] : lists[state.tab]();
    let height = part ? ROW_PIXELS.file : ROW_PIXELS[state.tab];
    sizes[state.tab] = items.length;
    let text = part ? say("rowsHint", say(part), count(items.length)) : say(hint);
    if (query && state.tab === "now") {
      [items, row] = this.everything(items, query);
      height = ROW_PIXELS.found;
      text = say("found", count(items.length));
    }
    this.hint.textContent = text;
    for (const tab of this.tabRow.children) {
      const name = tab.id.slice(4), on = name === state.tab;
      tab.setAttribute("aria-selected", String(on));
      tab.setAttribute("tabindex", on || (part && name === "now") ? "0" : "-1");
      tab.querySelector("small").textContent = count(sizes[name]);
    }
    this.results.setAttribute("aria-labelledby", "tab-" + (part ? "now" : state.tab));
    const key = (item) => (typeof item === "number" ? "n" + item : item.stops ? "r" + item.number : item.route !== undefined ? "c" + item.number : "x" + item.file);
    const told = state.tab === "changes";
    this.results.querySelector(".changes").replaceWith(told ? changeList(plan, items, choose, CREWS_LISTED) : make("div.changes", {}));
    this.virtual.root.hidden = told;
    this.virtual.root.style.setProperty("--row", height + "px");
    this.virtual.show(told ? [] : items, { height, row, key, open: state.tab === "routes" && chosen ? key(chosen) : null });
    this.results.querySelector(".empty").textContent = items.length ? "" : say(query || facets.active ? "nothing" : "none");
    this.total = items.length;
    this.mark();
  }

  /** With a query: cases, then crews, then rows of the file that became no case. */
  everything(cases, query) {
    const { plan } = this, { choose } = this.actions;
    const crews = plan.responders.filter((one) => (one.id + "\n" + one.name).toLowerCase().includes(query)).sort((a, b) => Number(Boolean(b.route)) - Number(Boolean(a.route)));
    const files = data.rows.id.map((_, at) => at).filter((at) => String(data.rows.id[at]).toLowerCase().includes(query)).map((file) => ({ file }));
    const row = (item) => (typeof item === "number" ? caseRow(plan, item, choose) : item.file === undefined ? crewRow(plan, item, choose) : fileRow(plan, item.file, choose));
    return [[...cases, ...crews, ...files], row];
  }

  /** Changes of cases the filters leave; those of cases no longer in the plan while nothing filters. */
  changesShown(query) {
    const { plan, facets } = this, asked = (one) => !query || [one.case_id, one.responder, ...one.sentence].join("\n").toLowerCase().includes(query);
    return plan.changes.all.filter((one) => (one.case === null ? !facets.active && asked(one) : facets.shown[one.case]));
  }

  /** For paper: every crew's. */
  allChanges() {
    const more = this.results.querySelector(".changes > .more");
    if (more) more.click();
  }

  fileRows(part, query) {
    const { id, part: parts } = data.rows;
    return id.map((_, at) => at).filter((at) => parts[at] === part && (!query || String(id[at]).toLowerCase().includes(query)));
  }

  chosenRoute() {
    return state.selected && state.selected.type === "route" ? this.plan.routes[state.selected.number] : null;
  }

  /** Show in the list what is chosen on the map. */
  mark() {
    const what = state.selected;
    this.virtual.marked = what;
    for (const element of this.virtual.root.querySelectorAll("li.chosen")) element.classList.remove("chosen");
    const told = [...this.results.querySelectorAll(".changes li")];
    for (const row of told) row.classList.toggle("chosen", spotChosen(this.plan.changes.spots[row.dataset.spot], what));
    if (!what) return;
    const first = told.find((row) => row.classList.contains("chosen"));
    if (first) return first.scrollIntoView({ block: "nearest" });
    const at = this.virtual.items.findIndex((item) => (what.type === "case" ? item === what.number : what.type === "route" ? item === this.plan.routes[what.number] || (item && item.route && item.route.number === what.number) : item === this.plan.responders[what.number]));
    if (at < 0) return;
    this.virtual.reveal(at);
    const element = this.virtual.rows.get(at);
    if (element) element.classList.add("chosen");
  }
}

function gain(summary, other) {
  const saved = other.expected_yuan - summary.expected_yuan;
  return Math.abs(saved) < 1 ? null : make(saved > 0 ? "span.gain" : "span.gain.worse", {}, say(saved > 0 ? "less" : "moreLost", yuan(Math.abs(saved))));
}
