// Online tiles, where they were asked for: the data stay WGS-84, the tiles of another datum are moved to them.

/** Degrees by which GCJ-02 moves a WGS-84 point; dispatch/datum.py has the same formula and its source. */
function gcjShift(lon, lat) {
  const x = lon - 105, y = lat - 35, { PI: pi, sin, sqrt, abs } = Math, root = sqrt(abs(x));
  const waves = ((20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2) / 3;
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves;
  north += ((20 * sin(y * pi) + 40 * sin((y / 3) * pi)) * 2) / 3 + ((160 * sin((y / 12) * pi) + 320 * sin((y * pi) / 30)) * 2) / 3;
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves;
  east += ((20 * sin(x * pi) + 40 * sin((x / 3) * pi)) * 2) / 3 + ((150 * sin((x / 12) * pi) + 300 * sin((x / 30) * pi)) * 2) / 3;
  const flat = 0.00669342162296594323, axis = 6378245, radians = (lat * pi) / 180, magic = 1 - flat * sin(radians) ** 2;
  const meridian = (axis * (1 - flat)) / (magic * sqrt(magic)), parallel = (axis / sqrt(magic)) * Math.cos(radians);
  return [(east / parallel) * (180 / pi), (north / meridian) * (180 / pi)];
}

const inChina = (lon, lat) => lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;

/** The WGS-84 place of a point given in another datum; six rounds leave less than a millimetre. */
function toWgs84(datum, lon, lat) {
  if (datum === "BD09") {
    const turn = (Math.PI * 3000) / 180;
    let at = [lon - 0.0065, lat - 0.006];
    for (let round = 0; round < 6; round++) {
      const far = Math.hypot(...at) + 0.00002 * Math.sin(at[1] * turn), angle = Math.atan2(at[1], at[0]) + 0.000003 * Math.cos(at[0] * turn);
      at = [at[0] + lon - (far * Math.cos(angle) + 0.0065), at[1] + lat - (far * Math.sin(angle) + 0.006)];
    }
    return toWgs84("GCJ02", ...at);
  }
  if (datum !== "GCJ02" || !inChina(lon, lat)) return [lon, lat];
  let at = [lon, lat];
  for (let round = 0; round < 6; round++) {
    const [east, north] = gcjShift(...at);
    at = [lon - east, lat - north];
  }
  return at;
}

const lonAt = (x) => (x / TILE) * 360 - 180;
const latAt = (y) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / TILE))) * 180) / Math.PI;

/** Pixels, at a scale, from where a point of the tiles' own grid is to where it belongs. */
function datumShift(datum, x, y, scale) {
  if (datum === "WGS84" || datum === "CGCS2000") return L.point(0, 0);
  const [lon, lat] = toWgs84(datum, lonAt(x / scale), latAt(y / scale));
  return L.point(worldX(lon) * scale - x, worldY(lat) * scale - y);
}

const OnlineTiles = L.TileLayer.extend({
  options: { pane: "tiles", maxZoom: 18, keepBuffer: 2, className: "online-tile" },

  initialize(address, tiles) {
    L.TileLayer.prototype.initialize.call(this, address, { subdomains: tiles.servers || "a", maxNativeZoom: tiles.largest_zoom });
    this.datum = tiles.datum;
  },

  // each tile is laid where its own middle belongs: within a view the shift varies by less than a pixel
  _getTilePos(coords) {
    const middle = coords.add([0.5, 0.5]).multiplyBy(TILE);
    return L.TileLayer.prototype._getTilePos.call(this, coords).add(datumShift(this.datum, middle.x, middle.y, 2 ** coords.z).round());
  },

  _pxBoundsToTileRange(bounds) {
    const middle = bounds.getCenter(), shift = datumShift(this.datum, middle.x, middle.y, 2 ** this._tileZoom);
    const moved = L.bounds(bounds.min.subtract(shift).subtract([2, 2]), bounds.max.subtract(shift).add([2, 2]));
    return L.TileLayer.prototype._pxBoundsToTileRange.call(this, moved);
  },
});

/** Lay the tiles over the page's own ground, which shows wherever they do not come; our names would stand twice. */
function layTiles(map) {
  kit.tiles = L.layerGroup(data.tiles.addresses.map((address) => new OnlineTiles(address, data.tiles)));
  kit.toWgs84 = toWgs84;
  showTiles(map, true);
}

function showTiles(map, on) {
  kit.tilesHidden = !on;
  map[on ? "addLayer" : "removeLayer"](kit.tiles);
  if (kit.namesHidden !== true) map[on ? "removeLayer" : "addLayer"](kit.names);
}

/** The line of the legend that switches them, and says whose they are and in which datum. */
const tilesEntry = () => (data.tiles ? { label: `${pick(data.tiles.title)} (${data.tiles.datum})`, on: kit.tilesHidden !== true, toggle: (on) => showTiles(kit.leaflet, on) } : null);
