// Columns of a table, the way filters and canvases read them.

/** Different values in order of first appearance, and the number of each row's value. */
function coded(values, known = []) {
  const list = [...known], number = new Map(list.map((value, at) => [value, at])), of = new Uint16Array(values.length);
  for (let row = 0; row < values.length; row++) {
    let at = number.get(values[row]);
    if (at === undefined) {
      at = list.push(values[row]) - 1;
      number.set(values[row], at);
    }
    of[row] = at;
  }
  return { values: list, of };
}

/** Numbers as a typed column; what is missing is NaN. */
function numbers(values) {
  const out = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) out[row] = values[row] === null || values[row] === undefined ? NaN : values[row];
  return out;
}

/** First row of each owner in a table sorted by owner: rows of `one` are start[one] to start[one + 1]. */
function runs(owners, size) {
  const start = new Int32Array(size + 1);
  for (const owner of owners) start[owner + 1] += 1;
  for (let one = 0; one < size; one++) start[one + 1] += start[one];
  return start;
}

/** Row numbers sorted by a column, largest first; NaN last. */
function byLargest(column, rows) {
  const order = Int32Array.from(rows || column.keys());
  const value = (row) => (Number.isNaN(column[row]) ? -Infinity : column[row]);
  return order.sort((a, b) => value(b) - value(a) || a - b);
}
