"""The languages by which figures may be cut: ours, every other one together, and nobody knows which."""

from growth.locales import LOCALES

OTHER = "other"
LANGUAGES = (*LOCALES, OTHER)
"""What a person's language is counted as; "" where there is no person or nobody knows it."""

LANGUAGE = """case lower(split_part(replace(coalesce(person.locale, ''), '-', '_'), '_', 1))
    when '' then '' when 'en' then 'en' when 'ru' then 'ru' when 'pt' then 'pt_BR' when 'zh' then 'zh_CN'
    else 'other' end"""
"""The same in SQL, of a row of `person` that may be missing; as `growth.locales.closest` reads a tag."""
