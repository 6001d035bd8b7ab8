"""Build the bundled practice area: real names and county borders, everything else drawn from a seed.

    python tools/build_practice_area.py --sources ../shared/data/maoming --out data/maoming

The same sources give the same bytes. What is real and what is invented: data/SOURCES.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from practice.alerts import build_alerts  # noqa: E402
from practice.chains import build_chains, open_dead_ends, to_network  # noqa: E402
from practice.crews import build_crews  # noqa: E402
from practice.expressways import add_expressways  # noqa: E402
from practice.land import read_land  # noqa: E402
from practice.lattice import build_lattice  # noqa: E402
from practice.names import build_gazetteer  # noqa: E402
from practice.settle import settle  # noqa: E402
from practice.ways import lay_ways  # noqa: E402
from practice.write import write_area, write_csv  # noqa: E402


def build(sources: Path, out: Path) -> None:
    """Read the lists in `sources` and write the area folder `out`."""
    land = read_land(sources)
    settled = settle(land)
    ways = lay_ways(land, settled, build_lattice(land, settled))
    roads, _ = build_chains(ways, cKDTree(np.vstack([grid.xy for grid in settled.grids])))
    add_expressways(roads)
    open_dead_ends(roads)
    gazetteer = build_gazetteer(land, settled, roads)
    write_area(out, land, to_network(roads), gazetteer)
    responders, jurisdiction = build_crews(gazetteer)
    write_csv(out / "responders.csv", responders)
    write_csv(out / "jurisdiction.csv", jurisdiction)
    write_csv(out / "alerts.csv", build_alerts(gazetteer))


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sources", type=Path, default=ROOT.parent / "shared" / "data" / "maoming")
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "maoming")
    given = parser.parse_args()
    if not (given.sources / "townships.csv").exists():
        sys.exit(f"error: {given.sources} has no townships.csv; name the folder of the lists with --sources")
    build(given.sources, given.out)


if __name__ == "__main__":
    main()
