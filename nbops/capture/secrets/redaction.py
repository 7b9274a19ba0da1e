"""Secrets never reach the disk: code, messages, URLs and patches pass here before they are written.

A search for telling words comes first (microseconds); a rule runs only where one of its words stands.
"""

import math
import os
import re
from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache
from numbers import Number
from typing import Literal

from nbops.capture.secrets.fingerprints import PLAIN, STAND_IN, stand_in_for
from nbops.capture.secrets.secret_formats import FORMATS, KEY_SHAPED, LEAST_LENGTH

_compiled = cache(re.compile)
"""On first need: all of them at once would be a quarter of what `%track start` takes."""

_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SECRET_NAME = re.compile(  # whole words in snake_case, but for PGPASSWORD
    r"""(?x) pass_?w(?:or)?d | (?<! [a-z] ) (?:
        pwd | passphrase | passcode | (?: db | user | smtp | mysql | redis ) _?pass | [a-z]*secrets? | secretkeys?
      | (?: private | api | access | account | signing | encryption ) [\W_]? keys?
      | (?: api | auth | access | bearer | refresh | session | bot | hf | github | gitlab ) [\W_]? token
      | credentials? | authorization
    ) (?! [a-z] )"""
)
_TOKEN_NAME = re.compile(r"(?<![a-z])token(?![a-z])")  # a secret, or a piece of text
_HARMLESS_NAME = re.compile(
    r"""(?x) ^ \W* (?: n | num | min | max ) [\W_]
      | [\W_] (?: len | length | size | count | limit | types? | ids | file | path | field | name | env ) $
      | (?<! [a-z] ) (?: pad | [be]os | unk | mask | sep | cls | stop | special | next ) [\W_]? token"""
)
_NUMBER = re.compile(r"[+\-]?[\d_.]+(?:e[+\-]?\d+)?")

# A name is tried once, where it begins, and taken whole (++): a line costs no more than its length.
_START = r"""(?<! [\w\-] ) (?= [\w\-]{3} )
    (?= [\w\-]*? (?: pass | pwd | secret | token | key | credential | authorization ) )"""
