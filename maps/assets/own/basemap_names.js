// Names on the basemap: places, streets and rivers on one canvas over the whole view, so that none collide.

// level: first zoom, last zoom, size, colour, weight, letter spacing, dot
const NAMES = {
  province: [4, 8, 15, "#77706a", 600, 4, false],
  city: [6, 10, 16, "#57504a", 600, 5, false],
  county: [8, 13, 14, "#57504a", 600, 3, false],
  township: [10, 16, 12.5, "#4d4a45", 500, 0, true],
  street: [15, 18, 11, "#6d675d", 400, 0, false],
  village: [13, 18, 11.5, "#68635a", 400, 0, true],
  hamlet: [14, 18, 11, "#77726a", 400, 0, true],
  hospital: [15, 18, 11, "#a05252", 400, 0, true],
  school: [15, 18, 11, "#7d6a4a", 400, 0, true],
};
const NAME_ORDER = ["city", "county", "township", "village", "hospital", "school", "hamlet", "street", "province"];
const FONT = '"Noto Sans SC","Noto Sans CJK SC","Source Han Sans SC","PingFang SC","HarmonyOS Sans SC","Microsoft YaHei","WenQuanYi Micro Hei",system-ui,sans-serif';

/** A village committee's name is its village's: 竹营村委会 is 竹营村. */
const shortName = (name) => name.replace(/(社区)?(居民委员会|居委会)$/, "社区").replace(/村?(村民委员会|村委会)$/, "村");

/** Place and street names on one canvas over the whole view, so that none collide. */
const Names = L.Renderer.extend({
  options: { padding: 0.1, pane: "names" },

  initialize(ground) {
    L.Renderer.prototype.initialize.call(this, { padding: 0.1, pane: "names" });
    this.ground = ground;
    for (const label of ground.labels) Object.assign(label, { name: shortName(label.name), x: worldX(label.lon), y: worldY(label.lat) });
    const order = (label) => { const at = NAME_ORDER.indexOf(label.level); return at < 0 ? 99 : at; };
    this.labels = ground.labels.filter((label) => NAMES[label.level]).sort((a, b) => order(a) - order(b));
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._context = this._container.getContext("2d");
  },

  _destroyContainer() {
    L.DomUtil.remove(this._container);
    delete this._container;
  },

  /** After a drag names wait their turn: what was drawn moved along, and marks come first. */
  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    window.cancelAnimationFrame(this.waits);
    if (!this._bounds) this.write();
    else this.waits = window.requestAnimationFrame(() => { this.waits = window.requestAnimationFrame(() => this.write()); });
  },

  onRemove() {
    window.cancelAnimationFrame(this.waits);
    L.Renderer.prototype.onRemove.call(this);
  },

  write() {
    if (!this._map || !this._container || (this._map._animatingZoom && this._bounds)) return;
    L.Renderer.prototype._update.call(this);
    const bounds = this._bounds, size = bounds.getSize(), sharp = Math.min(2, window.devicePixelRatio || 1);
    const canvas = this._container, context = this._context;
    L.DomUtil.setPosition(canvas, bounds.min);
    canvas.width = size.x * sharp;
    canvas.height = size.y * sharp;
    canvas.style.width = size.x + "px";
    canvas.style.height = size.y + "px";
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const corner = this._map.getPixelOrigin().add(bounds.min), zoom = this._map.getZoom();
    const view = { scale: 2 ** zoom, zoom, left: corner.x, top: corner.y, width: size.x, height: size.y, taken: [] };
    this.drawPlaces(context, view);
    if (zoom >= 12) this.drawStreets(context, view);
    if (zoom >= 11) this.drawRivers(context, view);
  },

  drawPlaces(context, view) {
    for (const label of this.labels) {
      const [from, to, size, colour, weight, spacing, dot] = NAMES[label.level];
      if (view.zoom < from || view.zoom > to) continue;
      const x = label.x * view.scale - view.left, y = label.y * view.scale - view.top;
      if (x < -60 || y < -20 || x > view.width + 60 || y > view.height + 20) continue;
      const grown = size + Math.max(0, Math.min(3, (view.zoom - from) * 0.5));
      context.font = weight + " " + grown + "px " + FONT;
      if ("letterSpacing" in context) context.letterSpacing = spacing + "px";
      const measured = label.measured === context.font ? label.width : context.measureText(label.name).width + 6;
      label.measured = context.font;
      const width = label.width = measured, below = dot ? grown * 0.75 + 2 : 0;
      if (!room(view, x - width / 2, y + below - grown / 2 - 2, x + width / 2, y + below + grown / 2 + 2)) continue;
      if (dot) {
        context.beginPath();
        context.arc(x, y, label.level === "township" ? 2.4 : 1.8, 0, 7);
        context.fillStyle = "#ffffff";
        context.strokeStyle = colour;
        context.lineWidth = 1.2;
        context.fill();
        context.stroke();
      }
      haloed(context, label.name, x, y + below, colour);
    }
    if ("letterSpacing" in context) context.letterSpacing = "0px";
  },

  drawStreets(context, view) {
    const { roads, ranks, roadName, roadNames } = this.ground;
    alongLines(context, view, roads, (line) => {
      const rank = ranks[line], first = rank < 2 ? 12 : rank < 4 ? 13 : rank < 5 ? 14 : 15;
      return roadName[line] >= 0 && view.zoom >= first ? roadNames[roadName[line]] : "";
    }, "#6a5f4c", 11);
  },

  drawRivers(context, view) {
    const { water, waterName } = this.ground;
    alongLines(context, view, water, (line) => waterName[line], INK.waterName, 11.5, "italic ");
  },
});

