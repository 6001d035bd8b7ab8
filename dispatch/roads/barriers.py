"""Gates, bollards and blocks: the way is cut there for those they stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.network import BACKWARD, FORWARD, Network

Integers = NDArray[np.int64]


def with_barriers(
    network: Network, point: Integers, barrier_node: Integers, barrier_access: NDArray[np.uint8]
) -> Network:
    """Ways stop at a barrier, and go on through an edge of no length for those who may pass.

    Parameters
    ----------
    network
        The roads; one way keeps the junction, every other that meets there gets a twin of it.
    point
        Which point of the ways each junction is, shape (nodes,), sorted.
    barrier_node, barrier_access
        Points with something across the way, shape (b,), and the bits of those who pass.
    """
    everyone = sum(FORWARD.values()) | sum(BACKWARD.values())
    at = np.minimum(np.searchsorted(point, barrier_node), max(len(point) - 1, 0))
    if not len(point) or not len(at):
        return network
    bars = (point[at] == barrier_node) & (barrier_access != everyone)
    passes = dict(zip(at[bars].tolist(), barrier_access[bars].tolist(), strict=True))
    ends = np.concatenate([network.edge_from, network.edge_to])
    moved = np.flatnonzero(np.isin(ends, list(passes)))
    moved = moved[np.argsort(ends[moved], kind="stable")]
    moved = moved[1:][ends[moved][1:] == ends[moved][:-1]]
    old = ends[moved].copy()
    twin = network.node_count + np.arange(len(moved), dtype=np.int32)
    ends[moved] = twin
    access = np.array([passes[node] for node in old.tolist()], dtype=np.uint8)
    lon, lat = network.node_lon[old], network.node_lat[old]
    edges, more = network.edge_count, int((access > 0).sum())
    carrier, link = (moved % max(edges, 1))[access > 0], access > 0
    return replace(
        network,
        node_lon=np.concatenate([network.node_lon, lon]),
        node_lat=np.concatenate([network.node_lat, lat]),
        edge_from=np.concatenate([ends[:edges], old[link]]).astype(np.int32),
        edge_to=np.concatenate([ends[edges:], twin[link]]).astype(np.int32),
        edge_length_metres=np.concatenate([network.edge_length_metres, np.zeros(more, np.float32)]),
        edge_class=np.concatenate([network.edge_class, network.edge_class[carrier]]),
        edge_access=np.concatenate([network.edge_access, access[link]]),
        edge_maxspeed_kmh=np.concatenate([network.edge_maxspeed_kmh, np.full(more, np.nan, np.float32)]),
        edge_name=np.concatenate([network.edge_name, network.edge_name[carrier]]),
        edge_osm_id=np.concatenate([network.edge_osm_id, network.edge_osm_id[carrier]]),
        edge_roundabout=np.concatenate([network.edge_roundabout, np.zeros(more, np.bool_)]),
        shape_start=np.concatenate(
            [network.shape_start, network.shape_start[-1] + 2 * np.arange(1, more + 1)]
        ),
        shape_lon=np.concatenate([network.shape_lon, np.repeat(lon[link], 2)]),
        shape_lat=np.concatenate([network.shape_lat, np.repeat(lat[link], 2)]),
    )
