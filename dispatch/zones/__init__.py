"""Days too large for one search: solved zone by zone in parallel, then mended along the boundaries."""

from dispatch.zones.parts import Measure, Zoning, by_county, part_of
from dispatch.zones.solving import Zoned, solve_by_zone, solve_zones

__all__ = ["Measure", "Zoned", "Zoning", "by_county", "part_of", "solve_by_zone", "solve_zones"]
