"""`growth channel show|funnel`: one channel, and how far those who came by each have come."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from growth.commands.channel import CountryOption, DaysOption, JsonOption, Side, SideOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from growth.measurement.funnels.reading import Cohort, Reached
    from growth.measurement.sums import Cut

LanguageOption = Annotated[str | None, typer.Option(help="en, ru, pt_BR, zh_CN or other. All when left out.")]
ChannelArgument = Annotated[str, typer.Argument(help="The channel, such as paid_search.")]


def show_channel(
    channel: ChannelArgument, *, side: SideOption = Side.BUYER, days: DaysOption = 28, country: CountryOption = None,
    language: LanguageOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """A channel: figures, funnel, cohorts, countries, campaigns, and its month against the budget."""
    from growth.commands.connect import print_json, work
    from growth.measurement.by_campaign.reading import inside
    from growth.measurement.funnels.reading import cohorts, funnel
    from growth.measurement.one_channel import countries_of, languages_of, month_of_channel, of_channel
    from growth.measurement.report import report

    cut = _cut(side, country, language)
    with work() as (session, now):
        found = of_channel(report(session, cut.side, days, cut.country, now, language=cut.language), channel)
        steps = funnel(session, channel, cut, found.period)
        weeks = cohorts(session, channel, cut, found.period.last, found.today)
        campaigns, _ = inside(session, cut.side, channel, found.period)
        month = month_of_channel(session, cut.side, channel, found.today, now)
        told: dict[str, Any] = {
            "channel": channel, "side": cut.side, "country": cut.country, "language": cut.language,
            "currency": found.currency, "first": found.period.first, "last": found.period.last,
            "now": found.total, "before": found.before, "funnel": steps, "cohorts": weeks,
            "countries": dict(countries_of(session, cut, channel, found.period)),
            "languages": dict(languages_of(session, cut, channel, found.period)),
            "campaigns": campaigns, "month": {"month": month.month, "budget_minor": month.budget_minor,
                                              "held_minor": month.held_minor, "pace": month.pace},
        }  # fmt: skip
    if json:
        print_json(told)
        return
    typer.echo(f"{channel}, {cut.side}s, {found.period.first} – {found.period.last}")
    _echo_steps(steps)
    _echo_cohorts(weeks)


def show_funnels(
    *, side: SideOption = Side.BUYER, days: DaysOption = 28, country: CountryOption = None,
    language: LanguageOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """How far those have come who entered in the last days, by channel; the sides have funnels of their own."""
    from growth.attribution.channels import keys
    from growth.commands.connect import print_json, work
    from growth.database.changed_days import zone_of
    from growth.measurement.funnels.reading import funnels, is_behind, steps_of
    from growth.measurement.periods import period_until

    cut = _cut(side, country, language)
    with work() as (session, now):
        period = period_until(now, zone_of(session), days)
        found, behind = funnels(session, cut, period), is_behind(session)
    steps = {channel: steps_of(cut.side, found.get(channel, {})) for channel in keys(cut.side)}
    if json:
        print_json({"side": cut.side, "country": cut.country, "language": cut.language, "first": period.first,
                    "last": period.last, "behind": behind, "channels": steps})  # fmt: skip
        return
    for channel, reached in steps.items():
        if reached[0].people:
            typer.echo(channel)
            _echo_steps(reached)
    if behind:
        typer.echo("Some of it is being counted again.")


def _cut(side: Side, country: str | None, language: str | None) -> "Cut":
    from growth.errors import InvalidError
    from growth.locales import N_
    from growth.measurement.languages import LANGUAGES
    from growth.measurement.sums import Cut

    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise InvalidError("country", N_("We know no such country."))
    if language is not None and language not in LANGUAGES:
        raise InvalidError("language", N_("Figures are cut by no such language."))
    return Cut(side.value, country.upper() if country else None, language)


def _echo_steps(steps: "Sequence[Reached]") -> None:
    for one in steps:
        share = "" if one.of_step_before is None else f"{one.of_step_before:.1%} of the step before"
        typer.echo(f"  {one.step:<14} {one.people / 1_000_000:>12,.1f}  {share}")


def _echo_cohorts(weeks: "Sequence[Cohort]") -> None:
    for one in weeks:
        cells = (
            f"{cell.weeks} w {cell.share:.1%}{'' if cell.over else ' …'}"
            for cell in one.cells
            if cell.share is not None
        )
        typer.echo(f"  {one.week}  {one.people / 1_000_000:>10,.1f}  {'  '.join(cells)}")
