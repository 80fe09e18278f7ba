"""A sign-up form as plain HTML for pages of other sites: no script, no style, nothing that loads."""

from markupsafe import Markup

from growth.locales import N_, translate
from growth.people.permission import guarding
from growth.people.permission.forms import texts_in
from growth.people.permission.records import SignUpForm
from growth.settings import settings
from growth.web.people_words import country_choices

_FORM = Markup("""\
<form class="growth-form" method="post" action="{action}" lang="{lang}">
  <h2>{heading}</h2>
  <p>{introduction}</p>
  <p><label>{email}<br><input type="email" name="email" required maxlength="254" autocomplete="email"></label></p>
{more}  <p hidden><label>{leave}<input name="website" tabindex="-1" autocomplete="off"></label></p>
  <input type="hidden" name="stamp" value="{stamp}">
  <p><small>{wording}</small></p>
  <p><button>{button}</button></p>
</form>
""")
_NAME = Markup('  <p><label>{label}<br><input name="name" maxlength="80" autocomplete="name"></label></p>\n')
_COUNTRY = Markup(
    '  <p><label>{label}<br><select name="country"><option value=""></option>{all}</select></label></p>\n'
)
_ONE = Markup('<option value="{code}">{name}</option>')

EMAIL, NAME, COUNTRY = N_("E-mail"), N_("Name"), N_("Country")
LEAVE_EMPTY = N_("Leave this empty")


def snippet(form: SignUpForm, locale: str) -> str:
    """The form in one language. What it says is stamped into it, so that an old copy asks its readers once more."""
    served, texts = texts_in(form, locale)
    more = Markup("")
    if form.asks_name:
        more += _NAME.format(label=translate(served, NAME))
    if form.asks_country:
        every = Markup("").join(_ONE.format(code=code, name=name) for code, name in country_choices(served))
        more += _COUNTRY.format(label=translate(served, COUNTRY), all=every)
    return str(
        _FORM.format(
            action=f"{settings().public_url}/f/{form.key}",
            lang=served.replace("_", "-"),
            email=translate(served, EMAIL),
            leave=translate(served, LEAVE_EMPTY),
            more=more,
            stamp=guarding.stamp(form, served, None),
            **{part: texts[part] for part in ("heading", "introduction", "wording", "button")},
        )
    )
