"""Where sites, cars or cadres do most: covering, median, centre and least-loss models, each with a proved bound."""

from dispatch.coverage.siting.answer import Siting
from dispatch.coverage.siting.question import MODELS, Model, Question

__all__ = ["MODELS", "Model", "Question", "Siting"]
