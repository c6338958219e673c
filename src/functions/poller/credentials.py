"""Names of parameters and headers that announce a secret, and texts without what they hold.

A spec is kept in an event archive, a table and a workflow's history: no place for credentials.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote_plus, urlsplit, urlunsplit

from poller.text import plain
from poller.values import PageRequest

MASK = "..."
_SOUNDS = re.compile(r"key|token|secret|pass|pwd|auth|sig|credential|session|cookie|jwt|hmac|appid", re.IGNORECASE)
# How names of credentials end, in lower case and without punctuation: client-secret, X-Amz-Signature, apiToken.
_CREDENTIAL = re.compile(
    r".*(?:token|secret|password|passwd|passphrase|pwd|credentials?|signature|sig|jwt|hmac|authori[sz]ation|sessionid)"
    r"|.*(?:access|admin|api|app|application|auth|client|consumer|dev|developer|functions?|master|private|secret"
    r"|security|service|session|shared|signing|subscription|user)key"
    r"|(?:basic|http|o|x)?auth|pass"
)
_HEADER = re.compile(r"auth|cookie|api-?key|token|secret|passw|credential|signature", re.IGNORECASE)
# Tokens that say where the next page begins, with which nobody can log in.
_PLACE = re.compile(
    r".*(?:cursor|continu(?:e|ation)|delta|next|page|pag(?:ing|ination)|prev(?:ious)?|resum(?:e|ption)|scroll|skip"
    r"|start(?:ing)?|sync)token"
)
# Some APIs call a credential so, and others the column to filter by; here the value decides.
_EITHER = {"key", "appid"}
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[\w.~+/=-]{16,}", re.ASCII)
# What credentials look like, whatever they are called: a scheme of RFC 9110 and its like, a JWT, or what issuers begin
# theirs with so that they can be found where they should not be.
_SCHEME = re.compile(
    r"(?:basic|bearer|token|digest|negotiate|ntlm|hawk|api-?key|ssws|bot|aws4-hmac-sha256)\s+\S{6,}.*", re.IGNORECASE
)
_ISSUED = re.compile(
    r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"
    r"|gh[opsru]_\w{30,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}|[rs]k_(?:live|test)_\w{10,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|ya29\.[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|shp(?:at|ca|pa|ss)_\w{32}"
    r"|npm_\w{36}|-----BEGIN .*",
    re.ASCII,
)
# In the middle of a text: what follows a scheme, `name=value` and the like, a URL's user, and what no word looks like.
_AFTER_SCHEME = re.compile(
    r"\b(basic|bearer|token|digest|negotiate|ntlm|hawk|api-?key|ssws|bot|aws4-hmac-sha256)\s+(?=\S*[0-9=])\S{6,}",
    re.IGNORECASE,
)
_PAIR = re.compile(r"""([A-Za-z][\w.-]{0,60})["']?\s*[=:]\s*["']?(?=([^\s"'&,;<>]{3,}))""", re.ASCII)
_USER_OF_URL = re.compile(r"//[^/\s@]+@")
_NO_WORD = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{20,}")
_TOLD_APART = 4  # characters: shorter values are found everywhere
# Keys that are none of these: they name a row, or a call that may be repeated.
_DATA_KEYS = {"idempotencykey", "partitionkey", "rowkey", "sortkey", "cachekey", "surrogatekey", "routingkey"}


def sounds_secret(name: str) -> bool:
    """Whether a value of that name is better not shown. Rather too often than not."""
    return _SOUNDS.search(name) is not None


def is_credential(name: str, value: str) -> bool:
    """Whether a value of that name must not be kept. Only where it is plain: what is refused cannot be sent at all."""
    letters = plain(name)
    if _ISSUED.fullmatch(value):
        return True
    if letters in _EITHER:
        return _RANDOM.fullmatch(value) is not None
    return _CREDENTIAL.fullmatch(letters) is not None and not _PLACE.fullmatch(letters)


def without_secrets(url: str) -> str:
    """`url` as it may be shown: without a user's name, a password, and the values of parameters that sound secret."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # no URL, but it may hold one's password
        return MASK
    if "@" in url and not parts.netloc:
        return MASK
    query = "&".join(_masked(pair) for pair in parts.query.split("&"))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def _masked(pair: str) -> str:
    name, equals, value = pair.partition("=")
    read_name, read_value = unquote_plus(name), unquote_plus(value)
    hidden = value and (sounds_secret(read_name) or is_credential(read_name, read_value))
    return f"{name}{equals}{MASK}" if hidden else pair


def is_credential_header(name: str, value: str) -> bool:
    """The same for a header: few of them are anything else, so that it takes less to be refused."""
    if _HEADER.search(name) or _SCHEME.fullmatch(value) or is_credential(name, value):
        return True
    return sounds_secret(name) and plain(name) not in _DATA_KEYS and _RANDOM.fullmatch(value) is not None


def secrets_of(request: PageRequest) -> Iterator[str]:
    """What `request` sends under a name that sounds secret, to be kept out of what is said of the answer."""
    for name, value in [*request.headers.items(), *parse_qsl(urlsplit(request.url).query)]:
        if len(value) >= _TOLD_APART and (sounds_secret(name) or is_credential(name, value)):
            yield value


def without(secrets: Iterable[str], text: str) -> str:
    """`text` with each of `secrets` blanked, wherever it comes."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def blanked(text: str) -> str:
    """A stranger's `text` as it may be shown: without what looks like a credential."""
    text = _AFTER_SCHEME.sub(rf"\1 {MASK}", text)
    pairs = [found.span(2) for found in _PAIR.finditer(text) if is_credential(found[1], found[2])]
    for start, end in reversed(pairs):
        text = text[:start] + MASK + text[end:]
    return _NO_WORD.sub(MASK, _ISSUED.sub(MASK, _USER_OF_URL.sub(f"//{MASK}@", text)))
