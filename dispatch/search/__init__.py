"""The compiled optimiser behind the policy "search", and the bound that says how good a plan can be."""

from dispatch.search.bound import Bound, lower_bound

__all__ = ["Bound", "lower_bound"]