_ASSIGNED = (  # name = "value", name: str = "value", "name": "value", f("name", "value")
    rf"""(?ixs)
    {_START} (?P<name> [\w\-]++ ) (?P<after> [\\"'\]]*+ (?: </\w{{1,10}}+> )?+ \s*+ )
    (?P<sign> : [\w.| ]{{1,60}}+ (?: \[ [\w.|, \[\]]{{0,60}}? \]++ [\w.| ]{{0,40}}+ )? =(?!=)
      | => | :?=(?!=) | : (?! [ \t]*+ \n ) | , ) \s*+
    (?P<bracket> [(\[] \s*+ )?
    (?: (?P<number> \d[\d_]{{3,}}+ (?! [\w.] ) )
      | (?P<mark> [rbfu]{{0,2}} ) (?P<quote> (?P<one> \\?["'] ) (?P<three> (?P=one){{2}} )? )
        (?P<text> (?: (?! (?P=quote) ) (?: \\.? | (?(three) [^\\] | [^\\\n] ) ) )*+ )
        (?P<end> (?P=quote) | (?m:$) )
        (?(bracket) (?P<others> (?: [\s,+]*+ [rbfu]{{0,2}} (?: "[^"\n]*+" | '[^'\n]*+' ) )*+ ) )
    )"""
)
_CALL = re.compile(r"""\(\s*+(?i:[rbfu]?)\\?["']$""")
_BARE = (  # in URLs, shell lines and .env files: name=value without quotes
    rf"""(?ix)
    {_START}
    (?: (?P<option> (?= -) | (?<= %env[ ] ) | (?<= %set_env[ ] ) | (?<= [ ]-[ep][ ] )
          | (?<= --env[ ] ) | (?<= --tag[ ] ) | (?<= --param[ ] ) )
      | (?P<shell> (?<= export[ ] ) | (?<= [?&;] ) ) )?
    (?P<name> [\w\-]++ ) (?P<sign> =(?!=) | :(?!/) [ \t]*+ | (?(option) [ \t]++ | (?!) ) )
    (?P<text> [^\s"'&,;()\[\]{{}}<>$=`\-] [^\s"'&,;()\[\]{{}}<>]{{2,}}+ ) (?! [(\[] )
    (?P<string> (?= \\?["'] | [ ]\w{{1,40}}+= ) )?
    """
)
_SCHEME = re.compile(r"(?i)\A(?:bearer|basic|token)\b")
_DOTTED = re.compile(r"[a-zA-Z_]\w*(?:\.[a-zA-Z_]\w*)+")
_LOGIN = (  # auth=("me", "value"), HTTPBasicAuth("me", "value")
    r"""(?x) (?P<head> (?: \bauth ["']? \s*+ [=:] \s*+ | Auth ) \( \s*+ [^,()\n]{1,100}+ , \s*+
        [rbu]? (?P<quote> ["'] ) )
    (?P<text> (?: (?! (?P=quote) ) (?: \\. | [^\\\n] ) )++ ) (?P<tail> (?P=quote) )"""
)
_HEADER = (  # curl -H "Authorization: Bearer value"
    r"""(?ix) (?P<head>
        authorization \W{1,8} (?: bearer | basic | token | digest | apikey ) [ ]++ (?= [\w+/.~=\-]{4} )
      | \b (?: bearer | basic ) [ ]++ (?= [a-z+/.~_\-]*+ \d ) (?= [\w+/.~=\-]{16} ) )
    (?P<text> [\w+/.~=\-]++ ) (?P<tail>)"""
)
_SIGNATURE = (  # of a URL that lets in whoever has it
    r"""(?ix) (?P<head> (?: [?&;] (?:sig|signature) | \b x-(?:amz|goog)-signature
        | \b sig (?= = [\w%+/\-]{20} ) ) = ) (?P<text> [\w%+/=.~\-]{8,}+ ) (?P<tail>)"""
)
_IN_URL = r"(?P<head>(?<![\w+.\-])[\w+.\-]++://(?!\[redacted(?::[0-9a-f]{6})?\]@)[^\s:/@'\"]*:)(?P<text>(?!\{[\w.]{1,60}\}@)[^\s/@'\"]+)(?P<tail>@)"
_LOGIN_IN_URL = r"(?P<head>\bhttps?://)(?P<text>[^\s:/@'\"]{8,})(?P<tail>@)"
_KEY_BLOCK = r"(?s)-----BEGIN (?P<kind>[A-Z ]*PRIVATE KEY)-----.*?(?:-----END (?P=kind)-----|\Z)"
_PIN = (  # pin = 12345678, also without quotes
    r"""(?ix) (?P<head> (?<! [^\W_] ) (?: pin | otp | cvv | cvc ) (?: [_\-]? code )?
        ["'\]]* \s*+ (?: = (?!=) | : ) \s*+ ["']? ) (?P<text> \d{4,12} ) (?P<tail> (?! [\w.] ) )"""
)
_KEYLIKE = (  # key = "...": a secret only where it is as random as one
    r"""(?ix) (?P<head> (?<! [\w\-] ) [\w\-]{0,40}? (?: key | auth | cookie | salt | dsn | license | webhook | jwt )
        [\w\-]{0,20}? ["'\]]* \s*+ (?: = (?!=) | : ) \s*+ [rbu]? ["'] )
        (?P<text> [\w+/=.~\-]{24,} ) (?P<tail> ["'] )"""
)
_LEAST_BITS = 4.0
"""Of each character of a random text in letters of both cases and digits, from 24 characters on."""


def is_secret(name: str, value: object) -> bool:
    """Whether a value of this name is hidden, whatever it looks like.

    >>> [is_secret(name, "a1") for name in ("db_password_prod", "tokenX", "max_tokens")]
    [True, True, False]
    """
    if value is None or isinstance(value, bool):
        return False
    name = str(name)
    sort = _sort(name)
    if sort != "token" or name.strip("-").lower() == "token":
        return bool(sort)
    is_number = _NUMBER.fullmatch(value) if isinstance(value, str) else isinstance(value, Number)
    return not is_number


@lru_cache(256)
def _sort(name: str) -> Literal["secret", "token", ""]:
    words = _CAMEL.sub("_", name).lower()
    if _HARMLESS_NAME.search(words):
        return ""
    if _SECRET_NAME.search(words):
        return "secret"
    return "token" if _TOKEN_NAME.search(words) else ""


