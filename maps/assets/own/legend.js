// The legend: signs with their words, and the layers that can be hidden.

/** A small picture for the legend, drawn by SVG elements. */
const legendSign = (width, ...parts) => make("svg.icon", { width, height: 14, viewBox: `0 0 ${width} 14`, "aria-hidden": "true" }, parts);

/**
 * Fills a <details>: `headline` are nodes of the line always seen, `entries` [picture, text] pairs,
 * `remarks` sentences, `layers` [{ label, on, toggle(on) }].
 */
function fillLegend(legend, { headline, entries, remarks = [], layers = [] }) {
  legend.replaceChildren(
    make("summary", {}, make("b", {}, say("legend")), headline),
    make("ul", {}, entries.filter(Boolean).map(([picture, text]) => make("li", {}, picture, make("span", {}, text)))),
    ...remarks.map((text) => make("p", {}, text)),
    make("fieldset", {}, make("legend", {}, say("layers")), layers.filter(Boolean).map(({ label, on, toggle }) => make("label", {},
      make("input", { type: "checkbox", checked: on, onchange: (event) => toggle(event.target.checked) }), " ", label))));
}
