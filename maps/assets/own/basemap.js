// The basemap: the area's own roads, water and boundaries, drawn on canvas tiles by zoom; basemap_names.js writes on it.

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
const TILE = 256, GROUND_TILE = 512; // few large tiles: each is a layer the browser must lay anew in every frame of a drag
const GRID_CELLS = 192, WIDE_CELLS = 300;
const DRAWING_MILLISECONDS = 10;

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

/** Packed lines on the world square of zoom 0, with their boxes and an index of the cells those touch. */
function worldLines(packed) {
  const lines = unpackLines(packed), { start } = lines, size = start.length - 1;
  const x = lines.lon.map(worldX), y = lines.lat.map(worldY), box = new Float64Array(4 * size);
  for (let line = 0; line < size; line++) {
    let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
    for (let point = start[line]; point < start[line + 1]; point++) {
      if (x[point] < west) west = x[point];
      if (x[point] > east) east = x[point];
      if (y[point] < north) north = y[point];
      if (y[point] > south) south = y[point];
    }
    box[4 * line] = west;
    box[4 * line + 1] = north;
    box[4 * line + 2] = east;
    box[4 * line + 3] = south;
  }
  return { start, x, y, box, size, grid: gridOf(box, size), seen: new Uint32Array(size), turn: 0 };
}

/** Boxes by the cells of a grid over all of them; those over many cells stand in a list of their own. */
function gridOf(box, size) {
  if (!size) return { west: 0, north: 0, cell: 1, columns: 1, bands: 1, first: new Int32Array(2), member: new Int32Array(0), wide: [] };
  let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
  for (let at = 0; at < 4 * size; at += 4) {
    west = Math.min(west, box[at]);
    north = Math.min(north, box[at + 1]);
    east = Math.max(east, box[at + 2]);
    south = Math.max(south, box[at + 3]);
  }
  const cell = Math.max((east - west) / GRID_CELLS, (south - north) / GRID_CELLS, 1e-9);
  const columns = Math.floor((east - west) / cell) + 1, bands = Math.floor((south - north) / cell) + 1;
  const reach = (at) => [Math.floor((box[at] - west) / cell), Math.floor((box[at + 2] - west) / cell), Math.floor((box[at + 1] - north) / cell), Math.floor((box[at + 3] - north) / cell)];
  const first = new Int32Array(columns * bands + 1), wide = [];
  const cells = (act) => {
    for (let line = 0; line < size; line++) {
      const [left, right, top, bottom] = reach(4 * line);
      if ((right - left + 1) * (bottom - top + 1) > WIDE_CELLS) {
        act(line, -1);
        continue;
      }
      for (let row = top; row <= bottom; row++) for (let column = left; column <= right; column++) act(line, row * columns + column);
    }
  };
  cells((line, at) => { if (at < 0) wide.push(line); else first[at + 1] += 1; });
  for (let at = 0; at < columns * bands; at++) first[at + 1] += first[at];
  const member = new Int32Array(first[columns * bands]), next = first.slice();
  cells((line, at) => { if (at >= 0) member[next[at]++] = line; });
  return { west, north, cell, columns, bands, first, member, wide };
}

/** Numbers below `limit` of the lines that may cross a box of the world square, in order. */
function linesWithin(lines, west, north, east, south, limit = lines.size) {
  const { grid, box, seen } = lines, found = [];
  const turn = (lines.turn += 1);
  const take = (line) => {
    if (line >= limit || seen[line] === turn) return;
    seen[line] = turn;
    const at = 4 * line;
    if (box[at] <= east && box[at + 2] >= west && box[at + 1] <= south && box[at + 3] >= north) found.push(line);
  };
  for (const line of grid.wide) take(line);
  const clamp = (value, size) => Math.max(0, Math.min(size - 1, Math.floor(value / grid.cell)));
  const left = clamp(west - grid.west, grid.columns), right = clamp(east - grid.west, grid.columns);
  const top = clamp(north - grid.north, grid.bands), bottom = clamp(south - grid.north, grid.bands);
  if ((right - left + 1) * (bottom - top + 1) > limit) {
    for (let line = 0; line < limit; line++) take(line);
  } else {
    for (let row = top; row <= bottom; row++) {
      for (let at = grid.first[row * grid.columns + left]; at < grid.first[row * grid.columns + right + 1]; at++) take(grid.member[at]);
    }
  }
  return found.sort((a, b) => a - b);
}

function readGround() {
  const ground = data.ground, ranks = summed(ground.roads.ranks);
  return {
    roads: worldLines(ground.roads), ranks, roadName: summed(ground.roads.name), roadNames: ground.roads.names,
    water: worldLines(ground.water.lines), waterLevel: ground.water.level, waterName: ground.water.name,
    borders: worldLines(ground.boundaries.lines), borderLevel: ground.boundaries.level,
    labels: rows(ground.labels),
    land: ["city", "county", "township"].find((level) => ground.boundaries.level.includes(level)) || null,
    // roads stand sorted by class, so that all a zoom shows of them is the first so many
    shown: Array.from({ length: 25 }, (_, zoom) => ROADS.reduce((most, road, rank) => (zoom >= road[0] ? Math.max(most, ranks.lastIndexOf(rank) + 1) : most), 0)),
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

/** Tiles are drawn a few milliseconds a frame, so that the hand that moves the map is never held up. */
const Ground = L.GridLayer.extend({
  options: { tileSize: GROUND_TILE, updateWhenZooming: false, keepBuffer: 1, className: "ground-tile", pane: "ground" },

  initialize(ground) {
    L.GridLayer.prototype.initialize.call(this, {});
    this.ground = ground;
    this.waiting = [];
    this.on("tileunload", ({ tile }) => { tile.unloaded = true; });
  },

  createTile(coords, done) {
    const tile = document.createElement("canvas"), sharp = Math.min(2, window.devicePixelRatio || 1);
    tile.width = tile.height = GROUND_TILE * sharp;
    if (!this.waiting.length) window.requestAnimationFrame(() => this.drawSome());
    this.waiting.push(() => {
      if (tile.unloaded) return;
      this.drawTile(tile.getContext("2d"), coords, sharp);
      done(null, tile);
    });
    return tile;
  },

  drawSome() {
    const until = performance.now() + DRAWING_MILLISECONDS;
    while (this.waiting.length && performance.now() < until) this.waiting.shift()();
    if (this.waiting.length) window.requestAnimationFrame(() => this.drawSome());
    else this.fire("drawn");
  },

  drawTile(context, coords, sharp) {
    context.scale(sharp, sharp);
    context.lineJoin = context.lineCap = "round";
    const scale = 2 ** coords.z, margin = 14 / scale;
    const side = GROUND_TILE / scale, west = coords.x * side, north = coords.y * side;
    const view = { zoom: coords.z, scale, west, north };
    const box = [west - margin, north - margin, west + side + margin, north + side + margin];
    this.drawLand(context, view, box);
    this.drawWater(context, view, box);
    this.drawBorders(context, view, box);
    this.drawRoads(context, view, box);
  },

  drawLand(context, view, box) {
    const { borders, borderLevel, land } = this.ground;
    context.fillStyle = land ? INK.outside : INK.land;
    context.fillRect(0, 0, GROUND_TILE, GROUND_TILE);
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
    const { roads, ranks, shown } = this.ground, byRank = ROADS.map(() => []);
    for (const line of linesWithin(roads, ...box, shown[Math.floor(view.zoom)])) {
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