def _hide(match: re.Match[str]) -> str:
    return f"{match['head']}{stand_in_for(match['text'])}{match['tail']}"


def _hide_whole(match: re.Match[str]) -> str:
    return stand_in_for(match[0])


def _hide_random(match: re.Match[str]) -> str:
    return _hide(match) if _is_random(match["text"]) else match[0]


def _is_random(text: str) -> bool:
    """Whether a text is as mixed as a key; hashes, ids of hex digits, paths and names are not.

    >>> _is_random("9fK2mQx7Lp0vB4sTz8Rd1WcY"), _is_random("d41d8cd98f00b204e9800998ecf8427e")
    (True, False)
    """
    kinds = (r"[a-z]", r"[A-Z]", r"\d")
    if not all(re.search(kind, text) for kind in kinds) or not re.search(r"[a-zA-Z\d]{16}", text):
        return False
    counts = Counter(text).values()
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in counts)
    return bits >= _LEAST_BITS


def _hide_assigned(match: re.Match[str]) -> str:
    start = match.start()
    if match["number"]:
        is_hidden = _is_assigned_secret(match)
        hidden = match[0][: match.start("number") - start] + stand_in_for(match["number"])
        return hidden if is_hidden else match[0]
    head = match[0][: match.start("text") - start]
    if _is_assigned_secret(match):
        return head + stand_in_for(match["text"]) + match["quote"]
    text = _compiled(_ASSIGNED).sub(_hide_assigned, match["text"])  # which may hold another
    return head + text + match["end"] + (match["others"] or "")


def _is_assigned_secret(match: re.Match[str]) -> bool:
    name, text = match["name"], match["text"]
    if match["sign"] == "," and not name.startswith("-"):
        before = match.string[max(0, match.start() - 50) : match.start()]
        if not _CALL.search(before):  # an item of a list
            return False
    if not is_secret(name, match["number"] or text):
        return False
    is_certain = _sort(name) == "secret"  # token = "cat" may be a text's
    if text is None:
        return is_certain
    if "f" in match["mark"].lower():
        text = re.sub(r"\{[^{}]*+\}", "", text)
    text = _SCHEME.sub("", text, count=1).strip()  # f"Bearer {token}"
    is_code = (
        text.startswith("--")
        or re.fullmatch(r"[A-Z]++(?:_[A-Z]++)+", text)  # a variable's name
        or (not match["after"] and re.match(r"[,)\]}]|[+%]\s|\.[a-z]+\(", text))  # "name:" + x + ""
        or (not is_certain and "_" in name and re.fullmatch(r"[a-z]++(?:[_.][a-z]++)+", text))
        or (name.lower() == "pwd" and re.match(r"[~.]*+/", text))
    )
    if is_code or len(text) < 3 or not re.search(r"\w", text):
        return False
    return is_certain or (len(text) >= 8 and not re.search(r"[\s<>]", text))


def _hide_bare(match: re.Match[str]) -> str:
    if not _is_bare_secret(match):
        return match[0]
    return match[0][: match.start("text") - match.start()] + stand_in_for(match["text"])


def _is_bare_secret(match: re.Match[str]) -> bool:
    name, text, sign = match["name"], match["text"], match["sign"]
    if not is_secret(name, text) or (name.lower() == "pwd" and re.match(r"[~.]*+/", text)):
        return False
    has_digit = bool(re.search(r"\d", text))
    if sign.isspace():  # %env NAME value; --token value, which may be prose
        line = match.string[max(0, match.start() - 200) : match.start()].rpartition("\n")[2]
        return not name.startswith("-") or has_digit or line.lstrip().startswith(("!", "%"))
    if match["option"] is not None or match["shell"] is not None:
        return True
    is_certain = _sort(name) == "secret"
    if is_certain and sign == "=" and match["string"] is not None:  # "host=db password=value"
        return True
    is_code = len(text) < 6 or _DOTTED.fullmatch(text) or text.startswith("os.")
    is_constant = sign == "=" and name.isupper() and not is_secret(text, "")  # API_KEY=value
    is_likely = has_digit and (is_certain or sign == "=")
    return not is_code and (is_likely or (is_certain and is_constant))


