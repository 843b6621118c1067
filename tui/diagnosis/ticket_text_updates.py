"""Updates that a ticket names: KB numbers that the prompt may be laid on, without articles, cures and absent ones."""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

_BEFORE = 64
_AFTER = 90
_FEWEST, _WHOLE = 6, 7
"""Digits of a KB number: six in old ones, seven since 2016."""

_KB = re.compile(r"(?<![a-z])kbs?[\s:#._\-\u2010-\u2015(]{0,3}(?:number\s|nr\.?\s|no\.?\s)?([0-9o]{6,7})(?![0-9a-z])")
_SIX_DIGITS = re.compile("[0-9]{6}")
_KB_ENDS = re.compile(r"(?<![a-z])kbs?[\s:#._\-\u2010-\u2015(]{0,3}(?:number\s|nr\.?\s|no\.?\s|is\s)?$")
_UNNAMED = re.compile(r"(?<![0-9a-z.])[0-9]{6,7}(?![0-9a-z])")
_NUMBER = re.compile(r"(?<![0-9a-z.])([45][0-9]{6})(?![0-9a-z])")
_LISTED = re.compile(r"\W{0,2}\s?(?:,|/|&|\+|and|und|et|y|e|en|or|oder|ou|bzw\.?|i|a|и|、|と|和)?\s?(?:kb)?\W?")
_UPDATE_WORD = re.compile(
    r"(?:updates?|patch|hotfix|rollup|cumulative|correctif|actualización|actualizacion|atualização|aggiornamento"
    r"|обновлени\w|aktualizac\w{1,3}|güncelleme\w*|mise à jour|更新プログラム|更新|补丁|업데이트)"
    r"[\s:#(\"'（]{0,3}(?:nr\.?|no\.?|n°|number)?\s?$"
)
_ARTICLE = re.compile(
    r"(?:\b(?:articles?|artikel|artículo|articolo|artigo|статья|статье|artykuł\w*|docs?|documentation|see|siehe|voir"
    r"|described\sin|guidance|read|lies)|記事|文章|资料|資料|サポート|help/|topic/|https?:/{0,2}\S{0,60})"
    r"[\s:#(\"'/-]{0,4}(?:ms\s|microsoft\s|kb\s)?$"
)
_CURE = re.compile(
    r"\b(?:fixe?[sd]?|solved|resolved|cured|corrected|addressed|behoben|gelöst|corrigé|résolu|solucionado|corregido"
    r"|risolto|repaired|исправлено)\s(?:by|in|with|through|from|durch|mit|par|avec|con|por|da)\s"
    r"(?:the\s)?(?:[^\W\d]{1,14}\s){0,4}$"
    r"|\b(?:oob|out[- ]of[- ]band|emergency|notfall)[\s-](?:fix|update|patch)?\s?\(?$|\bfix\s(?:is\s|for\sit\s)?\(?$"
)
_CURES = re.compile(
    r"\)?\s(?:is\s(?:the|said\sto\sbe\sthe)\sfix|(?:fixe[sd]|resolve[sd]|solve[sd])\s(?:it|this|that|the)|fixes|resolves|behebt)\b"
)
_WITHOUT = re.compile(
    r"\b(?:without|not\s(?:have|yet|got|on|because\sof|due\sto)|no|missing|ohne|kein|sans|sin|senza|neither|nor"
    r"|isn['’]t|wasn['’]t|never\s(?:got|installed|received))\s(?:the\s)?$"
)
_ABSENT = re.compile(
    r"[\s),\"]{0,3}(?:itself\s)?(?:is|was|has|had|ist|war|wurde|n['’]est|no está|still)?\s?"
    r"(?:isn['’]t|wasn['’]t|hasn['’]t|not|never|nicht|noch nicht|pas|no)\s(?:yet\s|been\s|even\s|encore\s)?"
    r"(?:installed|there|present|applied|on\b|deployed|approved|installiert|eingespielt|drauf|installé|instalad\w)"
    r"|[^.\n]{0,60}\b(?:it|es|that)\s(?:is|was|ist|war)\s(?:not|nicht)\s(?:yet\s)?(?:installed|installiert|there)"
    r"|\s?(?:は|が)?(?:未適用|入っていない|インストールされていない)|\s?(?:没有|未)安装"
)
_HINT = re.compile(
    r"\b(?:arti[cgk]|artíc|стать|artyku|doc|described|guidance|fix|solved|resolved|cured|corrected|addressed|behoben"
    r"|gelöst|corrigé|résolu|solucionado|corregido|risolto|repaired|исправлено|emergency|notfall|isn|wasn"
    r"|(?:see|siehe|voir|read|lies|oob|out|without|not|no|missing|ohne|kein|sans|sin|senza|neither|nor|never)\b)"
    r"|記事|文章|资料|資料|サポート|help/|topic/|http"
)
"""A word without which no pattern for the text before can match. Most updates are just named."""


def _articles() -> frozenset[str]:
    text = resources.files("tui.diagnosis").joinpath("data/ticket-articles.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.split() if line.isdigit())


_ARTICLES = _articles()


def read_updates(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """The updates named in or next to the tokens at `spans` of a text in lower case."""
    found: list[str] = []
    last = -1
    for start, end in spans:
        token = text[start:end]
        if "kb" not in token and not _SIX_DIGITS.search(token):
            continue
        for number, a, b in _numbers(text, start, end, last):
            last = b
            if number not in _ARTICLES and _is_named_as_installed(text, a, b):
                found.append(number)
    if not found:
        return ()
    if len(found) == 1:
        return (f"KB{found[0]}",)
    numbers = list(dict.fromkeys(found))
    # A number with a digit too few beside its whole self is the same update, mistyped.
    short = {n for n in numbers if len(n) == _FEWEST and any(m != n and m.startswith(n) for m in numbers)}
    return tuple(f"KB{n}" for n in numbers if n not in short)


def _numbers(text: str, start: int, end: int, last: int) -> list[tuple[str, int, int]]:
    """KB numbers of one token, with their places; `last` is the end of the KB before it, for lists."""
    token = text[start:end]
    if "kb" in token and (match := _KB.search(token)):
        found = [(match[1].replace("o", "0"), start + match.start(), start + match.end())]
        return found + [(m[1], start + m.start(), start + m.end()) for m in _NUMBER.finditer(token, match.end())]
    if not (match := _UNNAMED.search(token)):
        return []
    place = start + match.start()
    before = text[max(0, place - _BEFORE) : place]
    if _KB_ENDS.search(before):
        return [(match[0], place, start + match.end())]
    numbers = [(m[1], start + m.start(), start + m.end()) for m in _NUMBER.finditer(token)]
    listed = 0 <= last <= place and place - last < 12 and _LISTED.fullmatch(text, last, place) is not None
    return numbers if numbers and (listed or _UPDATE_WORD.search(before)) else []


def _is_named_as_installed(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _BEFORE) : start]
    hinted = any(map(_is_hint, before.split()))
    if hinted and (_ARTICLE.search(before) or _CURE.search(before) or _WITHOUT.search(before)):
        return False
    after = text[end : end + _AFTER]
    return not (_ABSENT.match(after) or _CURES.match(after))


@lru_cache(maxsize=4_000)
def _is_hint(word: str) -> bool:
    return _HINT.search(word) is not None
