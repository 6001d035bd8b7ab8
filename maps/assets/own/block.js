// The data block: unpacked, unsealed where it must be, back to columns. maps/block.py writes it.

/** The page's data; asks for the passphrase of a sealed block. */
async function readBlock() {
  const block = document.getElementById("data"), seal = block.dataset.seal;
  let bytes = bytesOf(block.textContent);
  block.textContent = "";
  if (seal) bytes = await unlock(bytes, JSON.parse(seal));
  return unpackBlock(await inflated(bytes));
}

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** The bytes of a zlib stream, unpacked beside the page's own work. */
async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function unpackBlock(bytes) {
  const size = new DataView(bytes.buffer).getUint32(0, true);
  const columns = bytes.subarray(4 + size);
  const read = (value) => {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) {
      // only lists of lists and of mappings can hold a column
      if (value.length && typeof value[0] === "object") for (let at = 0; at < value.length; at++) value[at] = read(value[at]);
      return value;
    }
    if (Array.isArray(value["~"])) {
      const [kind, start, length, ...more] = value["~"];
      return COLUMN[kind](columns.subarray(start, start + length), ...more);
    }
    for (const key of Object.keys(value)) value[key] = read(value[key]);
    return value;
  };
  return read(JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size))));
}

/** Calls `take(code)` for every varint. */
function eachCode(bytes, take) {
  for (let at = 0; at < bytes.length;) {
    let byte = bytes[at++];
    if (byte < 128) {
      take(byte);
      continue;
    }
    let value = byte & 127, scale = 128;
    do {
      byte = bytes[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    take(value);
  }
}

const unzigzag = (code) => (code < 2 ** 31 ? (code >>> 1) ^ -(code & 1) : code % 2 ? -(code + 1) / 2 : code / 2);

function codesIn(bytes) {
  let found = 0;
  for (let at = 0; at < bytes.length; at++) if (bytes[at] < 128) found += 1;
  return found;
}

const COLUMN = {
  i(bytes) {
    const out = new Int32Array(codesIn(bytes));
    let at = 0;
    eachCode(bytes, (code) => { out[at++] = unzigzag(code); });
    return out;
  },
  n(bytes, scale, delta) {
    const out = new Array(codesIn(bytes));
    let at = 0, last = 0;
    eachCode(bytes, (code) => {
      if (code === 0) {
        out[at++] = null;
        return;
      }
      last = unzigzag(code - 1) + (delta ? last : 0);
      out[at++] = last / scale;
    });
    return out;
  },
  w(bytes, words) {
    const out = new Array(codesIn(bytes));
    let at = 0;
    eachCode(bytes, (code) => { out[at++] = words[code]; });
    return out;
  },
};

/** Packed lines as { start, lon, lat }: line e is points start[e] to start[e + 1]. */
function unpackLines(packed) {
  const { counts, points } = packed, total = points.length / 2;
  const start = new Int32Array(counts.length + 1);
  const lon = new Float64Array(total), lat = new Float64Array(total);
  for (let line = 0; line < counts.length; line++) start[line + 1] = start[line] + counts[line];
  let x = 0, y = 0;
  for (let point = 0; point < total; point++) {
    lon[point] = (x += points[2 * point]) / 1e5;
    lat[point] = (y += points[2 * point + 1]) / 1e5;
  }
  return { start, lon, lat };
}

/** One unpacked line as Leaflet's [lat, lon] pairs. */
function latlons(lines, number) {
  const out = [];
  for (let point = lines.start[number]; point < lines.start[number + 1]; point++) {
    out.push([lines.lat[point], lines.lon[point]]);
  }
  return out;
}

/** Sums running through whole numbers told as steps. */
function summed(steps) {
  let sum = 0;
  return steps.map((step) => (sum += step));
}

/** Columns as rows, each reading its cells when asked: 50,000 rows cost little until looked at. */
function rows(columns) {
  const names = Object.keys(columns).filter((name) => Array.isArray(columns[name]));
  class Row {
    constructor(number) { this.number = number; }
  }
  for (const name of names) {
    const cells = columns[name];
    Object.defineProperty(Row.prototype, name, {
      get() { return cells[this.number]; },
      set(value) { Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true }); },
    });
  }
  const size = names.length ? columns[names[0]].length : 0, out = new Array(size);
  for (let row = 0; row < size; row++) out[row] = new Row(row);
  return out;
}
