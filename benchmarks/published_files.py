"""Published instances as their files say: cumulative VRP, repairmen with profits, TSPLIB. Plain Python.

Nothing here is computed but distances between two points, one pair at a time; the tables the
search reads are made apart (`benchmarks.published`), so that one can be held against the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dispatch.errors import BadInput, MissingInput

MOST_CUSTOMERS = 5000
"""More would need gigabytes for the table of distances."""
LARGEST_FILE_BYTES = 200_000_000
NO_LENGTH_LIMIT = 999_999.0
EARTH_RADIUS_KM = 6378.388
PI = 3.141592
"""As TSPLIB has it: its GEO distances are made with these digits."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Published:
    """One file: the depot is number 0, customers are 1 to n in the file's order.

    `metric` names the distance: EXACT (Euclid), EUC_2D, CEIL_2D, ATT, GEO as TSPLIB defines them,
    or EXPLICIT, where `table` holds every one. `demand` and `profit` are by number, 0 at the
    depot; `vehicles` is None where the file does not say; `notes` what was passed over.
    """

    path: Path
    metric: str
    points: tuple[Point, ...] = ()
    table: tuple[tuple[float, ...], ...] = ()
    demand: tuple[float, ...] = ()
    capacity: float = math.inf
    profit: tuple[float, ...] = ()
    vehicles: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def customers(self) -> int:
        """How many there are to visit, the depot apart."""
        return max(len(self.points), len(self.table)) - 1

    def distance(self, origin: int, target: int) -> float:
        """From one number to another."""
        if self.metric == "EXPLICIT":
            return self.table[origin][target]
        return METRICS[self.metric](self.points[origin], self.points[target])


def euclid(a: Point, b: Point) -> float:
    """Not rounded."""
    return math.hypot(a[0] - b[0], a[1] - b[1])


def euc_2d(a: Point, b: Point) -> float:
    """To the nearest whole number, halves up."""
    return float(int(euclid(a, b) + 0.5))


def ceil_2d(a: Point, b: Point) -> float:
    """Up to the next whole number."""
    return float(math.ceil(euclid(a, b)))


def pseudo_euclid(a: Point, b: Point) -> float:
    """TSPLIB's ATT: a tenth of the square, its root rounded up."""
    exact = math.sqrt(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) / 10.0)
    whole = int(exact + 0.5)
    return float(whole + 1 if whole < exact else whole)


def geographic(a: Point, b: Point) -> float:
    """TSPLIB's GEO: degrees and minutes as DDD.MM, kilometres on a sphere, rounded up."""
    (north_a, east_a), (north_b, east_b) = (tuple(map(_radians, point)) for point in (a, b))
    q1, q2, q3 = math.cos(east_a - east_b), math.cos(north_a - north_b), math.cos(north_a + north_b)
    return float(int(EARTH_RADIUS_KM * math.acos(min(1.0, 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3))) + 1.0))


def _radians(given: float) -> float:
    degrees = int(given)
    return PI * (degrees + 5.0 * (given - degrees) / 3.0) / 180.0


METRICS: dict[str, Callable[[Point, Point], float]] = {
    "EXACT": euclid,
    "EUC_2D": euc_2d,
    "CEIL_2D": ceil_2d,
    "ATT": pseudo_euclid,
    "GEO": geographic,
}


def read_ccvrp(path: Path) -> Published:
    """Christofides, Mingozzi, Toth: ``n capacity longest service``, the depot, then x, y and demand a line.

    A limit on a route's length and a time of service, which the cumulative VRP does not
    have, are passed over and noted.
    """
    rows = _numbers(path)
    count = _count(path, rows, least=2)
    head = rows[0]
    if len(rows) < count + 2 or len(rows[1]) < 2 or any(len(row) < 3 for row in rows[2 : count + 2]):
        raise BadInput(
            f"{path}: says {count} customers; expected a depot (x y) and {count} lines of x y demand after it"
        )
    customers = rows[2 : count + 2]
    demand = (0.0, *(row[2] for row in customers))
    if min(demand) < 0 or max(demand) > head[1]:
        raise BadInput(
            f"{path}: demands are {min(demand):g} to {max(demand):g}, expected 0 to the capacity {head[1]:g}"
        )
    notes = []
    if len(head) > 2 and 0 < head[2] < NO_LENGTH_LIMIT:
        notes.append(
            f"{path.name}: the limit of {head[2]:g} on a route's length is not part of the cumulative VRP; passed over"
        )
    if len(head) > 3 and head[3] > 0:
        notes.append(
            f"{path.name}: the service time of {head[3]:g} is not part of the cumulative VRP; passed over"
        )
    points = [(row[0], row[1]) for row in (rows[1], *customers)]
    return Published(
        path, "EXACT", tuple(points), demand=demand, capacity=head[1], notes=tuple(notes)
    )  # fmt: skip


def read_mtrpp(path: Path) -> Published:
    """Repairmen with profits: ``n repairmen``, then x, y and profit a line, the depot's first.

    Distances are whole numbers, rounded.
    """
    rows = _numbers(path)
    count = _count(path, rows, least=2)
    if len(rows) < count + 2 or any(len(row) < 3 for row in rows[1 : count + 2]):
        raise BadInput(
            f"{path}: says {count} customers; expected {count + 1} lines of x y profit, the depot first"
        )
    if rows[0][1] < 1 or rows[0][1] != int(rows[0][1]):
        raise BadInput(f"{path}: says {rows[0][1]:g} repairmen; expected a whole number, at least 1")
    nodes = rows[1 : count + 2]
    return Published(
        path,
        "EUC_2D",
        tuple((row[0], row[1]) for row in nodes),
        profit=(0.0, *(row[2] for row in nodes[1:])),
        vehicles=int(rows[0][1]),
    )


