"""Decide who is met at their door first, before the money goes."""
