"""When the market is busy: days of the week, sales, holidays and growth, by country. Pure."""

from datetime import date

WEEK = (1.0, 1.05, 1.06, 1.02, 0.98, 0.86, 0.9)
"""Monday to Sunday, against the average."""

_BEGAN = date(2026, 1, 1)
_GROWTH_A_DAY = 0.0012
_MONTHS = (1.0, 0.97, 1.0, 1.0, 0.98, 0.95, 0.92, 0.93, 1.0, 1.04, 1.12, 1.1)
_CARNIVAL = {2025: (3, 4), 2026: (2, 17), 2027: (2, 9), 2028: (2, 29), 2029: (2, 13), 2030: (3, 5)}
"""Its Tuesday, 47 days before Easter."""
_SPRING_FESTIVAL = {2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3)}
"""Chinese New Year, when workshops rest for two weeks."""
_NEW_YEAR_COUNTRIES = frozenset({"RU", "KZ", "BY", "UZ"})
_CHRISTMAS_COUNTRIES = frozenset({"US", "GB", "CA", "AU", "ZA"})
_CARNIVAL_COUNTRIES = frozenset({"BR", "AO", "PT"})


def buyers_season(country: str, day: date) -> float:
    """How many buyers look for something on this day, against an ordinary one at the beginning of 2026."""
    return max(0.4, _grown(day)) * WEEK[day.weekday()] * _MONTHS[day.month - 1] * _holiday(country, day)


def sellers_season(day: date) -> float:
    """The same for makers and traders in China: office days, and hardly anybody at the Spring Festival."""
    feast = _SPRING_FESTIVAL.get(day.year)
    rests = feast is not None and -5 <= (day - date(day.year, *feast)).days <= 10
    return WEEK[day.weekday()] * (0.25 if rests else 1.0)


def _grown(day: date) -> float:
    return 1 + _GROWTH_A_DAY * (day - _BEGAN).days


def _holiday(country: str, day: date) -> float:
    factor = 1.0
    if day.month == 11 and 10 <= day.day <= 12:  # 11.11, everywhere
        factor *= 2.1 if day.day == 11 else 1.35
    if country in _NEW_YEAR_COUNTRIES:
        factor *= _new_year(day)
    if country in _CHRISTMAS_COUNTRIES and day.month == 12:
        factor *= 1.35 if day.day <= 18 else 0.7
    carnival = _CARNIVAL.get(day.year) if country in _CARNIVAL_COUNTRIES else None
    if carnival is not None and -4 <= (day - date(day.year, *carnival)).days <= 1:
        factor *= 0.6
    return factor


def _new_year(day: date) -> float:
    if day.month == 12 and 10 <= day.day <= 30:
        return 1.4
    return 0.6 if (day.month == 1 and day.day <= 8) or (day.month == 12 and day.day == 31) else 1.0
