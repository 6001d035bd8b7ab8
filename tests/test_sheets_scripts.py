"""What to say at the door: every type has its lines, in both languages, and faults are named."""

import pytest

from dispatch.errors import SettingsError
from dispatch.reasons import FRAUD_TYPES
from dispatch.sheets.scripts import GENERAL, load_scripts, script_for


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_type_the_intake_knows_has_a_script_and_there_is_a_general_one(language):
    scripts = load_scripts(language)
    assert set(scripts) == {GENERAL, *FRAUD_TYPES}
    for script in scripts.values():
        assert script.say
        assert script.dont
        chinese = [any("一" <= sign <= "鿿" for sign in line) for line in (*script.say, *script.dont)]
        assert all(chinese) if language == "zh" else not any(chinese)


def test_the_scripts_of_two_types_differ_and_an_unknown_type_gets_the_general_one():
    scripts = load_scripts()
    assert len({script.say for script in scripts.values()}) == len(scripts)
    assert script_for("fake_jobs", scripts) is scripts["fake_jobs"]
    assert script_for("a type of next year", scripts) is scripts[GENERAL]


def test_a_users_lines_are_laid_over_ours_one_by_one():
    own = {"scripts": {"loan": {"zh": {"say": ["先问缺多少钱。"]}}}}
    before, after = load_scripts(), load_scripts(overlay=own)
    assert after["loan"].say == ("先问缺多少钱。",)
    assert after["loan"].dont == before["loan"].dont
    assert load_scripts("en", own) == load_scripts("en")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"lottery": {}}, "unknown lottery; known: acquaintance"),
        ({"loan": {"zh": {"say": []}}}, "loan.zh.say"),
        ({"loan": {"zh": {"say": ["  "]}}}, "one printable line"),
        ({"loan": {"zh": {"say": ["one\ntwo"]}}}, "one printable line"),
        ({"loan": {"en": {"dont": ["x" * 121]}}}, "loan.en.dont.0"),
        ({"loan": {"zh": {"say": "one line, not a list"}}}, "loan.zh.say"),
    ],
)
def test_a_script_that_cannot_be_printed_is_refused_by_its_name(own, said):
    with pytest.raises(SettingsError, match=r"\[scripts\]") as refused:
        load_scripts(overlay={"scripts": own})
    assert said in str(refused.value)
