"""Countries: their codes, and their names in a language."""

from functools import lru_cache


@lru_cache
def country_names(locale: str) -> dict[str, str]:
    """Names of countries in a language, by ISO 3166-1 alpha-2."""
    from babel import Locale  # noqa: PLC0415 - not every command needs its tables

    names = Locale.parse(locale).territories
    return {code: str(name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code != "ZZ"}
