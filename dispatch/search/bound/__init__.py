"""How good a plan can be at most: a bound on the loss of every plan, proved apart from the search."""

from dispatch.search.bound.proof import Bound, gap_share, lower_bound

__all__ = ["Bound", "gap_share", "lower_bound"]
