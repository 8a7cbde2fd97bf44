"""How alike two names are, token by token. Pure.

Tokens are aligned best pair first, in any order. What one side alone has (a patronymic, a second surname) costs
little; what differs on both sides, or a family member's other given name, costs much.
"""

from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from comity.records.normalise import PARTICLES, skeletons, sound

Tokens = tuple[str, ...]

_FLOOR = 0.8
_SAME_SOUND = 0.97
_INITIAL = 0.82
_PARTICLE = 0.2
_SPARE = 0.12
_SPARE_FIRST = 0.45
_ONE_TOKEN = 0.75
_NO_VOWELS = 0.93


@dataclass(frozen=True, slots=True)
class Alignment:
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
    pairs = sorted(
        ((likeness, i, j) for i, a in enumerate(left) for j, b in enumerate(right) if (likeness := alike(a, b))),
        reverse=True,
    )
    lefts: dict[int, float] = {}
    rights: set[int] = set()
    gained = agreed = 0.0
    for likeness, i, j in pairs:
        if i not in lefts and j not in rights:
            lefts[i] = likeness
            rights.add(j)
            weight = min(_weight(left[i]), _weight(right[j]))
            agreed += weight
            gained += weight * likeness
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
    full = sum(1 for i in lefts if left[i] not in PARTICLES and len(left[i]) > 1)
    if full < 2:  # noqa: PLR2004  one common word is not a name
        score *= _ONE_TOKEN
    return Alignment(score, len(lefts), len(left))


@lru_cache(maxsize=32_768)
def alike(a: str, b: str) -> float:
    """Return how alike two tokens are, 0 when they are not the same name in another spelling. Symmetric."""
    if a == b:
        return 1.0
    if len(a) == 1 or len(b) == 1:
        return _INITIAL if a[0] == b[0] else 0.0
    if a in PARTICLES or b in PARTICLES:
        return 0.9 if a in PARTICLES and b in PARTICLES else 0.0
    bones_a, bones_b = skeletons(a), skeletons(b)
    bones = max(Levenshtein.normalized_similarity(x, y) for x in bones_a for y in bones_b)
    if a.isupper() or b.isupper():
        length = min(len(bones_a[0]), len(bones_b[0]))
        if bones == 1.0:
            return _NO_VOWELS if length > 1 else 0.85
        return bones * 0.95 if bones >= _FLOOR else 0.0
    sound_a, sound_b = sound(a), sound(b)
    if sound_a == sound_b:
        return _SAME_SOUND
    heard = Levenshtein.normalized_similarity(sound_a, sound_b)
    length = min(len(bones_a[0]), len(bones_b[0]))
    trust = length / (length + 1.5)  # the more consonants, the more they say
    likeness = trust * bones + (1 - trust) * heard
    return _sharpen(likeness) if likeness >= _FLOOR else 0.0


def _sharpen(likeness: float) -> float:
    """Return what a likeness is worth: near 1 it is a spelling, near the floor it may well be another name."""
    return 0.97 - (0.97 - likeness) * 1.6 if likeness < 0.97 else likeness  # noqa: PLR2004


def _weight(token: str) -> float:
    if token in PARTICLES:
        return _PARTICLE
    return 0.5 if len(token) == 1 else 1.0


def _names_in(tokens: Tokens) -> int:
    return sum(1 for token in tokens if token not in PARTICLES and len(token) > 1)
