"""From degrees to metres and back: a conformal plane for nearness, the ellipsoid for lengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

SEMI_MAJOR_METRES = 6_378_137.0
ECCENTRICITY_SQUARED = 0.006_694_379_990_14
HIGHEST_LATITUDE = 85.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plane:
    """Ellipsoidal Mercator, true to scale at `latitude`: conformal, so what is nearest here is nearest.

    References
    ----------
    Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395 (1987), eqs 7-6, 7-7, 7-9.
    """

    latitude: float

    def project(self, lon: ArrayLike, lat: ArrayLike) -> Floats:
        """Longitude and latitude in degrees to metres, shape (n, 2)."""
        e = np.sqrt(ECCENTRICITY_SQUARED)
        sine = np.sin(np.radians(np.clip(np.asarray(lat, float), -HIGHEST_LATITUDE, HIGHEST_LATITUDE)))
        northing = np.arctanh(sine) - e * np.arctanh(e * sine)
        return self._radius * np.column_stack([np.radians(np.asarray(lon, float)), northing])

    def unproject(self, xy: Floats) -> Floats:
        """Metres back to longitude and latitude in degrees, shape (n, 2)."""
        e = np.sqrt(ECCENTRICITY_SQUARED)
        goal = xy[:, 1] / self._radius
        sine = np.tanh(goal)
        for _ in range(6):  # each step gains a factor of e² / (1 - e²), about 150
            sine = np.tanh(goal + e * np.arctanh(e * sine))
        return np.column_stack([np.degrees(xy[:, 0] / self._radius), np.degrees(np.arcsin(sine))])

    @property
    def _radius(self) -> float:
        """Of the equator, shrunk so that a metre is a metre at `latitude`."""
        phi = np.radians(self.latitude)
        return float(SEMI_MAJOR_METRES * np.cos(phi) / np.sqrt(1 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2))


def metres_between(lon: ArrayLike, lat: ArrayLike, other_lon: ArrayLike, other_lat: ArrayLike) -> Floats:
    """Metres between points a few kilometres apart, on the ellipsoid's curvature at their middle.

    Not for pairs hundreds of kilometres apart; within 10 km it agrees with the geodesic to
    a few centimetres at the latitudes people live at.
    """
    lon, lat, other_lon, other_lat = (np.asarray(one, float) for one in (lon, lat, other_lon, other_lat))
    phi = np.radians((lat + other_lat) / 2)
    bulge = 1 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    north = np.radians(other_lat - lat) * SEMI_MAJOR_METRES * (1 - ECCENTRICITY_SQUARED) / bulge**1.5
    east = np.radians(other_lon - lon) * SEMI_MAJOR_METRES * np.cos(phi) / np.sqrt(bulge)
    return np.asarray(np.hypot(east, north), dtype=np.float64)


def line_metres(lonlat: Floats) -> float:
    """Metres along a line of points, shape (k, 2)."""
    return float(metres_between(lonlat[:-1, 0], lonlat[:-1, 1], lonlat[1:, 0], lonlat[1:, 1]).sum())


def bearing_degrees(lonlat: Floats) -> float:
    """Compass bearing from the first point to the last, 0 to 360, 90 is east."""
    (lon, lat), (other_lon, other_lat) = lonlat[0], lonlat[-1]
    east = (other_lon - lon) * np.cos(np.radians((lat + other_lat) / 2))
    return float(np.degrees(np.arctan2(east, other_lat - lat)) % 360)
