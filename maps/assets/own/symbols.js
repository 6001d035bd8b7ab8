// Signs of cases and responders, the same on the map, in lists and in the legend: colour and shape say it twice.

const TIER_INK = { critical: "#b0123b", high: "#d97706", medium: "#1f6fb2", low: "#5d6b7a" };
const TIER_SHAPE = { critical: "diamond", high: "triangle", medium: "square", low: "circle" };
const KIND_INK = { station: "#1d3f8f", town: "#0b7a6b", village: "#5c7a1a", county: "#7a3296" };
const KIND_SIGN = { station: ["警", "P"], town: ["镇", "T"], village: ["村", "V"], county: ["县", "C"] };

const tierInk = (tier) => TIER_INK[tier] || TIER_INK.low;
const kindInk = (kind) => KIND_INK[kind] || "#444444";

/** Corner points of a shape of radius 1 around 0, 0; null for a circle. */
const CORNERS = {
  diamond: [[0, -1.22], [1.1, 0], [0, 1.22], [-1.1, 0]],
  triangle: [[0, -1.2], [1.18, 0.88], [-1.18, 0.88]],
  square: [[-0.92, -0.92], [0.92, -0.92], [0.92, 0.92], [-0.92, 0.92]],
  circle: null,
};

function shapePath(context, shape, x, y, radius) {
  context.beginPath();
  const corners = CORNERS[shape];
  if (!corners) return context.arc(x, y, radius, 0, 2 * Math.PI);
  corners.forEach(([dx, dy], at) => context[at ? "lineTo" : "moveTo"](x + dx * radius, y + dy * radius));
  return context.closePath();
}

/** The same shape as a small picture for lists and the legend. */
function shapeIcon(tier, out = false, size = 18) {
  const shape = TIER_SHAPE[tier] || "circle", ink = tierInk(tier), half = size / 2, radius = half * 0.72;
  const look = { fill: out ? "#ffffff" : ink, stroke: ink, "stroke-width": out ? 2 : 1, "stroke-linejoin": "round" };
  const corners = CORNERS[shape];
  const body = corners
    ? make("polygon", { points: corners.map(([x, y]) => (half + x * radius) + "," + (half + y * radius)).join(" "), ...look })
    : make("circle", { cx: half, cy: half, r: radius, ...look });
  const reach = radius * 0.42, low = shape === "triangle" ? radius * 0.22 : 0;
  const cross = out && make("path", {
    d: `M${half - reach} ${half + low - reach}L${half + reach} ${half + low + reach}M${half + reach} ${half + low - reach}L${half - reach} ${half + low + reach}`,
    stroke: ink, "stroke-width": 1.8, "stroke-linecap": "round",
  });
  return make("svg.icon", { width: size, height: size, viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true" }, body, cross);
}

function kindIcon(kind, size = 20) {
  const sign = KIND_SIGN[kind] || ["?", "?"];
  return make("svg.icon", { width: size, height: size, viewBox: "0 0 20 20", "aria-hidden": "true" },
    make("rect", { x: 1, y: 1, width: 18, height: 18, rx: 5, fill: kindInk(kind) }),
    make("text", { x: 10, y: 14.2, "text-anchor": "middle", fill: "#ffffff", "font-size": 11.5, "font-weight": 600 }, pick(sign)));
}

/** A case's sign on a canvas: filled where somebody goes, hollow and crossed where nobody does. */
function paintTier(context, x, y, radius, { tier, out = false, text = "", chosen = false }) {
  const ink = tierInk(tier), shape = TIER_SHAPE[tier] || "circle", low = shape === "triangle" ? radius * 0.22 : 0;
  if (chosen) paintHalo(context, x, y, radius);
  shapePath(context, shape, x, y, radius);
  context.lineJoin = "round";
  context.lineWidth = out ? 5 : 3.4;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.fillStyle = out ? "#ffffff" : ink;
  context.fill();
  if (out) {
    const reach = radius * 0.42;
    context.lineCap = "round";
    context.lineWidth = 2.2;
    context.strokeStyle = ink;
    context.stroke();
    context.beginPath();
    context.moveTo(x - reach, y + low - reach);
    context.lineTo(x + reach, y + low + reach);
    context.moveTo(x + reach, y + low - reach);
    context.lineTo(x - reach, y + low + reach);
    context.lineWidth = 2;
    context.stroke();
  } else if (text && radius >= 8.5) paintText(context, text, x, y + low + 0.5, radius * 1.08, "#ffffff", 700);
}

/** A crew's sign on a canvas: filled where it is sent, hollow where it waits, grey off shift. */
function paintKind(context, x, y, radius, { kind, busy = false, off = false, chosen = false }) {
  const ink = off ? "#8d8d8d" : kindInk(kind), small = radius < 5;
  if (chosen) paintHalo(context, x, y, radius);
  context.beginPath();
  if (small) context.arc(x, y, radius, 0, 2 * Math.PI);
  else if (context.roundRect) context.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, radius * 0.45);
  else context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  context.lineWidth = busy ? 3 : 2.4;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.fillStyle = busy || small ? ink : "#ffffff";
  context.fill();
  if (!busy && !small) {
    context.lineWidth = 1.4;
    context.strokeStyle = ink;
    context.stroke();
  }
  if (radius >= 6) paintText(context, pick(KIND_SIGN[kind] || ["?", "?"]), x, y + 0.5, radius * 1.22, busy ? "#ffffff" : ink, 600);
}

function paintHalo(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius + 7, 0, 2 * Math.PI);
  context.fillStyle = "rgba(20,33,61,0.14)";
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = "#14213d";
  context.stroke();
}

function paintText(context, text, x, y, size, ink, weight) {
  context.fillStyle = ink;
  context.font = weight + " " + Math.round(size) + "px " + FONT;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}
