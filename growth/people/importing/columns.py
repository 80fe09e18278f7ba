"""Which column of a file is which field, guessed from its header in four languages."""

import re
import unicodedata
from collections.abc import Sequence

from growth.errors import InvalidError
from growth.locales import N_

FIELDS = {
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "name": N_("Name"),
    "family_name": N_("Family name"),
    "country": N_("Country"),
    "locale": N_("Language"),
    "time_zone": N_("Time zone"),
    "consent": N_("Permission (yes or no)"),
    "basis": N_("Basis of the permission"),
    "source": N_("Where it was given"),
    "wording": N_("Words agreed to"),
    "at": N_("Moment of the permission"),
    "jurisdiction": N_("Jurisdiction"),
    "purpose": N_("What the e-mails are for"),
}
"""Our fields and what a page calls them."""

_WORDS = {
    "email": """email|e mail|mail|email address|e mail address|email id|contact email|почта|эл почта|электронная почта
        |адрес электронной почты|эл адрес|имейл|емейл|correio|correio eletrônico|endereço de e mail|endereço de email
        |邮箱|电子邮箱|电子邮件|邮件|邮件地址|邮箱地址|电邮|电子邮件地址""",
    "phone": """phone|telephone|tel|mobile|mobile phone|mobile number|phone number|telephone number|cell|cell phone
        |whatsapp|телефон|номер телефона|мобильный|мобильный телефон|моб телефон|тел|telefone|celular
        |número de telefone|telefone celular|fone|电话|手机|手机号|手机号码|电话号码|联系电话|移动电话""",
    "name": """name|full name|fullname|contact name|customer name|first name|firstname|given name|contact|имя|фио
        |имя и фамилия|полное имя|имя клиента|ф и о
        |nome|nome completo|primeiro nome|contato|姓名|名字|名称|联系人|名""",
    "family_name": """last name|lastname|surname|family name|фамилия|sobrenome|apelido|姓|姓氏""",
    "country": """country|country code|nation|страна|код страны|país|pais|código do país
        |国家|国家 地区|国家地区|国别|国家代码""",
    "locale": """language|locale|lang|preferred language|язык|idioma|língua|语言|语种""",
    "time_zone": """time zone|timezone|tz|часовой пояс|fuso horário|fuso|时区""",
    "consent": """consent|permission|opt in|optin|opted in|subscribed|subscription|marketing consent|email consent
        |consent given|newsletter|согласие|подписка|рассылка|согласие на рассылку|разрешение|consentimento|permissão
        |aceita e mails|aceita emails|inscrito|assinante|同意|许可|订阅|是否同意|营销许可""",
    "basis": """basis|legal basis|consent basis|основание|правовое основание|base legal|base|依据|法律依据""",
    "source": """source|consent source|opt in source|источник|источник согласия|origem|fonte|origem do consentimento
        |来源|同意来源""",
    "wording": """wording|consent wording|consent text|text of consent|формулировка|текст согласия|redação
        |texto do consentimento|texto|措辞|同意文本|同意内容""",
    "at": """at|consent at|consent date|consent time|consented at|opt in date|opt in at|date of consent|date
        |дата согласия|дата|момент|когда|data do consentimento|data|同意时间|同意日期|日期|时间""",
    "jurisdiction": """jurisdiction|юрисдикция|jurisdição|司法管辖区|管辖地""",
    "purpose": """purpose|consent purpose|purpose of consent|цель|цель согласия|цель обработки|finalidade
        |finalidade do consentimento|propósito|目的|同意目的|用途""",
}


def _plain(header: str) -> str:
    text = unicodedata.normalize("NFKC", header).casefold()
    return " ".join(re.split(r"[\W_]+", text)).strip()


_FIELD_OF = {_plain(word): field for field, words in _WORDS.items() for word in words.split("|")}


def knows_header(header: str) -> bool:
    """Whether a header that is more than ASCII is one of the words we know."""
    return not header.isascii() and _plain(header) in _FIELD_OF


def labels(headers: Sequence[str]) -> list[str]:
    """A name for each column that no other has: its header, or `Header (2)` for the second of the same name."""
    named: list[str] = []
    taken: set[str] = set()
    for position, header in enumerate(headers, 1):
        wanted = header.strip() or f"Column {position}"
        label, turn = wanted, 1
        while label in taken:
            turn += 1
            label = f"{wanted} ({turn})"
        taken.add(label)
        named.append(label)
    return named


def guess_columns(headers: Sequence[str]) -> dict[str, str]:
    """Field → label of its column. Of two columns that could be the same field the first is taken."""
    guessed: dict[str, str] = {}
    for label, header in zip(labels(headers), headers, strict=True):
        field = _FIELD_OF.get(_plain(header))
        if field is not None:
            guessed.setdefault(field, label)
    return guessed


def positions(headers: Sequence[str], columns: dict[str, str]) -> dict[str, int]:
    """Field → position of its column. Raises InvalidError for a field or column there isn't, or nobody to find."""
    named = {label: position for position, label in enumerate(labels(headers))}
    for field, label in columns.items():
        if field not in FIELDS:
            raise InvalidError(
                field,
                N_("“%(name)s” is no field of ours; there are %(fields)s."),
                name=field,
                fields=", ".join(FIELDS),
            )
        if label not in named:
            raise InvalidError(
                field,
                N_("The file has no column “%(label)s”; it has %(labels)s."),
                label=label[:100],
                labels=", ".join(name[:100] for name in list(named)[:50]),
            )
    if not {"email", "phone"} & set(columns):
        raise InvalidError(
            "email",
            N_("No column with e-mail addresses or phone numbers was found."),
            remedy=N_("The first row must name the columns; say which one holds the e-mail."),
        )
    return {field: named[label] for field, label in columns.items()}
