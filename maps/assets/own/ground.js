// The basemap: the area's own roads, water, boundaries and names, drawn on canvas by zoom.

const INK = {
  outside: "#e9e7e1", land: "#f7f5f0", water: "#bcd8e6", shore: "#a5c8da", waterName: "#5c8ba6",
  county: "#a59f96", town: "#bdb6ab",
};

// one entry a class, most important first: first zoom, fill, casing, width at zooms 8, 10, 12, 14, 16, 18
const ROADS = [
  [0, "#f0b877", "#cf8f45", [1.5, 2.3, 3.6, 6, 11, 20]],
  [0, "#f4cb92", "#d3a05c", [1.3, 2.1, 3.4, 5.5, 10, 18]],
  [0, "#f8e2ad", "#d2b878", [0.9, 1.7, 3.0, 5.2, 9.5, 18]],
  [9, "#fbf0cf", "#cfc4a3", [0.6, 1.2, 2.5, 4.6, 9, 16]],
  [10, "#ffffff", "#cac4b8", [0.4, 0.8, 1.9, 3.8, 8, 14]],
  [12, "#ffffff", "#d0cabf", [0.3, 0.5, 1.1, 2.6, 6, 12]],
  [13, "#ffffff", "#d3cec4", [0.3, 0.4, 0.9, 2.2, 6, 12]],
  [13, "#ffffff", "#d6d1c7", [0.3, 0.4, 0.8, 1.8, 5, 10]],
  [14, "#ffffff", "#dbd6cc", [0.2, 0.3, 0.5, 1.3, 3.6, 8]],
  [14, "#efe8d9", "#d5ccb8", [0.2, 0.3, 0.5, 1.1, 2.6, 5]],
  [15, "#cdbfa8", null, [0.2, 0.2, 0.4, 0.8, 1.4, 2.4]],
  [15, "#d8b9a6", null, [0.2, 0.2, 0.4, 0.8, 1.4, 2.4]],
  [16, "#d8b9a6", null, [0.2, 0.2, 0.4, 0.8, 1.6, 2.6]],
  [10, "#86b3cc", null, [0.6, 0.8, 1.0, 1.4, 1.8, 2.4]],
];
const DASHED = new Set([10, 11, 12, 13]);
const CELL_ZOOM = 13;
const TILE = 256;

