"""Codes, parameters, sentences."""

import pytest

from dispatch.reasons import CATALOGUE, Reason, parameters, say, word


@pytest.mark.parametrize("code", CATALOGUE)
def test_both_languages_need_the_same_parameters(code):
    filled = Reason(code, dict.fromkeys(parameters(code), "X"))
    assert "{" not in say(filled, "zh") + say(filled, "en")


def test_known_words_are_translated_inside_a_sentence():
    reason = Reason("HIGH_RISK", {"tier": "critical"})
    assert say(reason, "zh") == "预警等级为特高危"
    assert say(reason, "en") == "risk is critical"


def test_money_is_read_with_its_thousands_apart():
    assert say(Reason("COSTS_MORE_THAN_IT_SAVES", {"price_yuan": 12000, "averted_yuan": 950}), "en") == (
        "a visit costs 12,000 yuan and would save 950"
    )


def test_a_list_of_words_is_joined_in_the_language():
    assert word(["police", "female"], "zh") == "民警、女性"
    assert word(("police", "female"), "en") == "police, a woman"


def test_a_parameter_is_never_formatted_again():
    # a victim called {0.__class__} stays a victim's name
    reason = Reason("NO_PLACE", {"detail": "{0.__class__} {tier}"})
    assert say(reason, "en") == "no usable place: {0.__class__} {tier}"
