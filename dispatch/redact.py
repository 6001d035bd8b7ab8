"""Hiding what a reader does not need: names, phone numbers, doors; and text made safe to print.

Every mask gives the same answer when applied to its own answer, so masking twice is harmless
and whoever writes a file may mask again, to be sure.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Redact = Literal["none", "mask", "area"]
"""What readers learn of people. Maps: `none` all, `mask` no full name, phone number or door, `area`
nobody, places moved to the village. Sheets: `none` names and phone numbers masked, `mask` and
`area` addresses too, down to the village."""

STAR = "*"
HIDDEN = "***"

# controls, line and paragraph breaks, invisible and direction-changing marks, lone surrogates, tags
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]+"
)
_SPACES = re.compile(r"\s+")
_CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MASKED_NAME = re.compile(r"\S?\*+\S?")
_MASKED_PHONE = re.compile(r"\d{2,3}\*{3,4}\d{2,4}|\*{3}")
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s\-]?\d){6,}[xX]?")
_ADMIN = re.compile(
    r".*(?:省|自治区|自治州|市|州|盟|县|(?<!小)区|旗|镇|乡|街道|村委会|居委会|(?<!新)村|社区|林场|农场)"
)


def clean(text: str, longest: int = 300) -> str:
    """One printable line: no control, line-breaking, invisible or direction-changing character.

    Text over `longest` characters is cut with an ellipsis, so no field can push others off a page.
    """
    line = _SPACES.sub(" ", _UNPRINTABLE.sub(" ", text)).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def mask_name(name: str) -> str:
    """A name with its middle hidden: 陈晓明 → 陈*明, 陈明 → 陈*, Jane Doe → J*** D***."""
    name = clean(name)
    if not name or _MASKED_NAME.fullmatch(name):
        return name
    if not _CHINESE.search(name):
        return " ".join(word[0] + HIDDEN for word in name.split(" "))
    name = name.replace(" ", "")
    if len(name) == 1:
        return STAR
    if len(name) == 2:
        return name[0] + STAR
    return name[0] + STAR * (len(name) - 2) + name[-1]


def mask_phone(phone: str) -> str:
    """A number with its middle hidden: 13812341234 → 138****1234; a short one keeps less, or nothing."""
    text = clean(phone)
    if not text or _MASKED_PHONE.fullmatch(text):
        return text
    digits = "".join(str(unicodedata.digit(one)) for one in text if unicodedata.digit(one, None) is not None)
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) - len(prefix) == 11:
            digits = digits[len(prefix) :]
    if len(digits) >= 11:
        return f"{digits[:3]}****{digits[-4:]}"
    if len(digits) >= 7:
        return f"{digits[:2]}***{digits[-2:]}"
    return HIDDEN


def mask_address(address: str) -> str:
    """An address down to its village or street office: 水东镇南海村12号 → 水东镇南海村***.

    What follows, and everything from the first number on, is hidden; where no administrative
    name is recognised, all of it.
    """
    address = clean(address)
    if not address:
        return ""
    before_number = re.split(r"\d", unicodedata.normalize("NFKC", address).replace(STAR, ""), maxsplit=1)[0]
    known = _ADMIN.match(before_number)
    return (known.group() if known else "") + HIDDEN


def mask_numbers(text: str) -> str:
    """Free text with every number of seven digits or more (phone, account, identity card) hidden."""
    return _LONG_NUMBER.sub(HIDDEN, clean(text))