/** Names along lines: turned with the straightest long piece, never upside down, not too often. */
function alongLines(context, view, lines, nameOf, colour, size, style = "") {
  context.font = style + "400 " + size + "px " + FONT;
  context.textAlign = "center";
  const said = new Map();
  const box = [view.left, view.top, view.left + view.width, view.top + view.height].map((pixel) => pixel / view.scale);
  for (const line of linesWithin(lines, ...box)) {
    const name = nameOf(line);
    if (!name) continue;
    const width = context.measureText(name).width + 10;
    const spot = straightSpot(lines, line, view, width);
    if (!spot) continue;
    const near = (said.get(name) || []).some(([x, y]) => Math.hypot(x - spot.x, y - spot.y) < 320);
    const reach = [Math.abs(Math.cos(spot.turn)) * width / 2 + 5, Math.abs(Math.sin(spot.turn)) * width / 2 + 7];
    if (near || !room(view, spot.x - reach[0], spot.y - reach[1], spot.x + reach[0], spot.y + reach[1])) continue;
    said.set(name, [...(said.get(name) || []), [spot.x, spot.y]]);
    if (ROAD_NUMBER.test(name)) shield(context, name, spot.x, spot.y);
    else if (HAN.test(name) && Math.abs(spot.turn) > UPRIGHT_FROM) stacked(context, name, spot, colour, size);
    else turned(context, name, spot, colour);
  }
}

/** Where along a line `width` pixels of text lie nearly straight and inside the view. */
function straightSpot(lines, line, view, width) {
  const first = lines.start[line], end = lines.start[line + 1] - 1;
  const at = (point) => [lines.x[point] * view.scale - view.left, lines.y[point] * view.scale - view.top];
  for (let from = first, to = first, length = 0; from < end; from++) {
    const [x, y] = at(from);
    if (to < from) { to = from; length = 0; }
    while (to < end && length < width) {
      const [ax, ay] = at(to), [bx, by] = at(++to);
      length += Math.hypot(bx - ax, by - ay);
    }
    const [farX, farY] = at(to), chord = Math.hypot(farX - x, farY - y);
    const middle = [(x + farX) / 2, (y + farY) / 2];
    const inside = middle[0] > 30 && middle[1] > 20 && middle[0] < view.width - 30 && middle[1] < view.height - 20;
    if (length < width) return null;
    if (inside && chord > 0.96 * length) {
      const turn = Math.atan2(farY - y, farX - x);
      const upright = Math.abs(turn) > Math.PI / 2 ? turn + Math.PI : turn;
      return { x: middle[0], y: middle[1], turn: upright };
    }
    const [nextX, nextY] = at(from + 1);
    length -= Math.hypot(nextX - x, nextY - y);
  }
  return null;
}

// Chinese along a street that runs up and down is written one sign under the other, as on road signs
const UPRIGHT_FROM = (58 * Math.PI) / 180;
const HAN = /^[\u2e80-\u9fff\uf900-\ufaff]+$/;
const ROAD_NUMBER = /^[GSXYC]\d{1,4}$/;
const SHIELD = { G: "#b3372c", S: "#b98513", X: "#6b7280", Y: "#6b7280", C: "#6b7280" };

function turned(context, name, spot, colour) {
  context.save();
  context.translate(spot.x, spot.y);
  context.rotate(spot.turn);
  haloed(context, name, 0, 0, colour);
  context.restore();
}

function stacked(context, name, spot, colour, size) {
  // from the upper end down, each sign on the line itself
  const down = spot.turn > 0 ? 1 : -1, step = size * 1.16;
  [...name].forEach((sign, at) => {
    const along = (at - (name.length - 1) / 2) * step * down;
    haloed(context, sign, spot.x + Math.cos(spot.turn) * along, spot.y + Math.sin(spot.turn) * along, colour);
  });
}

/** A road's number on its plate: red national, amber provincial, grey below. */
function shield(context, name, x, y) {
  const width = context.measureText(name).width + 8;
  context.beginPath();
  if (context.roundRect) context.roundRect(x - width / 2, y - 8, width, 16, 4);
  else context.rect(x - width / 2, y - 8, width, 16);
  context.fillStyle = SHIELD[name[0]];
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2;
  context.stroke();
  context.fill();
  context.fillStyle = "#ffffff";
  context.fillText(name, x, y + 0.5);
}

function haloed(context, text, x, y, colour) {
  context.textAlign = "center";
  context.strokeStyle = "rgba(250,249,246,0.92)";
  context.lineWidth = 3;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** Whether a box is still free; takes it if so. */
function room(view, left, top, right, bottom) {
  for (const [l, t, r, b] of view.taken) if (left < r && right > l && top < b && bottom > t) return false;
  view.taken.push([left, top, right, bottom]);
  return true;
}
