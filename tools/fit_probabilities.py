"""Fits how often a reading of an address is right: writes the table [match.sure] of data/places.toml.

    python tools/fit_probabilities.py          # the practice area and, where it is there, the plain's extract

Labelled addresses of the generator in benchmarks/, of seeds kept for this (others are for measuring). The
weights are those under which the readings' being right or wrong is likeliest, a little drawn to nought.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.address_maker import Maker  # noqa: E402 # the benchmarks are not installed
from benchmarks.address_names import Characters, Names  # noqa: E402
from benchmarks.address_scores import right_ones, unit_key  # noqa: E402
from benchmarks.geocode import EXTRACT, gazetteers  # noqa: E402
from dispatch.places.gazetteer import Gazetteer  # noqa: E402
from dispatch.places.geocode import geocoder  # noqa: E402
from dispatch.places.sure import Features  # noqa: E402

SEEDS = (31, 98, 901)
ROWS = 16_000
DRAWN_TO_NOUGHT = 0.5
HEADING = "[match.sure]\n"

Sample = tuple[float, Features, bool]
"""Of a reading: its share among all of its address, what holds of it, whether it is right."""


def samples(gazetteer: Gazetteer, seed: int, count: int) -> Iterator[Sample]:
    """Every reading of the addresses of one seed."""
    names, reader = Names(gazetteer, Characters()), geocoder(gazetteer)
    for row in Maker(names, seed).rows(count):
        readings = reader.readings(row.text, row.hint)[0]
        codes = [gazetteer.code[one.row] for one in readings]
        keys = [unit_key(code, row, gazetteer, names) for code in codes]
        for one, right in zip(readings, right_ones(row, keys, codes), strict=True):
            yield one.share, one.features, right


def fit(given: list[Sample]) -> dict[str, float]:
    """Weight by feature: the log-odds that make what was seen likeliest."""
    names = sorted({name for _, found, _ in given for name in found})
    column = {name: at for at, name in enumerate(names)}
    holds = np.zeros((len(given), len(names)))
    for at, (_, found, _) in enumerate(given):
        for name, value in found.items():
            holds[at, column[name]] = value
    shares = np.clip([share for share, _, _ in given], 1e-9, 1.0 - 1e-7)
    right = np.array([float(one) for _, _, one in given])

    def surprise(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sure = 1.0 / (1.0 + np.exp(-(holds @ weights)))
        said = np.clip(shares * sure, 1e-12, 1.0 - 1e-12)
        total = -(right * np.log(said) + (1.0 - right) * np.log1p(-said)).sum()
        slope = ((1.0 - right) / (1.0 - said) - right / said) * shares * sure * (1.0 - sure)
        drawn = DRAWN_TO_NOUGHT * weights
        return total + 0.5 * float(drawn @ weights), holds.T @ slope + drawn

    found = minimize(surprise, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 2000})
    return dict(zip(names, (round(float(one), 2) for one in found.x), strict=True))


def main() -> None:
    """Fit, and put the table in the place of the old one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extract", type=Path, default=EXTRACT, help="an OSM extract for a second area")
    given = parser.parse_args()
    areas = gazetteers(given.extract).values()
    weights = fit([one for area in areas for seed in SEEDS for one in samples(area, seed, ROWS)])
    path = ROOT / "data" / "places.toml"
    head, _, tail = path.read_text(encoding="utf-8").partition(HEADING)
    after = tail[tail.index("\n[") :] if "\n[" in tail else ""
    lines = "".join(f"{name} = {weight:.2f}\n" for name, weight in weights.items())
    path.write_text(f"{head}{HEADING}{lines}{after}", encoding="utf-8")
    sys.stdout.write(f"{len(weights)} weights in {path}\n")


if __name__ == "__main__":
    main()