_NAME_WORDS = ("pass", "pwd", "secret", "token", "key", "credential", "authorization")
_Rule = tuple[str, Callable[[re.Match[str]], str]]
_RULES: tuple[tuple[tuple[str, ...], tuple[_Rule, ...]], ...] = (
    (("private key-",), ((_KEY_BLOCK, _hide_whole),)),
    (("://",), ((_IN_URL, _hide), (_LOGIN_IN_URL, _hide))),
    (("sig=", "signature="), ((_SIGNATURE, _hide),)),
    (("authorization", "bearer ", "basic "), ((_HEADER, _hide),)),
    (("auth",), ((_LOGIN, _hide),)),
    (_NAME_WORDS, ((_ASSIGNED, _hide_assigned), (_BARE, _hide_bare))),
    (("pin", "otp", "cvv", "cvc"), ((_PIN, _hide),)),
)

_KEY_WORDS = ("key", "auth", "cookie", "salt", "dsn", "license", "webhook", "jwt")


def _hide_keys(text: str, lower: str, long: set[str]) -> str:
    """Text without keys of providers and random values, whose words are looked for where such may stand."""
    words = KEY_SHAPED.findall("\n".join(long))
    if shaped := "\n".join({word for word in words if len(word) >= LEAST_LENGTH}):
        for sign, formats in FORMATS.items():
            if sign in shaped:
                for word, rule in formats:
                    if word in shaped:
                        text = _compiled(rule).sub(_hide_whole, text)
    if any(word in lower for word in _KEY_WORDS):
        text = _compiled(_KEYLIKE).sub(_hide_random, text)
    return text


_added: tuple[re.Pattern[str], ...] = ()


def add_patterns(patterns: tuple[str, ...]) -> list[str]:
    """Hide what these regular expressions match, too (`[tool.nbops] redact`).

    Returns
    -------
    One line for each that is no regular expression.
    """
    global _added  # noqa: PLW0603 - one rule set a process
    good, problems = [], []
    for pattern in patterns:
        try:
            good.append(re.compile(pattern))
        except re.error as error:
            problems.append(f"redact = {pattern!r} is no regular expression: {error}.")
    _added = tuple(good)
    redact_name.cache_clear()
    return problems


def added_patterns() -> tuple[str, ...]:
    """What `add_patterns` was given last, without what is no regular expression."""
    return tuple(pattern.pattern for pattern in _added)


def hide_matches(pattern: re.Pattern[str], text: str) -> str:
    """Text with what a pattern matches hidden, but for what stands for a secret already."""
    if PLAIN[:-1] not in text:
        return pattern.sub(_hide_whole, text)
    done, parts = 0, []
    for hidden in STAND_IN.finditer(text):
        parts += [pattern.sub(_hide_whole, text[done : hidden.start()]), hidden[0]]
        done = hidden.end()
    return "".join([*parts, pattern.sub(_hide_whole, text[done:])])


def redact(text: str) -> str:
    """Text with what looks like a secret replaced by what stands for it.

    >>> redact("api_key = 'a1b2c3d4e5'; depth = 8")  # doctest: +ELLIPSIS
    "api_key = '[redacted...]'; depth = 8"
    >>> redact("postgresql://me:hunter2@db/prod")  # doctest: +ELLIPSIS
    'postgresql://me:[redacted...]@db/prod'
    """
    for pattern in _added:
        text = hide_matches(pattern, text)
    lower = text.lower()
    if long := {piece for piece in lower.split() if len(piece) >= LEAST_LENGTH}:
        text = _hide_keys(text, lower, long)
    for words, rules in _RULES:
        for word in words:  # this runs with every cell, and `any()` takes twice as long
            if word in lower:
                for rule, replacement in rules:
                    text = _compiled(rule).sub(replacement, text)
                break
    return text


redact_name = lru_cache(4096)(redact)
"""The same for what comes again and again, such as a metric's name: from the second time on it costs nothing."""

PATH_HIDDEN = "its path holds a secret"
"""Why nothing more is said of a file."""


def redact_path(path: str) -> str:
    """A path with what looks like a secret hidden, in its name and in the folders above it."""
    folder, name = os.path.split(path)
    shown: str = os.path.join(redact_name(folder), redact_name(name))
    return shown
