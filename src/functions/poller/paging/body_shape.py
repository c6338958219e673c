"""Whether an object in a body is an envelope around records, or may be a record itself.

A lone order has its lines in a list, as an envelope has its records. What stands beside the list tells them apart: an
envelope speaks of pages, of the request and of how it went; an order has fields of its own.
"""

import re

from poller.text import plain
from poller.values import JSON

# Plain names. Words of paging, which few records have.
_PAGING = re.compile(
    r"totalpages?|^(nb|num)pages$|^paginat|^paging|perpage|pages?(size|count|number|index|token)"
    r"|(current|last|first|next)page|has(more|next|prev)|^more(records|results|items)|next(cursor|token|link|url|records)"
    r"|cursor|truncated|^islast|^endof|scrollid|bookmark|continu|lastevaluatedkey|resumptiontoken|exceededtransferlimit"
)
# Words of paging that a record may have too: an order its total of items, a message its `from`.
_PLACE = re.compile(
    r"^(offset|skip|start|startat|startindex|from|limit|size|page|pages|rows|after|before|maxresults|maxkeys|maxitems)$"
)
_AMOUNT = re.compile(
    r"^(total|count|cnt|hits|found|matches|returned|next|previous|prev|first|last|self|more|done|nbhits|numfound)$"
    r"|^(total|count|number)(count|number|total|records?|items|results|elements|entries|rows|size|hits|matches|features"
    r"|returned|matched)|^(result|record|item|element)s?count$"
)
# What answers say of themselves, whatever they hold.
_ENVELOPE = re.compile(
    r"^((is)?(ok|success|succeeded|successful|partial|complete|exact|approximate|estimated|exhaustive|final|cached|empty)"
    r"|status|statuscode|statustext|httpcode|httpstatus|code|cod|errno|errcode|errmsg|msg|messages?|reason|results?"
    r"|response|kind|object|etag|context|schemas?|expand|api|apiversion|links?|meta|metadata|relation|maxscore|query|q"
    r"|search|sort|sortby|sortorder|order|orderby|filters?|lang|language|locale|copyright|attribution|licen[sc]e|help"
    r"|documentation|node|null|none|rel|limited|dist|modhash"
    r"|resourcetype|(time|date)?(next|last)(update|refresh|run|sync|reset)\w*)$"
    r"|^(error|warning|took|elapsed|duration|time(stamp|ms|taken|dout)?$|server|generat|process|execut|request|trace|correlation"
    r"|transaction|session|odata|cache|incomplete|quota|ratelimit|remaining|backoff|terminated|geofilter|batch|jsonapi)"
)
# The same, where the list beside it has a name that means: records.
_RECORDS = re.compile(
    r"^(data|items?|results?|records?|rows|entries|values?|list|hits|elements|features|objects|docs|documents|payload"
    r"|contents?|resources|nodes|edges|collection)$"
)
_BESIDE_RECORDS = re.compile(r"^(type|date|updated(at)?|lastupdated|version|url|href|uri|source|environment|region)$")
_USUAL = (_AMOUNT, _PLACE, _ENVELOPE)
_IDENTITY = re.compile(r"^(?i:id|uuid|guid|key|no|nr|number|sku|isbn|name|title)$|(_id|Id|ID)$")
_MANY_FIELDS = 3  # of no known name


def own_fields(content: dict[str, JSON], list_name: str) -> list[str]:
    """Names of the plain values beside the list `list_name` that a record would have, and no envelope.

    None where `content` speaks of pages: then it is an envelope, whatever else it says. A whole number or two of no
    known name may be counts, unless the name is one that records are told apart by.
    """
    words = {plain(name) for name in content if name != list_name}
    if any(map(_PAGING.search, words)) or _speaks_of_pages(words):
        return []
    usual = (*_USUAL, _BESIDE_RECORDS) if _RECORDS.match(plain(list_name)) else _USUAL
    own = [name for name in content if name != list_name and _is_own(name, content[name], usual)]
    telling = [name for name in own if _IDENTITY.search(name) or isinstance(content[name], str | float)]
    return own if telling or len(own) >= _MANY_FIELDS else []


def unknown_nulls(content: dict[str, JSON]) -> list[str]:
    """Names in `content` that hold null and are no word of envelopes."""
    words = (*_USUAL, _PAGING)
    return [name for name, value in content.items() if value is None and _is_unknown(name, words)]


def _is_own(name: str, value: JSON, usual: tuple[re.Pattern[str], ...]) -> bool:
    return not isinstance(value, dict | list) and _is_unknown(name, usual)


def _is_unknown(name: str, usual: tuple[re.Pattern[str], ...]) -> bool:
    word = plain(name)
    return not any(words.search(word) for words in usual)


def is_keyed(value: JSON) -> bool:
    """Whether `value` looks like records by their ids: only objects, under numbers, or several with the same keys."""
    if not isinstance(value, dict) or not value or not all(isinstance(item, dict) for item in value.values()):
        return False
    if all(name.isascii() and name.isdecimal() for name in value):
        return True
    first, *others = [item.keys() for item in value.values()]
    return len(others) > 1 and len(first) > 0 and all(keys == first for keys in others)


def counts_nothing(content: dict[str, JSON]) -> bool:
    """Whether a total or count in `content` is 0."""
    counts = [value for name, value in content.items() if re.search("total|count", plain(name))]
    return any(value in (0, "0") and value is not False for value in counts)


def _speaks_of_pages(words: set[str]) -> bool:
    """A place in the whole, and one more word of paging."""
    places = {word for word in words if _PLACE.match(word)}
    return len(places) > 0 and len(places | {word for word in words if _AMOUNT.match(word)}) > 1
