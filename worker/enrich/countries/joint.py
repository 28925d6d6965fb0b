"""Names that are only whole together with another: 中美两国, 日米首脳, North and South Korea."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.enrich.countries.gazetteer import NAME, Name, Reading, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def _table(written: str) -> dict[str, str]:
    return {pair[0]: pair[1:] for pair in written.split()}


_CHINESE = _table(
    "中CN 美US 俄RU 英GB 法FR 德DE 日JP 韩KR 韓KR 朝KP 印IN 澳AU 加CA 越VN 乌UA 烏UA 以IL 意IT 泰TH 菲PH 墨MX"
)
_JAPANESE = _table("日JP 米US 中CN 韓KR 朝KP 英GB 仏FR 独DE 露RU ロRU 印IN 豪AU 加CA")
"""What papers call countries in one character; 巴, 西 and 伊 stand for two each, and are left out."""

_BETWEEN = (
    "两国|兩國|三国|三國|双方|雙方|关系|關係|贸易|貿易|经贸|經貿|自贸|会谈|會談|谈判|談判|峰会|峰會|首脑|元首|外长|边境|"
    "边界|冲突|衝突|战争|戰爭|协议|協議|联合|聯合|同盟|联盟|合作|建交|友好|之间|之間"
)
_BETWEEN_JAPANESE = (
    "両国|両政府|両軍|関係|貿易|首脳|会談|外相|外務|防衛|協議|交渉|合意|同盟|安保|安全保障|合同|共同|国境|国交|摩擦|対立|間の|"
    "[3三][カか]国|[4四][カか]国"
)
"""What follows such a pair: other words would do as well for 集中美 or 日中の気温."""

_PAIRS = {
    "zh": (_CHINESE, re.compile(rf"[{''.join(_CHINESE)}]{{2,4}}(?={_BETWEEN})")),
    "ja": (_JAPANESE, re.compile(rf"[{''.join(_JAPANESE)}]{{2,4}}(?={_BETWEEN_JAPANESE})")),
}
_KOREAS = {
    "en": ("Korea", r"\bNorth(?= (?:and|or|to) South Korea)", r"\bSouth(?= (?:and|or|to) North Korea)"),
    "de": ("korea", r"\bNord-(?= und Südkorea)", r"\bSüd-(?= und Nordkorea)"),
    "fr": ("Corée", r"(?<=Corée du Sud et )du Nord\b", r"(?<=Corée du Nord et )du Sud\b"),
    "es": ("Corea", r"(?<=Corea del Sur y )del Norte\b", r"(?<=Corea del Norte y )del Sur\b"),
    "it": ("Corea", r"(?<=Corea del Sud e )del Nord\b", r"(?<=Corea del Nord e )del Sud\b"),
    "pt": ("Coreia", r"(?<=Coreia do Sul e )do Norte\b", r"(?<=Coreia do Norte e )do Sul\b"),
}
"""By language: what such a text holds, and the part that stands for the North, and for the South."""

_HALVES = {
    language: (held, (re.compile(north), "KP"), (re.compile(south), "KR"))
    for language, (held, north, south) in _KOREAS.items()
}


def joint_names(text: str, language: str) -> Iterator[tuple[tuple[int, int], Name]]:
    """Yield (start, end) of each part that needs another one, and what it names."""
    if language in _PAIRS:
        codes, pairs = _PAIRS[language]
        for pair in pairs.finditer(text):
            for start, sign in enumerate(pair[0], pair.start()):
                yield (start, start + 1), _country(codes[sign])
    elif language in _HALVES:
        held, *halves = _HALVES[language]
        for half, code in halves if held in text else ():
            yield from ((found.span(), _country(code)) for found in half.finditer(text))


def _country(code: str) -> Name:
    return name_of((Reading(code, NAME),), frozenset())
