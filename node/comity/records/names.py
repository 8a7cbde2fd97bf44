"""How alike two names are, token by token. Pure.

Tokens are aligned best pair first, in any order. What one side alone has (a patronymic, a second surname) costs
little; what differs on both sides, or a family member's other given name, costs much.
"""

from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from comity.records.normalise import PARTICLES, skeletons, sound

Tokens = tuple[str, ...]

_FLOOR = 0.5
_SAME_SOUND = 0.97
_INITIAL = 0.82
_PARTICLE = 0.2
_SPARE = 0.12
_SPARE_FIRST = 1.0
_ONE_TOKEN = 0.75
_HALF_TRUST = 3.0
_STEEP = 2.0
_VOICELESS_FLOOR = 0.8
_VOICELESS = (0.0, 0.6, 0.78, 0.92, 0.95)
"""What equal consonants say where one side has no vowels, by their number."""
_BOTH_VOICELESS = (0.0, 0.85, 0.95, 1.0)


class Alignment(NamedTuple):
    """How two names agree: `score` 0 to 1, how many of the tokens asked for agree, of how many."""

    score: float
    agreeing: int
    asked: int


NOTHING = Alignment(0.0, 0, 0)


def align(left: Tokens, right: Tokens) -> Alignment:
    """Return how the tokens of two names agree. The same from either side but for the count of tokens asked."""
    if not left or not right:
        return NOTHING
    if left == right:
        return Alignment(1.0 if _names_in(left) > 1 else _ONE_TOKEN + 0.07, len(left), len(left))
    if "".join(left) == "".join(right):
        return Alignment(0.98, len(left), len(left))
    pairs = [(likeness, i, j) for i, a in enumerate(left) for j, b in enumerate(right) if (likeness := alike(a, b))]
    if not pairs or (len(pairs) == 1 and len(left) > 1 and len(right) > 1):
        return NOTHING  # one part of several: not a name in common
    if len({i for _, i, _ in pairs}) < len(pairs) or len({j for _, _, j in pairs}) < len(pairs):
        pairs.sort(key=lambda pair: (-pair[0], sorted((left[pair[1]], right[pair[2]]))))  # the same from either side
    lefts: set[int] = set()
    rights: set[int] = set()
    gained = agreed = 0.0
    full = 0
    for likeness, i, j in pairs:
        if i in lefts or j in rights:
            continue
        lefts.add(i)
        rights.add(j)
        weight = min(_weight(left[i]), _weight(right[j]))
        agreed += weight
        gained += weight * likeness
        full += left[i] not in PARTICLES and min(len(left[i]), len(right[j])) > 1
    missed = sum(_weight(token) for i, token in enumerate(left) if i not in lefts)
    spare = sum(_weight(token) for j, token in enumerate(right) if j not in rights)
    apart = min(missed, spare)
    alone = max(missed, spare) - apart
    cost = 2 * apart + _SPARE * alone
    if apart == 0 and (
        (0 not in lefts and left[0] not in PARTICLES) or (0 not in rights and right[0] not in PARTICLES)
    ):
        cost += _SPARE_FIRST - _SPARE
    score = gained / (agreed + cost) if agreed else 0.0
    if full < 2:  # one common word is not a name
        score *= _ONE_TOKEN
    return Alignment(score, len(lefts), len(left))


@lru_cache(maxsize=32_768)
def alike(a: str, b: str) -> float:
    """Return how alike two tokens are, 0 when they are not the same name in another spelling. Symmetric."""
    voiceless = a.isupper() or b.isupper()
    if not voiceless and (a == b or len(a) == 1 or len(b) == 1):
        return 1.0 if a == b else _INITIAL if a[0] == b[0] else 0.0
    if a in PARTICLES or b in PARTICLES:
        return 0.9 if a in PARTICLES and b in PARTICLES else 0.0
    bones_a, bones_b = skeletons(a), skeletons(b)
    consonants = min(len(bones_a[0].lstrip("-")), len(bones_b[0].lstrip("-")))
    bones = max(Levenshtein.normalized_similarity(x, y) for x in bones_a for y in bones_b)
    if voiceless:
        said = _BOTH_VOICELESS if a.isupper() and b.isupper() else _VOICELESS
        return bones * said[min(consonants, len(said) - 1)] if bones >= _VOICELESS_FLOOR else 0.0
    sound_a, sound_b = sound(a), sound(b)
    if sound_a == sound_b:
        return _SAME_SOUND
    heard = Levenshtein.normalized_similarity(sound_a, sound_b)
    trust = consonants / (consonants + _HALF_TRUST)  # the more consonants, the more they say
    likeness = trust * bones + (1 - trust) * heard
    return _sharpen(likeness) if likeness >= _FLOOR else 0.0


def _sharpen(likeness: float) -> float:
    """Return what a likeness is worth: near 1 it is a spelling, near the floor it may well be another name."""
    return max(_SAME_SOUND - (_SAME_SOUND - likeness) * _STEEP, 0.0) if likeness < _SAME_SOUND else likeness


def _weight(token: str) -> float:
    if token in PARTICLES:
        return _PARTICLE
    return 0.5 if len(token) == 1 else 1.0


def _names_in(tokens: Tokens) -> int:
    return sum(1 for token in tokens if token not in PARTICLES and len(token) > 1)