const worldX = (lon) => ((lon + 180) / 360) * TILE;
function worldY(lat) {
  const sine = Math.sin((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180);
  return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * TILE;
}

function roadWidth(rank, zoom) {
  const widths = ROADS[rank][3];
  const at = Math.max(0, Math.min(widths.length - 1, (zoom - 8) / 2));
  const low = Math.floor(at), high = Math.min(low + 1, widths.length - 1);
  return widths[low] + (widths[high] - widths[low]) * (at - low);
}

/** Packed lines on the world square of zoom 0, with boxes and an index of the cells they touch. */
function worldLines(packed) {
  const lines = unpackLines(packed), size = lines.start.length - 1;
  const x = lines.lon.map(worldX), y = lines.lat.map(worldY);
  const box = new Float64Array(4 * size), cells = new Map(), scale = 2 ** CELL_ZOOM / TILE;
  for (let line = 0; line < size; line++) {
    let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
    for (let point = lines.start[line]; point < lines.start[line + 1]; point++) {
      west = Math.min(west, x[point]); east = Math.max(east, x[point]);
      north = Math.min(north, y[point]); south = Math.max(south, y[point]);
    }
    box.set([west, north, east, south], 4 * line);
    for (let column = Math.floor(west * scale); column <= Math.floor(east * scale); column++) {
      for (let row = Math.floor(north * scale); row <= Math.floor(south * scale); row++) {
        const key = row * 2 ** CELL_ZOOM + column;
        const cell = cells.get(key);
        if (cell) cell.push(line); else cells.set(key, [line]);
      }
    }
  }
  return { start: lines.start, x, y, box, cells, size, seen: new Uint32Array(size), turn: 0 };
}

/** Numbers of the lines that may cross a box of the world square, in order. */
function linesWithin(lines, west, north, east, south) {
  const scale = 2 ** CELL_ZOOM / TILE, found = [];
  const columns = [Math.floor(west * scale), Math.floor(east * scale)];
  const bands = [Math.floor(north * scale), Math.floor(south * scale)];
  const near = (line) => lines.box[4 * line] <= east && lines.box[4 * line + 2] >= west
    && lines.box[4 * line + 1] <= south && lines.box[4 * line + 3] >= north;
  if ((columns[1] - columns[0] + 1) * (bands[1] - bands[0] + 1) > 300) {
    for (let line = 0; line < lines.size; line++) if (near(line)) found.push(line);
    return found;
  }
  lines.turn += 1;
  for (let row = bands[0]; row <= bands[1]; row++) {
    for (let column = columns[0]; column <= columns[1]; column++) {
      for (const line of lines.cells.get(row * 2 ** CELL_ZOOM + column) || []) {
        if (lines.seen[line] === lines.turn || !near(line)) continue;
        lines.seen[line] = lines.turn;
        found.push(line);
      }
    }
  }
  return found.sort((a, b) => a - b);
}

function readGround() {
  const ground = data.ground;
  const roads = worldLines(ground.roads);
  return {
    roads, ranks: summed(ground.roads.ranks), roadName: summed(ground.roads.name), roadNames: ground.roads.names,
    water: worldLines(ground.water.lines), waterLevel: ground.water.level, waterName: ground.water.name,
    borders: worldLines(ground.boundaries.lines), borderLevel: ground.boundaries.level,
    labels: rows(ground.labels),
    land: ["city", "county", "township"].find((level) => ground.boundaries.level.includes(level)) || null,
  };
}

/** Trace one line at a zoom, leaving out points closer than half a pixel. */
function trace(context, lines, line, scale, west, north) {
  let lastX = NaN, lastY = NaN;
  const end = lines.start[line + 1] - 1;
  for (let point = lines.start[line]; point <= end; point++) {
    const x = (lines.x[point] - west) * scale, y = (lines.y[point] - north) * scale;
    if (point === lines.start[line]) context.moveTo(x, y);
    else if (point === end || Math.abs(x - lastX) + Math.abs(y - lastY) > 0.7) context.lineTo(x, y);
    else continue;
    lastX = x; lastY = y;
  }
}

const Ground = L.GridLayer.extend({
  options: { tileSize: TILE, updateWhenZooming: false, keepBuffer: 3, className: "ground-tile" },

  initialize(ground) {
    L.GridLayer.prototype.initialize.call(this, {});
    this.ground = ground;
  },

  createTile(coords) {
    const tile = document.createElement("canvas"), sharp = Math.min(2, window.devicePixelRatio || 1);
    tile.width = tile.height = TILE * sharp;
    const context = tile.getContext("2d");
    context.scale(sharp, sharp);
    context.lineJoin = context.lineCap = "round";
    const scale = 2 ** coords.z, margin = 14 / scale;
    const west = (coords.x * TILE) / scale, north = (coords.y * TILE) / scale, side = TILE / scale;
    const view = { zoom: coords.z, scale, west, north };
    const box = [west - margin, north - margin, west + side + margin, north + side + margin];
    this.drawLand(context, view, box);
    this.drawWater(context, view, box);
    this.drawBorders(context, view, box);
    this.drawRoads(context, view, box);
    return tile;
  },

  drawLand(context, view, box) {
    const { borders, borderLevel, land } = this.ground;
    context.fillStyle = land ? INK.outside : INK.land;
    context.fillRect(0, 0, TILE, TILE);
    if (!land) return;
    context.beginPath();
    for (const line of linesWithin(borders, ...box)) {
      if (borderLevel[line] === land) trace(context, borders, line, view.scale, view.west, view.north);
    }
    context.fillStyle = INK.land;
    context.fill("nonzero");
  },

  drawWater(context, view, box) {
    const { water, waterLevel } = this.ground;
    const found = linesWithin(water, ...box);
    context.beginPath();
    for (const line of found) if (waterLevel[line] === "lake") trace(context, water, line, view.scale, view.west, view.north);
    context.fillStyle = INK.water;
    context.fill("evenodd");
    context.lineWidth = Math.max(1, Math.min(7, 1.2 * 1.45 ** (view.zoom - 10)));
    context.strokeStyle = INK.water;
    context.beginPath();
    for (const line of found) if (waterLevel[line] !== "lake") trace(context, water, line, view.scale, view.west, view.north);
    context.stroke();
  },

  drawBorders(context, view, box) {
    const { borders, borderLevel } = this.ground;
    const found = linesWithin(borders, ...box);
    const styles = [["village", 14, INK.town, 0.7, [2, 4]], ["township", 11, INK.town, 1, [4, 4]], ["county", 0, INK.county, 1.3, [9, 3, 2, 3]], ["city", 0, INK.county, 1.5, [12, 4]]];
    for (const [level, from, colour, width, dash] of styles) {
      if (view.zoom < from) continue;
      context.beginPath();
      for (const line of found) if (borderLevel[line] === level) trace(context, borders, line, view.scale, view.west, view.north);
      if (level !== "village" && level !== "township") {
        context.setLineDash([]);
        context.strokeStyle = "rgba(120,110,98,0.13)";
        context.lineWidth = 6;
        context.stroke();
      }
      context.setLineDash(dash);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
    context.setLineDash([]);
  },

  drawRoads(context, view, box) {
    const { roads, ranks } = this.ground, byRank = ROADS.map(() => []);
    for (const line of linesWithin(roads, ...box)) {
      if (view.zoom >= ROADS[ranks[line]][0]) byRank[ranks[line]].push(line);
    }
    const stroke = (rank, colour, width) => {
      if (!byRank[rank].length) return;
      context.beginPath();
      for (const line of byRank[rank]) trace(context, roads, line, view.scale, view.west, view.north);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.setLineDash(DASHED.has(rank) ? [3 + width, 3] : []);
      context.stroke();
    };
    for (let rank = ROADS.length - 1; rank >= 0; rank--) {
      const width = roadWidth(rank, view.zoom), casing = ROADS[rank][2];
      if (casing) stroke(rank, casing, width + (width > 2.4 ? 1.6 : width > 1.2 ? 1 : 0.2));
    }
    for (let rank = ROADS.length - 1; rank >= 0; rank--) {
      const width = roadWidth(rank, view.zoom);
      if (width > 1.2 || rank < 3 || !ROADS[rank][2]) stroke(rank, ROADS[rank][1], width);
    }
    context.setLineDash([]);
  },
});

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
  options: { padding: 0.15, pane: "names" },

  initialize(ground) {
    L.Renderer.prototype.initialize.call(this, { padding: 0.15, pane: "names" });
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

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
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
      const width = context.measureText(label.name).width + 6, below = dot ? grown * 0.75 + 2 : 0;
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
    context.save();
    context.translate(spot.x, spot.y);
    context.rotate(spot.turn);
    haloed(context, name, 0, 0, colour);
    context.restore();
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
