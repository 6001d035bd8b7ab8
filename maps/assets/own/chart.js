// Small charts: a curve over time with its axes, and a strip of values.

/** Points of a curve as an SVG path; `values` over equal steps from `left` to `right`. */
function curvePath(values, { left, right, floor, ceiling, most }) {
  const x = (at) => left + (at / Math.max(1, values.length - 1)) * (right - left);
  const y = (value) => floor - (Math.min(value, most) / Math.max(most, 1e-9)) * (floor - ceiling);
  return values.map((value, at) => (at ? "L" : "M") + x(at).toFixed(1) + " " + y(value).toFixed(1)).join("");
}

/** A strip that fills its element: how something rises and falls. Not read aloud; its owner says it. */
function stripChart(values, name = "strip") {
  const most = Math.max(...values, 1e-9), path = curvePath(values, { left: 0, right: 100, floor: 20, ceiling: 1, most });
  return make("svg." + name, { viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" }, make("path.area", { d: path + "L100 20L0 20Z" }), make("path.curve", { d: path, "vector-effect": "non-scaling-stroke" }));
}

/**
 * A curve over minutes from now with its ticks; `said` is read aloud in its place.
 * `marks`: [{ at, name, dot, text }] are lines down to the axis; `until` is where the axis ends.
 * `shade` { from, value }: what lies above the value from there on is kept.
 */
function timeChart({ values, until, most, said, marks = [], shade = null }) {
  const width = 300, height = 104, left = 46, right = width - 8, ceiling = 16, floor = height - 20;
  const x = (minutes) => left + (Math.max(0, Math.min(until, minutes)) / until) * (right - left);
  const y = (value) => floor - (value / Math.max(most, 1e-9)) * (floor - ceiling);
  const curve = curvePath(values, { left, right, floor, ceiling, most });
  const before = shade ? [...values.slice(0, Math.max(1, Math.ceil((shade.from / until) * (values.length - 1)))), shade.value] : values;
  const anchor = ["start", "middle", "end"];
  return make("svg.chart", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said },
    make("line.axis", { x1: left, y1: floor, x2: right, y2: floor }), make("line.grid", { x1: left, y1: y(most), x2: right, y2: y(most) }),
    make("text.tick", { x: left - 5, y: y(most) + 4, "text-anchor": "end" }, yuan(most)), make("text.tick", { x: left - 5, y: floor + 1, "text-anchor": "end" }, "0"),
    shade && make("path.saved", { d: `M${x(shade.from)} ${y(most)}H${right}V${y(shade.value)}H${x(shade.from)}Z` }),
    make("path.area", { d: shade ? curvePath(before, { left, right: x(shade.from), floor, ceiling, most }) + `H${right}V${floor}H${left}Z` : curve + `L${right} ${floor}L${left} ${floor}Z` }), make("path.curve", { d: curve }),
    marks.map((mark) => [make("line." + mark.name, { x1: x(mark.at), y1: ceiling - 4, x2: x(mark.at), y2: floor }),
      mark.text ? make("text.tick", { x: x(mark.at), y: 9, "text-anchor": "middle" }, mark.text) : null,
      mark.dot === undefined ? null : make("circle.dot", { cx: x(mark.at), cy: y(mark.dot), r: 4 })]),
    [0, 0.5, 1].map((share, at) => make("text.tick", { x: x(share * until), y: height - 6, "text-anchor": anchor[at] }, clock(share * until))));
}
