"""The channel rules that come with the product, in order: e-mail, ads, partners, the parent site, fairs, search."""

from typing import Any

from growth.attribution.conditions import ASKED

SEARCH_ENGINES = (
    "google", "bing", "yandex", "ya.ru", "duckduckgo", "baidu", "so.com", "sogou", "yahoo", "ecosia", "mail.ru",
    "seznam", "naver",
)  # fmt: skip
SOCIAL = (
    "facebook.com", "instagram.com", "vk.com", "vk.ru", "ok.ru", "t.me", "telegram", "youtube.com", "tiktok.com",
    "twitter.com", "x.com", "t.co", "linkedin.com", "pinterest", "whatsapp.com", "weixin.qq.com", "weibo.com",
    "zhihu.com", "xiaohongshu.com", "reddit.com",
)  # fmt: skip
CLICK_IDS = ("gclid", "gbraid", "wbraid", "yclid", "msclkid")
"""What ad networks add to an address that was clicked in an ad: Google (three), Yandex, Microsoft."""


def _rule(name: str, field: str, values: tuple[str, ...], buyer: str, seller: str) -> dict[str, Any]:
    asked = {"field": field, "operator": ASKED[field][0], "values": list(values)}
    return {"name": name, "conditions": [asked], "buyer": buyer, "seller": seller}


# Sellers reached by any means of the web count as online, except through the parent site's own pages.
FIRST_RULES = [
    _rule("E-mail clicks and opens", "event", ("email_click", "email_open"), "email", "online"),
    _rule("Paid search by tag", "medium", ("cpc", "ppc", "paid", "paidsearch", "paid_search", "sem"), "paid_search",
          "online"),
    _rule("Ad clicks", "tag", CLICK_IDS, "paid_search", "online"),
    _rule("Partners by tag", "medium", ("affiliate", "affiliates", "alliance", "partner"), "affiliates", "online"),
    _rule("Partner links", "tag", ("aff",), "affiliates", "online"),
    _rule("E-mail by tag", "medium", ("email", "e-mail", "newsletter"), "email", "online"),
    _rule("Parent site by tag", "medium", ("parent", "placement", "parent_site"), "parent_referral", "members"),
    _rule("Placements on the parent site", "tag", ("placement",), "parent_referral", "members"),
    _rule("Fairs by tag", "medium", ("fair", "offline", "event"), "other", "offline"),
    _rule("From the parent site", "referrer", ("alibaba.com", "1688.com"), "parent_referral", "members"),
    _rule("From search engines", "referrer", SEARCH_ENGINES, "seo", "online"),
    _rule("From social networks", "referrer", SOCIAL, "other", "other"),
    _rule("From any other site", "referrer", ("*",), "other", "other"),
]  # fmt: skip
