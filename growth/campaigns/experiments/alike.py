"""Whether the versions of an experiment differ for those who read them, in each of their languages."""

from collections.abc import Mapping, Sequence

from growth.campaigns.checks.finding import Check
from growth.experiments.assigning import Arm
from growth.locales import LANGUAGE_NAMES, N_


def alike(arms: Sequence[Arm], by_locale: Mapping[str, int]) -> dict[str, int]:
    """Of people by locale, those for whom two of the arms are the same message at the same hour."""
    return {locale: people for locale, people in by_locale.items() if people and _same(arms, locale)}


def _same(arms: Sequence[Arm], locale: str) -> bool:
    seen = [(arm.message, arm.hour, arm.words_in(locale)) for arm in arms]
    return any(one in seen[:place] for place, one in enumerate(seen))


def judge(arms: Sequence[Arm], by_locale: Mapping[str, int]) -> list[Check]:
    """A finding when some of those who get it would see no difference; nothing when all do."""
    same = alike(arms, by_locale)
    if not same:
        return []
    values = {"people": sum(same.values()), "languages": languages(same)}
    return [
        Check(
            "alike",
            "warn",
            N_("Versions of the experiment are the same for those who read %(languages)s: %(people)s."),
            N_("Write their texts in these languages too, or narrow the audience."),
            values,
            "experiment",
        )
    ]


def languages(locales: Mapping[str, int]) -> str:
    """As their readers call them, those of most people first."""
    return ", ".join(LANGUAGE_NAMES.get(one, one) for one in sorted(locales, key=lambda one: -locales[one]))
