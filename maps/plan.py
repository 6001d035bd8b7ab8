"""The dispatcher's map of one plan."""

from __future__ import annotations

import folium

from maps.page import PageMap
from maps.payload import plan_payload
from maps.view import PlanView


def plan_map(view: PlanView) -> folium.Map:
    """The plan as a map with its panel; add layers of your own, then `write_map` it."""
    places = [(place.lat, place.lon) for case in view.cases for place in case.places]
    places += [(responder.lat, responder.lon) for responder in view.responders]
    latlon = places[0] if places else (0.0, 0.0)  # the page itself fits what it shows
    return PageMap(plan_payload(view), latlon, view.language)
