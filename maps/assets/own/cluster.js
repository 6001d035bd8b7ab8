// Groups of points too many to draw one by one: cells of the screen, fixed to the ground so that panning moves nothing.

const GROUP_PIXELS = 64;
/** How many points of one cell make a group: closer by, only a crowd does; from the last zoom on, nothing. */
const FEWEST = [[14, 3], [17, 8]];

/**
 * Points (numbers in drawing order) at a zoom as { singles, groups }: `singles` keep their order, a
 * group is { x, y, radius, size, parts, members } on the world square; `parts[part]` counts its
 * points of each part (`source.part(at)`), so that what is severe is counted, never lost.
 */
function groupPoints(source, points, zoom) {
  const rule = FEWEST.find(([below]) => zoom < below);
  if (!rule) return { singles: points, groups: [] };
  const cell = GROUP_PIXELS / 2 ** zoom, cells = new Map();
  for (const at of points) {
    const key = Math.floor(source.x[at] / cell) * 1e7 + Math.floor(source.y[at] / cell);
    const found = cells.get(key);
    if (found) found.push(at); else cells.set(key, [at]);
  }
  const grouped = new Uint8Array(source.count), groups = [];
  for (const members of cells.values()) {
    if (members.length < rule[1]) continue;
    let x = 0, y = 0;
    const parts = source.parts.map(() => 0);
    for (const at of members) {
      grouped[at] = 1;
      x += source.x[at];
      y += source.y[at];
      parts[source.part(at)] += 1;
    }
    groups.push({ x: x / members.length, y: y / members.length, radius: Math.min(26, 12 + 4 * Math.log10(members.length)), size: members.length, parts, members });
  }
  return { singles: points.filter((at) => !grouped[at]), groups };
}

/** A group: how many in all, a ring of its parts, and the severe ones counted beside it. */
function paintGroup(context, { px, py, radius, size, parts }, kinds) {
  context.beginPath();
  context.arc(px, py, radius + 2.5, 0, 2 * Math.PI);
  context.fillStyle = "#ffffff";
  context.fill();
  context.lineWidth = 4.5;
  context.lineCap = "butt";
  let from = -Math.PI / 2;
  parts.forEach((of, part) => {
    if (!of) return;
    const to = from + (of / size) * 2 * Math.PI;
    context.beginPath();
    context.arc(px, py, radius - 0.5, from, to);
    context.strokeStyle = kinds[part].ink;
    context.stroke();
    from = to;
  });
  paintText(context, briefly(size), px, py + 0.5, size < 100 ? 12 : 11, "#14213d", 700);
  let above = true;
  parts.forEach((of, part) => {
    if (!of || !kinds[part].severe) return;
    paintBadge(context, px + radius * 0.7, py + (above ? -radius - 1 : radius + 1), kinds[part], of);
    above = false;
  });
}

/** How many of a severe part, with its own sign: colour and shape. */
function paintBadge(context, x, y, kind, size) {
  const text = briefly(size);
  context.font = "700 10px " + FONT;
  const width = context.measureText(text).width + 17, left = x - 8;
  context.beginPath();
  if (context.roundRect) context.roundRect(left, y - 7, width, 14, 7);
  else context.rect(left, y - 7, width, 14);
  context.fillStyle = kind.ink;
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2.5;
  context.stroke();
  context.fill();
  shapePath(context, kind.shape, left + 7.5, y, 3.4);
  context.fillStyle = "#ffffff";
  context.fill();
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, left + 13, y + 0.5);
}

const briefly = (size) => (size < 1000 ? String(size) : size < 10000 ? (size / 1000).toFixed(1) + "k" : Math.round(size / 1000) + "k");
