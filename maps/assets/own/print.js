// Paper: A4 or A3, the map as it stands on screen, the whole list, and when it was printed.

const PAPERS = { A4: { width: 1060, height: 636 }, A3: { width: 1500, height: 930 } };

const paper = {
  size: "A4",

  /** The button, and the choice of paper. */
  controls() {
    return make("span.printing", {},
      make("select", { id: "paper", "aria-label": say("paper"), onchange: (event) => this.choose(event.target.value) },
        Object.keys(PAPERS).map((name) => make("option", { value: name, selected: name === this.size }, name))),
      make("button.small", { type: "button", id: "print", onclick: () => window.print() }, say("print")));
  },

  choose(size) {
    this.size = PAPERS[size] ? size : "A4";
    this.fit();
  },

  /** A canvas cannot be drawn anew while printing: the map stays as it is and is enlarged to the paper. */
  fit() {
    const size = kit.leaflet.getSize();
    if (!size.x || !size.y || window.matchMedia("print").matches) return;
    const room = PAPERS[this.size], style = document.documentElement.style;
    style.setProperty("--map-width", size.x + "px");
    style.setProperty("--map-height", size.y + "px");
    style.setProperty("--map-zoom", Math.min(room.width / size.x, room.height / size.y).toFixed(3));
    for (const sheet of document.styleSheets) {
      for (const rule of sheet.cssRules) {
        if (!(rule instanceof CSSMediaRule) || rule.conditionText !== "print") continue;
        for (const inner of rule.cssRules) if (inner instanceof CSSPageRule) inner.style.setProperty("size", this.size + " landscape");
      }
    }
  },

  /** `before` and `after` make the page ready for paper and undo that. */
  watch(before, after) {
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    const media = window.matchMedia("print");
    if (media.addEventListener) media.addEventListener("change", (event) => (event.matches ? before() : after()));
  },
};
