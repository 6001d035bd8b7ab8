"""Extracts to measure on: those beside the repository, or a seeded lattice of our own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "roads"


def lattice(path: Path, side: int = 60, seed: int = 1) -> Path:
    """A seeded town of side × side crossings, as an extract."""
    rng = np.random.default_rng(seed)
    place = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2) * 0.004
    place = place + rng.normal(0, 0.0004, place.shape) + [110.9, 21.5]
    lines = [
        f'<node id="{n + 1}" version="1" lon="{x:.7f}" lat="{y:.7f}"/>' for n, (x, y) in enumerate(place)
    ]
    for n in range(side * side):
        for step in ([1] if n % side < side - 1 else []) + ([side] if n < side * (side - 1) else []):
            if rng.random() < 0.7:
                body = f'<nd ref="{n + 1}"/><nd ref="{n + 1 + step}"/><tag k="highway" v="tertiary"/>'
                lines.append(f'<way id="{len(lines)}" version="1">{body}</way>')
    path.write_text('<osm version="0.6">' + "".join(lines) + "</osm>", encoding="utf-8")
    return path
