"""Facts of a lead by their names, and reasons with our own words inside them."""

import pytest

from growth.web.lead_words import fact_text, sentence


@pytest.mark.parametrize(
    ("fact", "value", "told"),
    [
        ("company_type", "soho", "One-person exporter"),
        ("company_type", "holding_company", "holding company"),
        ("country", "cn", "China"),
        ("country", "Utopia", "Utopia"),
        ("language", "zh", "Chinese"),
        ("language", "mandarin, mostly", "Mandarin, mostly"),
        ("segment", "home_and_garden", "home and garden"),
    ],
)
def test_what_we_know_has_its_name_and_the_rest_its_own_word(fact: str, value: str, told: str) -> None:
    assert fact_text(fact, value, "en") == told


def test_a_label_inside_a_sentence_begins_small_and_a_country_doesn_t() -> None:
    def told(feature: str, message: str, value: str) -> str:
        return sentence({"feature": feature, "message": message, "values": {"value": value}}, "en")

    assert told("stage", "Has reached the stage %(value)s.", "shop_open") == "Has reached the stage shop open."
    assert told("last_call", "How the last call went: %(value)s.", "no_answer") == "How the last call went: no answer."
    assert told("company_type", "Kind of company: %(value)s.", "trading") == "Kind of company: Trading company."
    assert told("country", "Is in %(value)s.", "CN") == "Is in China."
