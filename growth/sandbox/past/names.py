"""Names of pretend people and companies, in their own scripts."""

from dataclasses import dataclass

from growth.sandbox.dice import Dice


@dataclass(frozen=True)
class Nation:
    """Where somebody is from: the language they are written to in, their zone, their names and their spelling in Latin.

    Names are pairs, as written and in Latin letters; `family_first` is how a full name is put together.
    """

    country: str
    locale: str
    zone: str
    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]
    family_first: bool = False


def _same(names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, name.lower()) for name in names.split())


def _pairs(names: str) -> tuple[tuple[str, str], ...]:
    return tuple((written, latin) for written, latin in (pair.split("/") for pair in names.split()))


_RUSSIAN_GIVEN = _pairs(
    "Анна/anna Олег/oleg Мария/maria Иван/ivan Елена/elena Сергей/sergey Ольга/olga Дмитрий/dmitry Юлия/yulia "
    "Павел/pavel Ирина/irina Алексей/alexey Наталья/natalia Артём/artem Светлана/svetlana"
)
_RUSSIAN_FAMILY = _pairs(
    "Кузьмич/kuzmich Шевчук/shevchuk Мельник/melnik Ткач/tkach Коваль/koval Гончар/gonchar Бондарь/bondar "
    "Дорош/dorosh Савич/savich Левченко/levchenko Черных/chernykh Седых/sedykh Долгих/dolgikh Белых/belykh"
)
_ENGLISH_GIVEN = _same("James Mary Robert Linda Michael Susan David Karen Daniel Nancy Kevin Laura Brian Emily Jason")
_ENGLISH_FAMILY = _same("Miller Carter Hughes Foster Bennett Reed Walsh Porter Hayes Boyd Sutton Barker Dunn Frost")
_PORTUGUESE_GIVEN = _pairs(
    "Ana/ana João/joao Mariana/mariana Pedro/pedro Beatriz/beatriz Lucas/lucas Fernanda/fernanda Rafael/rafael "
    "Camila/camila Thiago/thiago Júlia/julia Bruno/bruno Letícia/leticia Gustavo/gustavo"
)
_PORTUGUESE_FAMILY = _pairs(
    "Souza/souza Oliveira/oliveira Araújo/araujo Moreira/moreira Conceição/conceicao Teixeira/teixeira Pacheco/pacheco "
    "Figueiredo/figueiredo Brandão/brandao Falcão/falcao Queiroz/queiroz Siqueira/siqueira"
)
_CHINESE_GIVEN = _pairs(
    "伟/wei 芳/fang 娜/na 敏/min 静/jing 丽/li 强/qiang 磊/lei 军/jun 洋/yang 勇/yong 艳/yan 杰/jie 娟/juan 涛/tao"
)
_CHINESE_FAMILY = _pairs(
    "王/wang 李/li 张/zhang 刘/liu 陈/chen 杨/yang 黄/huang 赵/zhao 吴/wu 周/zhou 徐/xu 孙/sun 马/ma 朱/zhu 林/lin"
)

_RUSSIAN = (_RUSSIAN_GIVEN, _RUSSIAN_FAMILY)
_ENGLISH = (_ENGLISH_GIVEN, _ENGLISH_FAMILY)
_PORTUGUESE = (_PORTUGUESE_GIVEN, _PORTUGUESE_FAMILY)
_CHINESE = (_CHINESE_GIVEN, _CHINESE_FAMILY, True)

BUYERS = {
    Nation("RU", "ru", "Europe/Moscow", *_RUSSIAN): 0.37,
    Nation("US", "en", "America/New_York", *_ENGLISH): 0.22,
    Nation("BR", "pt_BR", "America/Sao_Paulo", *_PORTUGUESE): 0.19,
    Nation("KZ", "ru", "Asia/Almaty", *_RUSSIAN): 0.04,
    Nation("GB", "en", "Europe/London", *_ENGLISH): 0.03,
    Nation("BY", "ru", "Europe/Minsk", *_RUSSIAN): 0.025,
    Nation("CA", "en", "America/Toronto", *_ENGLISH): 0.025,
    Nation("AU", "en", "Australia/Sydney", *_ENGLISH): 0.02,
    Nation("UZ", "ru", "Asia/Tashkent", *_RUSSIAN): 0.02,
    Nation("PT", "pt_BR", "Europe/Lisbon", *_PORTUGUESE): 0.015,
    Nation("SG", "zh_CN", "Asia/Singapore", *_CHINESE): 0.015,
    Nation("MY", "zh_CN", "Asia/Kuala_Lumpur", *_CHINESE): 0.01,
    Nation("ZA", "en", "Africa/Johannesburg", *_ENGLISH): 0.01,
    Nation("AO", "pt_BR", "Africa/Luanda", *_PORTUGUESE): 0.01,
}
"""Shares of the buyers by where they live; together one."""

SELLERS = Nation("CN", "zh_CN", "Asia/Shanghai", _CHINESE_GIVEN, _CHINESE_FAMILY, family_first=True)

PROVINCES = {
    ("Guangdong", "广东", "广州 深圳 佛山 东莞 汕头"): 0.40,
    ("Zhejiang", "浙江", "义乌 宁波 温州 杭州 台州"): 0.24,
    ("Jiangsu", "江苏", "苏州 南通 无锡 常州"): 0.08,
    ("Shanghai", "上海", "上海"): 0.04,
    ("Fujian", "福建", "泉州 厦门 晋江"): 0.12,
    ("Shandong", "山东", "青岛 临沂 烟台"): 0.12,
}
"""Province, its name in Chinese, its trading towns; and the share of the sellers that are there (2013)."""

SEGMENTS = {
    "bags": "箱包",
    "shoes": "鞋业",
    "clothing": "服饰",
    "toys": "玩具",
    "electronics": "电子科技",
    "jewellery": "饰品",
    "home": "家居用品",
    "tools": "五金工具",
}
_CALLED = [
    "晨光",
    "恒达",
    "鑫源",
    "宏业",
    "佳美",
    "永盛",
    "华兴",
    "金桥",
    "瑞丰",
    "东方",
    "海纳",
    "嘉禾",
    "德信",
    "万利",
    "长青",
    "明辉",
    "天成",
    "百川",
    "和顺",
    "启航",
]
_FORMS = {"manufacturer": "制造有限公司", "trading": "进出口有限公司", "soho": "工作室"}


def person(nation: Nation, dice: Dice, number: int) -> tuple[str, str]:
    """The name and the e-mail address of a pretend person; the number keeps addresses apart."""
    given, given_latin = dice.one_of(nation.given, "given", number)
    family, family_latin = dice.one_of(nation.family, "family", number)
    name = f"{family}{given}" if nation.family_first else f"{given} {family}"
    return name, f"{given_latin}.{family_latin}{number}@example.net"


def company(town: str, segment: str, kind: str, dice: Dice, number: int) -> str:
    """The name of a pretend company, such as 义乌晨光箱包进出口有限公司."""
    called = dice.one_of(_CALLED, "called", number)
    second = dice.one_of(_CALLED, "called too", number)
    return f"{town}{called}{second if second != called else ''}{SEGMENTS[segment]}{_FORMS[kind]}"