def read_tsplib(path: Path) -> Published:
    """A symmetric TSPLIB file as the minimum latency problem: node 1 is the depot, one repairman."""
    head, body = _sections(path)
    kind, metric = head.get("TYPE", "TSP").split()[0], head.get("EDGE_WEIGHT_TYPE", "")
    if kind != "TSP" or (metric not in METRICS and metric != "EXPLICIT") or metric == "EXACT":
        known = ", ".join(sorted({*METRICS, "EXPLICIT"} - {"EXACT"}))
        raise BadInput(
            f"{path}: TYPE {kind}, EDGE_WEIGHT_TYPE {metric or 'missing'}; expected TSP with one of {known}"
        )
    try:
        count = int(head.get("DIMENSION", ""))
    except ValueError:
        raise BadInput(f"{path}: DIMENSION is {head.get('DIMENSION')!r}, expected a whole number") from None
    _check_count(path, count - 1)
    if metric == "EXPLICIT":
        form = head.get("EDGE_WEIGHT_FORMAT", "")
        table = _table(
            path, form, count, _floats(path, " ".join(body.get("EDGE_WEIGHT_SECTION", [])).split())
        )
        return Published(path, metric, table=table, vehicles=1)
    rows = [_floats(path, line.split()) for line in body.get("NODE_COORD_SECTION", [])]
    if len(rows) != count or any(len(row) != 3 for row in rows):
        raise BadInput(
            f"{path}: DIMENSION is {count}, but NODE_COORD_SECTION has {len(rows)} lines; expected number x y for each"
        )
    if [row[0] for row in rows] != list(range(1, count + 1)):
        raise BadInput(f"{path}: nodes are not numbered 1 to {count} in order")
    return Published(path, metric, tuple((row[1], row[2]) for row in rows), vehicles=1)


def _sections(path: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Header fields, and the lines of each section."""
    head: dict[str, str] = {}
    body: dict[str, list[str]] = {}
    section = ""
    for line in map(str.strip, _text(path).splitlines()):
        if not line or line == "EOF":
            continue
        if line.split(":")[0].strip().endswith("_SECTION"):
            section = line.split(":")[0].strip()
            body[section] = []
        elif ":" in line:
            key, value = line.split(":", 1)
            head[key.strip()] = value.strip()
        elif section:
            body[section].append(line)
        else:
            raise BadInput(f"{path}: {line[:40]!r} is neither a TSPLIB field (NAME : value) nor in a section")
    return head, body


def _table(path: Path, form: str, count: int, numbers: Sequence[float]) -> tuple[tuple[float, ...], ...]:
    """The whole square of an EXPLICIT file."""
    cells = {
        "FULL_MATRIX": [(i, j) for i in range(count) for j in range(count)],
        "UPPER_ROW": [(i, j) for i in range(count) for j in range(i + 1, count)],
        "LOWER_ROW": [(i, j) for i in range(count) for j in range(i)],
        "UPPER_DIAG_ROW": [(i, j) for i in range(count) for j in range(i, count)],
        "LOWER_DIAG_ROW": [(i, j) for i in range(count) for j in range(i + 1)],
    }
    if form not in cells:
        raise BadInput(f"{path}: EDGE_WEIGHT_FORMAT {form or 'missing'}; expected one of {', '.join(cells)}")
    if len(numbers) != len(cells[form]) or min(numbers, default=0.0) < 0:
        raise BadInput(
            f"{path}: {len(numbers)} weights; {form} of {count} nodes has {len(cells[form])}, none negative"
        )
    square = [[0.0] * count for _ in range(count)]
    for (i, j), weight in zip(cells[form], numbers, strict=True):
        square[i][j] = weight
        if form != "FULL_MATRIX":
            square[j][i] = weight
    return tuple(map(tuple, square))


def _numbers(path: Path) -> list[list[float]]:
    """The file's lines of numbers, empty ones left out."""
    rows = [_floats(path, line.split()) for line in _text(path).splitlines() if line.strip()]
    if not rows:
        raise BadInput(f"{path}: the file is empty")
    return rows


def _floats(path: Path, cells: Sequence[str]) -> list[float]:
    numbers = []
    for cell in cells:
        try:
            number = float(cell)
        except ValueError:
            raise BadInput(f"{path}: {cell[:40]!r} is not a number") from None
        if not math.isfinite(number):
            raise BadInput(f"{path}: {cell[:40]!r} is not a finite number")
        numbers.append(number)
    return numbers


def _count(path: Path, rows: Sequence[Sequence[float]], least: int) -> int:
    if len(rows[0]) < least or rows[0][0] != int(rows[0][0]):
        said = " ".join(f"{cell:g}" for cell in rows[0][:6])
        raise BadInput(f"{path}: the first line is {said!r}; expected {least} numbers, first the customers")
    _check_count(path, int(rows[0][0]))
    return int(rows[0][0])


def _check_count(path: Path, count: int) -> None:
    if not 1 <= count <= MOST_CUSTOMERS:
        raise BadInput(f"{path}: {count} customers; this benchmark takes 1 to {MOST_CUSTOMERS}")


def _text(path: Path) -> str:
    if not path.is_file():
        raise MissingInput(path)
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise BadInput(
            f"{path}: {path.stat().st_size} bytes are no instance of at most {MOST_CUSTOMERS} customers"
        )
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not a text file in UTF-8") from None
