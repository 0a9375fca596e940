"""Base64 and URL encodings."""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
from typing import Any

from ..calls import native
from ..failures import Failure
from ..frames import Run
from ..values import UNDEFINED

_COMPONENT = "-_.!~*'()"  # characters that a URL component keeps besides letters and digits
_URL = _COMPONENT + ";,/?:@&=+$#"
_RESERVED = frozenset(";/?:@&=+$,#")  # stay encoded when a whole URL is decoded


def _base64encode(run: Run, text: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _base64decode(run: Run, text: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise Failure("D3137", message="Illegal base64 character") from None


def _encoded(name: str, text: Any, safe: str) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    try:
        return urllib.parse.quote(text, safe=safe)
    except UnicodeEncodeError:
        raise Failure("D3140", function=name, value=text) from None


def _encode_component(run: Run, text: Any) -> Any:
    return _encoded("encodeUrlComponent", text, _COMPONENT)


def _encode_url(run: Run, text: Any) -> Any:
    return _encoded("encodeUrl", text, _URL)


def _check_escapes(name: str, text: str) -> None:
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        raise Failure("D3140", function=name, value=text)


def _decode_component(run: Run, text: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    _check_escapes("decodeUrlComponent", text)
    return urllib.parse.unquote_plus(text)


def _decode_url(run: Run, text: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    _check_escapes("decodeUrl", text)
    kept = re.sub(
        "%([2-7][0-9A-Fa-f])",
        lambda found: "%25" + found[1] if chr(int(found[1], 16)) in _RESERVED else found[0],
        text,
    )
    return urllib.parse.unquote(kept)


FUNCTIONS = (
    native("base64encode", _base64encode, "<s-:s>", 1),
    native("base64decode", _base64decode, "<s-:s>", 1),
    native("encodeUrlComponent", _encode_component, "<s-:s>", 1),
    native("encodeUrl", _encode_url, "<s-:s>", 1),
    native("decodeUrlComponent", _decode_component, "<s-:s>", 1),
    native("decodeUrl", _decode_url, "<s-:s>", 1),
)
