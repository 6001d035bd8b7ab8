"""Parts of a network: without what hangs loose, with some of its edges, with some of its turns."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.roads.network import Network

Integers = NDArray[np.int64]
LOOSE_SHARE, LOOSE_METRES = 0.01, 20_000.0
"""A piece is dropped that is both shorter than this share of the longest and than this."""


def drop_loose(network: Network, dropped: Counter[str]) -> Network:
    """Without the pieces that no way joins to the rest and that are short."""
    if not network.edge_count:
        return network
    shape = (network.node_count, network.node_count)
    ones = np.ones(network.edge_count, dtype=np.int8)
    graph = coo_array((ones, (network.edge_from, network.edge_to)), shape=shape)
    pieces, label = connected_components(graph.tocsr(), directed=False)
    piece = label[network.edge_from]
    metres = np.bincount(piece, network.edge_length_metres, minlength=pieces)
    kept = metres >= min(LOOSE_METRES, LOOSE_SHARE * metres.max())
    if metres.max() == 0:
        return network
    dropped["unconnected_pieces"] += int((~kept & (np.bincount(label, minlength=pieces) > 0)).sum())
    dropped["unconnected_edges"] += int((~kept[piece]).sum())
    return take_edges(network, np.flatnonzero(kept[piece]))


def take_edges(network: Network, edges: Integers) -> Network:
    """The network of some of its edges, in their order; junctions and names numbered anew."""
    count = np.diff(network.shape_start)[edges]
    begin = np.repeat(network.shape_start[edges] - np.cumsum(count) + count, count)
    points = begin + np.arange(count.sum())
    ends = np.concatenate([network.edge_from[edges], network.edge_to[edges]])
    node, row = np.unique(ends, return_inverse=True)
    number: NDArray[np.int32] = np.reshape(row, -1).astype(np.int32)
    name, renamed = np.unique(network.edge_name[edges], return_inverse=True)
    nameless = int((name < 0).sum())
    row_of = np.full(network.edge_count, -1, np.int64)
    row_of[edges] = np.arange(len(edges))
    whole = (row_of[network.turn_from_edge] >= 0) & (row_of[network.turn_to_edge] >= 0)
    turns = keep_turns(network, whole)
    return replace(
        network,
        node_lon=network.node_lon[node],
        node_lat=network.node_lat[node],
        edge_from=number[: len(edges)],
        edge_to=number[len(edges) :],
        edge_length_metres=network.edge_length_metres[edges],
        edge_class=network.edge_class[edges],
        edge_access=network.edge_access[edges],
        edge_maxspeed_kmh=network.edge_maxspeed_kmh[edges],
        edge_name=(renamed.reshape(-1) - nameless).astype(np.int32),
        edge_osm_id=network.edge_osm_id[edges],
        edge_roundabout=network.edge_roundabout[edges],
        names=network.names[name[nameless:]],
        shape_start=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
        shape_lon=network.shape_lon[points],
        shape_lat=network.shape_lat[points],
        turn_from_edge=row_of[turns.turn_from_edge].astype(np.int32),
        turn_via_node=np.searchsorted(node, turns.turn_via_node).astype(np.int32),
        turn_to_edge=row_of[turns.turn_to_edge].astype(np.int32),
        turn_only=turns.turn_only,
        turn_profiles=turns.turn_profiles,
    )


def keep_turns(network: Network, kept: NDArray[np.bool_]) -> Network:
    """The network with some of its turn restrictions, `kept` (t,)."""
    names = ("turn_from_edge", "turn_via_node", "turn_to_edge", "turn_only", "turn_profiles")
    return replace(network, **{name: getattr(network, name)[kept] for name in names})
