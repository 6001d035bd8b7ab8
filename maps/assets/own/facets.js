// Filters that combine: every choice says how many it would show, in one pass over the columns.

/**
 * `facets`: [{ key, label, values, of, name(value) }]: `of[row]` is a number into `values`.
 * Chosen values of one facet widen, facets and the query narrow. `shown[row]` is 1 where all agree.
 */
class Facets {
  constructor(size, facets) {
    Object.assign(this, { size, facets, chosen: facets.map(() => new Set()), matches: null });
    this.shown = new Uint8Array(size).fill(1);
    this.counts = facets.map((facet) => new Uint32Array(facet.values.length));
    this.apply();
  }

  /** Count anew; `matches[row]` (a byte a row, null for all) is what a search leaves. */
  apply(matches = this.matches) {
    this.matches = matches;
    const { facets, chosen, counts, shown, size } = this;
    const wanted = chosen.map((set, at) => (set.size ? Uint8Array.from(facets[at].values, (_, value) => (set.has(value) ? 1 : 0)) : null));
    const asked = wanted.map((want, at) => [want, at]).filter(([want]) => want);
    counts.forEach((column) => column.fill(0));
    this.visible = 0;
    for (let row = 0; row < size; row++) {
      let missed = -1, misses = matches && !matches[row] ? 2 : 0;
      for (let place = 0; place < asked.length && misses < 2; place++) {
        const [want, at] = asked[place];
        if (!want[facets[at].of[row]]) {
          misses += 1;
          missed = at;
        }
      }
      shown[row] = misses === 0 ? 1 : 0;
      if (misses === 0) {
        this.visible += 1;
        for (let at = 0; at < counts.length; at++) counts[at][facets[at].of[row]] += 1;
      } else if (misses === 1) counts[missed][facets[missed].of[row]] += 1;
    }
  }

  toggle(at, value) {
    const set = this.chosen[at];
    if (!set.delete(value)) set.add(value);
    this.apply();
  }

  clear() {
    this.chosen.forEach((set) => set.clear());
    this.apply();
  }

  get active() { return this.chosen.some((set) => set.size); }

  /** Choices as text for the address bar, and back. */
  toText() {
    return this.facets.flatMap((facet, at) => (this.chosen[at].size ? [[facet.key, [...this.chosen[at]].map((value) => facet.values[value]).join("~")]] : []));
  }

  fromText(key, text) {
    const at = this.facets.findIndex((facet) => facet.key === key);
    if (at < 0) return;
    this.chosen[at] = new Set(String(text).split("~").map((value) => this.facets[at].values.indexOf(value)).filter((value) => value >= 0));
  }
}

const OPTIONS_SHOWN = 300;

/** The row of filter buttons, and under it the choices of the one that is open. */
class FacetBar {
  constructor(facets, changed) {
    Object.assign(this, { facets, changed, open: null });
    this.root = make("div.facets", {});
    this.draw();
  }

  draw() {
    const { facets } = this;
    const shut = (event) => {
      if (event.key !== "Escape" || this.open === null) return;
      event.stopPropagation();
      const at = this.open;
      this.open = null;
      this.draw();
      this.root.querySelectorAll(".facet")[at].focus();
    };
    const buttons = facets.facets.map((facet, at) => facet.values.length < 2 && !facets.chosen[at].size ? null : make("button.facet" + (facets.chosen[at].size ? ".on" : ""), {
      type: "button", "data-facet": facet.key, "aria-expanded": String(this.open === at), "aria-controls": "choices",
      onclick: () => { this.open = this.open === at ? null : at; this.draw(); this.root.querySelector(`[data-facet="${facet.key}"]`).focus(); },
    }, facet.label(), facets.chosen[at].size ? make("b", {}, " " + facets.chosen[at].size) : null));
    this.root.replaceChildren(make("div.facet-row", { role: "group", "aria-label": say("filters"), onkeydown: shut }, buttons),
      make("div", { id: "choices", onkeydown: shut }, this.open === null ? null : this.choices(this.open)));
  }

  /** The choices of one facet: those that would show most first. */
  choices(at) {
    const facet = this.facets.facets[at], counts = this.facets.counts[at], set = this.facets.chosen[at];
    let order = facet.values.map((_, value) => value).filter((value) => counts[value] || set.has(value) || facet.values.length < 20);
    if (!facet.ordered) order.sort((a, b) => counts[b] - counts[a] || a - b);
    order = order.slice(0, OPTIONS_SHOWN);
    return make("fieldset.choices", {}, make("legend.offscreen", {}, facet.label()), order.map((value) => make("label", {},
      make("input", {
        type: "checkbox", "data-value": facet.values[value], checked: set.has(value),
        onchange: (event) => {
          this.facets.toggle(at, value);
          this.changed();
          const again = [...this.root.querySelectorAll(".choices input")].find((one) => one.dataset.value === event.target.dataset.value);
          if (again) again.focus();
        },
      }), facet.picture ? facet.picture(facet.values[value]) : null, make("span.grow", {}, given(facet.name(facet.values[value]))), make("small", {}, count(counts[value])))));
  }
}
