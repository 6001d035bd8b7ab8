"""What each session would reach: venues × whom it is for, as sparse rows over villages × groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.outreach.choosing import MOST_SHARE, Offers
from dispatch.coverage.outreach.people import People
from dispatch.coverage.outreach.settings import OutreachSettings
from dispatch.coverage.outreach.venues import Venues


def offers_of(
    people: People, venues: Venues, minutes: NDArray[np.float64], settings: OutreachSettings
) -> tuple[Offers, NDArray[np.float64], tuple[str, ...]]:
    """Every session there could be, how many would come to it, and the code of each town.

    Option ``v * groups + g`` is a session at venue `v` for group `g`. Of group `h` in a village `t` minutes away
    the share ``come_share[h] · (1 if h is g else spill_share) · e^(−t / decay_minutes)`` comes; where more would come
    than fit, all shares are scaled down. `lasting_share` of those who came is covered.

    Parameters
    ----------
    minutes
        From each village to each venue, shape (villages, venues); `inf` where no way leads.

    Returns
    -------
    offers, attendance, towns
        `attendance` (options,) people; `towns[offers.part[c]]` is the code of a cell's town.
    """
    groups = len(people.groups)
    near = minutes <= settings.within_minutes
    venue_at, village_at = np.nonzero(near.T)  # by venue
    fall = np.exp(-minutes[village_at, venue_at] / settings.decay_minutes)
    come = np.array(
        [[settings.kinds[kind].come_share.get(group, 0.0) for group in people.groups] for kind in venues.kind]
    ).reshape(len(venues.kind), groups)
    spill = np.where(np.eye(groups, dtype=bool), 1.0, settings.spill_share)
    offered = (come > 0.0)[:, :, None]  # nobody holds a session where those it is for do not come
    # (pairs, option's group, group of those who come)
    share = fall[:, None, None] * come[venue_at][:, None, :] * spill * offered[venue_at]
    expected = (share * people.residents[village_at][:, None, :]).sum(axis=2)
    attendance = np.zeros((len(venues.kind), groups))
    np.add.at(attendance, venue_at, expected)
    fits = np.minimum(1.0, venues.capacity[:, None] / np.maximum(attendance, 1e-9))
    share *= fits[venue_at][:, :, None] * settings.lasting_share
    # rows by option: venue, then whom it is for, then village, then who comes
    order = np.lexsort((np.tile(np.arange(groups), len(venue_at)), np.repeat(venue_at, groups)))
    rows = share.reshape(-1, groups)[order]
    cells = (np.repeat(village_at, groups)[order][:, None] * groups + np.arange(groups)).reshape(-1)
    counts = np.repeat(np.bincount(venue_at, minlength=len(venues.kind)), groups) * groups
    towns, town_of = np.unique(np.array(people.town, dtype=str), return_inverse=True)
    risk = np.array([settings.groups[one].risk for one in people.groups])
    worth = people.residents * risk
    part = np.repeat(town_of.reshape(-1), groups)

    def by_town(what: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(part, what.reshape(-1), len(towns)), np.float64)

    offers = Offers(
        start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        cell=cells.astype(np.int64),
        share=np.minimum(rows.reshape(-1), MOST_SHARE),
        venue=np.repeat(np.arange(len(venues.kind)), groups).astype(np.int64),
        limit=venues.limit,
        weight=(worth * (1.0 - people.covered_share)).reshape(-1),
        part=part.astype(np.int64),
        part_total=by_town(worth),
        part_covered=by_town(worth * people.covered_share),
    )
    return offers, (attendance * fits).reshape(-1), tuple(map(str, towns))
