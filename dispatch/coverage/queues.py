"""Queues with Poisson arrivals: how often everybody is busy, how long one waits, how many are needed.

Rates are per hour, times in hours unless the name says minutes. With `servers` c, offered load
a = rate × service and utilisation ρ = a / c.

References
----------
Erlang's formulas as in Gross, Shortle, Thompson & Harris, *Fundamentals of Queueing Theory*, 4th ed.,
§2.3 (M/M/c) and §2.4 (loss). B is computed by its recursion, C from B: no factorial, so any size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dispatch.errors import BadInput

MOST_SERVERS = 100_000


@dataclass(frozen=True, slots=True)
class Line:
    """The steady state of M/M/c: Poisson arrivals, exponential service, `servers` alike, one line.

    `waiting_share` is Erlang's C, the share of arrivals that wait; `idle_share` p0; `waiting_mean` Lq, how many
    wait on average; `wait_hours` Wq, of all arrivals.
    """

    servers: int
    load: float
    waiting_share: float
    idle_share: float
    waiting_mean: float
    wait_hours: float

    def within_share(self, minutes: float, service_hours: float) -> float:
        """Share (0 to 1) of arrivals that wait at most so many minutes: 1 − C·e^(−(c − a)·t/s)."""
        left = (self.servers - self.load) * minutes / 60.0 / service_hours
        return 1.0 - self.waiting_share * math.exp(-left)


def erlang_b(servers: int, load: float) -> float:
    """Share of arrivals lost where nobody waits (M/G/c/c): B(c) = a·B(c−1) / (c + a·B(c−1))."""
    lost = 1.0
    for count in range(1, servers + 1):
        lost = load * lost / (count + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Share of arrivals that wait: C = B / (1 − ρ(1 − B)); 1 where the load is not below the servers."""
    if load >= servers:
        return 1.0
    lost = erlang_b(servers, load)
    return lost / (1.0 - load / servers * (1.0 - lost))


def mmc(rate_per_hour: float, service_per_hour: float, servers: int) -> Line:
    """The steady state of M/M/c.

    Raises
    ------
    BadInput
        A rate is not above 0, or the servers cannot keep up: the line would grow for ever.
    """
    if not (rate_per_hour > 0 and service_per_hour > 0 and servers >= 1):
        raise BadInput(
            f"rates are {rate_per_hour:g} and {service_per_hour:g} an hour with {servers} servers; expected all above 0"
        )
    load = rate_per_hour / service_per_hour
    if load >= servers:
        raise BadInput(
            f"{servers} servers cannot keep up with {rate_per_hour:g} an hour: that is work for more than {load:.2f}"
        )
    share = erlang_c(servers, load)
    waiting = share * load / (servers - load)
    return Line(servers, load, share, _idle_share(servers, load), waiting, waiting / rate_per_hour)


def _idle_share(servers: int, load: float) -> float:
    """p0 by terms in proportion to the largest, so that none overflows."""
    logs = [count * math.log(load) - math.lgamma(count + 1) for count in range(servers + 1)]
    logs[-1] -= math.log(1.0 - load / servers)
    most = max(logs)
    return math.exp(-most) / math.fsum(math.exp(one - most) for one in logs)


def crews_needed(
    rate_per_hour: float, service_hours: float, within_minutes: float = 5.0, share: float = 0.9
) -> int:
    """The fewest crews of which one is free within so many minutes for that share of alerts (Erlang C).

    0 where nothing comes in.

    Raises
    ------
    BadInput
        A rate or a time below 0, or a share not between 0 and 1.
    """
    if not (rate_per_hour >= 0 and service_hours > 0 and within_minutes >= 0 and 0 <= share < 1):
        raise BadInput(
            f"found {rate_per_hour:g} alerts an hour, {service_hours:g} h each, {within_minutes:g} minutes, share {share:g}; "
            "expected rates and minutes of at least 0, time above 0, and a share from 0 to below 1"
        )
    if rate_per_hour == 0:
        return 0
    load = rate_per_hour * service_hours
    first = math.floor(load) + 1
    if first > MOST_SERVERS:
        raise BadInput(
            f"{rate_per_hour:g} alerts an hour of {service_hours:g} h each are work for {load:,.0f} crews"
        )
    lost = erlang_b(first - 1, load)
    for crews in range(first, first + MOST_SERVERS):
        lost = load * lost / (crews + load * lost)
        waits = lost / (1.0 - load / crews * (1.0 - lost))
        late = waits * math.exp(-(crews - load) * within_minutes / 60.0 / service_hours)
        if 1.0 - late >= share:
            return crews
    raise AssertionError("more crews than the load always suffice")
