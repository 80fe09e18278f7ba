"""Which column of a file is which field of a lead, by its header, and which channel a source's word for it means."""

import re
import unicodedata
from collections.abc import Sequence

from growth.locales import N_

FIELDS = {
    "key": N_("Lead's own number"),
    "name": N_("Name"),
    "company": N_("Company"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "contacted_at": N_("First contact"),
    "won_at": N_("Won"),
    "channel": N_("Channel"),
    "origin": N_("Origin"),
    "landing_page": N_("Landing page"),
    "segment": N_("Segment"),
    "company_type": N_("Kind of company"),
    "country": N_("Country"),
    "province": N_("Province"),
    "language": N_("Language"),
}
"""Our fields and what a page calls them."""

FACTS = ("origin", "landing_page", "segment", "company_type", "country", "province", "language")
"""Fields of a file of leads that are written down at first contact, and so may be kept as facts for scoring."""

_WORDS = {
    "key": "mql id|lead id|id|key|external id|crm id|lead number|lead no|номер|номер лида|código|编号|线索编号",
    "name": "name|lead name|full name|contact|contact name|contact person|имя|фио|контакт|nome|contato|姓名|联系人",
    "company": """company|company name|seller|shop|shop name|legal name|organisation|organization|компания|empresa|公司
        |公司名称""",
    "email": "email|e mail|mail|email address|почта|эл почта|correio|邮箱|电子邮箱|邮件",
    "phone": "phone|telephone|tel|mobile|phone number|телефон|telefone|celular|电话|手机|手机号|联系电话",
    "contacted_at": """contacted at|first contact|first contact date|first contact at|contact date|created|created at
        |created date|date|дата|дата контакта|первый контакт|data|data do contato|日期|首次联系|联系日期""",
    "won_at": "won at|won date|won|closed won|close date|deal date|date won|дата сделки|data do fechamento|成交日期",
    "channel": "channel|acquisition channel|канал|canal|渠道",
    "origin": "origin|lead source|source|utm source|источник|origem|来源",
    "landing_page": "landing page|landing page id|page|посадочная страница|página|着陆页|落地页",
    "segment": "segment|industry|category|trade|сегмент|категория|segmento|categoria|行业|类目",
    "company_type": "company type|kind|kind of company|business type|тип компании|tipo|tipo de empresa|公司类型",
    "country": "country|country code|страна|país|国家",
    "province": "province|region|state|регион|província|estado|省|省份",
    "language": "language|locale|язык|idioma|语言",
}

CHANNEL_OF = {
    "members": """members|existing members|existing member|member|china supplier|parent site|существующие участники
        |membros|现有会员|会员""",
    "competitors": """competitors|competitors sellers|competitor|marketplace|ebay|dhgate|tradetang|taobao|конкуренты
        |竞争对手""",
    "online": """online|online methods|organic search|search|seo|paid search|email|social|display|referral|content
        |landing page|landing|directory|website|web form|онлайн|线上""",
    "offline": """offline|trade fair|trade fairs|fair|fairs|canton fair|association|field sales
        |trade fairs and field sales|выставка|feira|线下|展会|广交会""",
    "other": "other|other publicities|other sites",
    "direct": "direct|direct traffic|unknown|no channel known|none",
}
"""Channel of ours → the words of sources that mean it. The table to add a source's word to."""
OTHER, UNKNOWN = "other", "direct"


def _plain(header: str) -> str:
    text = unicodedata.normalize("NFKC", header).casefold()
    return " ".join(re.split(r"[\W_]+", text)).strip()


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {_plain(word): meaning for meaning, words in table.items() for word in words.split("|")}


_FIELD_OF = _by_word(_WORDS)
_CHANNEL_OF = _by_word(CHANNEL_OF)


def find_columns(header: Sequence[str]) -> dict[str, int]:
    """Field → place of its column. Of two columns that could be the same field the first is taken."""
    found: dict[str, int] = {}
    for place, cell in enumerate(header):
        field = _FIELD_OF.get(_plain(cell))
        if field is not None:
            found.setdefault(field, place)
    return found


def channel_of(channel: str, origin: str) -> str | None:
    """Our channel by a source's words for channel or origin; None where it says nothing at all."""
    word = _plain(channel) or _plain(origin)
    return _CHANNEL_OF.get(word, OTHER) if word else None
