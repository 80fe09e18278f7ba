"""Telling in which encoding a file was written: marks first, then UTF-8, then how likely the letters are."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from growth.people.importing.columns import knows_header

_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
CHOICES = ("utf-8", "utf-8-sig", "gb18030", "cp1251", "cp1252", "utf-16", "utf-16-le", "utf-16-be")
"""What can be chosen by hand; `cp1251` and `cp1252` are what Windows calls Cyrillic and Western."""

_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

# Letters by how often Russian uses them.
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёъ"
_TYPOGRAPHY = "«»“”„‘’–—…№\u00a0"
_WESTERN = "ãçéáíóúêôõàâüñöäßèåøæîëïìòùûÿœ"
# Signs that names, places and headers are mostly made of.
_CHINESE = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭"
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建文辉力永健世广志义兴良海山仁波宁贵福龙元全胜祥才新利清飞彬富顺信玲红玉梅琳雪"
    "姓名电话手机号码邮箱件地址联系家语言来源同意许依据日期省市区县路街道公司有限贸易外厂店北京上海广州东深圳杭浙江苏义乌宁波温州金"
    "钱孔诸葛欧阳司马官慕容尉迟覃隋翟阚佛黎侯邱秦史顾邵孟段雷汤尹武乔贺赖龚"
    "小美晓莉佳欣怡婷思雨子轩浩宇俊然嘉梓涵泽一诺晨阳天心春秋冬月云凤鹏虎"
)


def guess_encoding(path: Path) -> str:
    """The name of the file's encoding, as Python's codecs know it. The whole file is read once or twice."""
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name
    if wide := _unmarked_utf16(start):
        return wide
    if _decodes(path, "utf-8"):
        return "utf-8"
    sample = _telling_lines(path)
    # A few damaged bytes don't make a UTF-8 file something else; the rows that have them are rejected.
    high = sum(byte >= 0x80 for byte in sample)
    if sum(map(len, _UTF8_LETTER.findall(sample))) >= 0.9 * high:
        return "utf-8"
    possible = [name for name in ("gb18030", "cp1251", "cp1252") if _decodes(path, name)]
    return max(possible, key=lambda name: likelihood(sample, name), default="cp1252")


def _unmarked_utf16(start: bytes) -> str | None:
    pairs = len(start) // 2
    if pairs and start[1::2].count(0) > 0.4 * pairs:
        return "utf-16-le"
    if pairs and start[0::2].count(0) > 0.4 * pairs:
        return "utf-16-be"
    return None


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _telling_lines(path: Path) -> bytes:
    """The first lines that have more than ASCII."""
    found: list[bytes] = []
    size = 0
    for block in _blocks(path):
        for line in block.splitlines():
            if not line.isascii():
                found.append(line[:_SAMPLE])
                size += len(found[-1])
            if size >= _SAMPLE:
                return b"\n".join(found)
    return b"\n".join(found)


def likelihood(sample: bytes, name: str) -> float:
    """How likely the sample is in this encoding: mean logarithm of probability a byte above ASCII, roughly."""
    text = sample.decode(name, errors="replace")
    judge = {"gb18030": _chinese, "cp1251": _russian, "cp1252": _western}[name]
    high = sum(byte >= 0x80 for byte in sample)
    score = sum(
        judge(letter, text[at - 1 : at], text[at + 1 : at + 2])
        for at, letter in enumerate(text)
        if not letter.isascii()
    )
    known = 4.0 if any(knows_header(cell) for cell in re.split(r"[,;\t\"]", text.split("\n", 1)[0])) else 0.0
    return score / max(high, 1) + known


def _chinese(letter: str, _before: str, _after: str) -> float:
    code = letter.encode("gb18030", errors="replace")
    if letter in _CHINESE:
        return -5.0
    if len(code) != 2 or code[1] < 0xA1:
        return -18.0
    # Rows of GB 2312: signs, then the 3,755 usual characters, then the rare ones.
    if 0xB0 <= code[0] <= 0xD7:
        return -8.3
    return -8.0 if 0xA1 <= code[0] <= 0xA3 else -13.0


def _russian(letter: str, before: str, after: str) -> float:
    rank = _RUSSIAN.find(letter.lower())
    if rank < 0:
        return -4.5 if letter in _TYPOGRAPHY else -7.0 if letter.isalpha() else -10.0
    score = -2.2 - 0.12 * rank
    if before.isalpha() and (before.isascii() or (before.islower() and letter.isupper())):
        score -= 4.0
    if after.isalpha() and after.isascii():
        score -= 4.0
    if not before.isalpha() and letter.lower() in "ьъы":
        score -= 5.0
    return score


def _western(letter: str, before: str, after: str) -> float:
    if letter.lower() not in _WESTERN:
        return -4.5 if letter in _TYPOGRAPHY else -10.0
    alone = all(not beside.isalpha() or beside.isascii() for beside in (before, after))
    return -3.0 if alone else -6.0
