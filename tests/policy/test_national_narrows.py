"""Adding national modules never gives anyone more, whatever they deny: over 10 000 pairs of modules and question."""

import json
import random
from dataclasses import replace
from functools import cache

import pytest
from policy_questions import POOL, ROWS, TERMS, hostile, sound
from policy_samples import AGREEMENTS, POLICY, question

from comity.errors import Malformed, Unavailable
from comity.policy import library
from comity.policy.bundle import build
from comity.policy.decision import Decision
from comity.policy.embedded import EmbeddedEngine
from comity.policy.national import compile_national

SEEDS, QUESTIONS = range(24), 420
LEVELS = library.vocabulary()["levels"]
CODES = sorted({ground["code"] for ground in library.catalogue().values()})
KEYS = [f"{each.id}/{term['id']}" for each in AGREEMENTS for term in each.document["terms"]]
_ORDER = ("refused", "review", "permitted")


def fact(chance: random.Random) -> str:
    """A condition on the question."""
    row = chance.choice([row for row in ROWS if row["kind"] in ("text", "one_of", "flag", "number", "texts")])
    path = ".".join(row["path"])
    where = f"input.{path}"
    plain = {"flag": [True, False], "number": [0, 1, 40], "text": ["", "x"]}
    values = POOL.get(path) or row.get("of") or plain.get(row["kind"], [""])
    value = json.dumps(chance.choice(values))
    match row["kind"]:
        case "number":
            return f"{where} {chance.choice(['<', '>=', '==', '!='])} {value}"
        case "texts":
            return f"count({where}) {chance.choice(['==', '>'])} {chance.randrange(2)}"
        case _:
            return f"{chance.choice(['', 'not '])}{where} {chance.choice(['==', '!='])} {value}"


def held(chance: random.Random) -> str:
    """A condition on a candidate that the module has bound as `candidate` and `held`."""
    key = chance.choice(["categories", "actions", "purposes", "roles", "fields"])
    word = chance.choice(chance.choice(TERMS)[key] or ["x"])
    return chance.choice([
        f'"{word}" in held.term.{key}',
        f'not "{word}" in held.term.{key}',
        f"count(held.agreement.parties) {chance.choice(['>', '=='])} 2",
        f'startswith(candidate, "{chance.choice(KEYS)[: chance.randrange(4, 20)]}")',
    ])  # fmt: skip


def denial(chance: random.Random) -> str:
    head = {"code": f'"{chance.choice(CODES)}"', "article": '"§ 1"', "detail": chance.choice(['""', '"why"', "why"])}
    body = [fact(chance) for _ in range(chance.randrange(1, 3))] if chance.random() < 0.9 else ["true"]
    if head["detail"] == "why":
        body.append(chance.choice(["why := input.category", 'why := concat(", ", input.offence.kinds)', "why := 7"]))
    match chance.randrange(4):
        case 0:
            head["candidate"] = f'"{chance.choice([*KEYS, "none/none"])}"'
        case 1 | 2:
            head["candidate"] = "candidate"
            body += ["some candidate, held in candidates.considered", *(held(chance) for _ in range(2))]
    written = ", ".join(f'"{name}": {value}' for name, value in head.items())
    return f"deny contains {{{written}}} if {{\n\t" + "\n\t".join(body) + "\n}\n"


def modules(seed: int) -> dict[str, str]:
    """One to three modules of one to four denials."""
    chance = random.Random(seed)
    made = {}
    for number in range(chance.randrange(1, 4)):
        denials = [denial(chance) for _ in range(chance.randrange(1, 5))]
        imports = "import data.comity.candidates\n\n" if any("candidates." in each for each in denials) else ""
        head = f"package comity.national.law{number}\n\n{imports}loaded := true\n\n"
        made[f"law{number}.rego"] = head + "\n".join(denials)
    return made


@cache
def questions() -> list[dict[str, object]]:
    chance = random.Random(20261124)
    return [hostile(chance) if chance.random() < 0.1 else sound(chance) for _ in range(QUESTIONS)]


@pytest.fixture(scope="module")
def before(embedded: EmbeddedEngine) -> list[Decision | None]:
    return [decided(embedded, document) for document in questions()]


def decided(engine: EmbeddedEngine, document: dict[str, object]) -> Decision | None:
    try:
        return engine.decide(document)
    except Malformed:
        return None


def given(decision: Decision) -> tuple[int, int, int]:
    """How much is given: the outcome, the level, the number of fields."""
    return _ORDER.index(decision.outcome), LEVELS[decision.disclosure], len(decision.fields)


def test_there_are_ten_thousand_cases() -> None:
    assert len(SEEDS) * QUESTIONS >= 10_000


@pytest.mark.parametrize("seed", SEEDS)
def test_national_law_never_gives_more(
    before: list[Decision | None], opa_binary: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("COMITY_OPA", opa_binary)
    engine = EmbeddedEngine(build(AGREEMENTS, national=compile_national(modules(seed))), machines=1)
    for document, old in zip(questions(), before, strict=True):
        new = decided(engine, document)
        assert (new is None) == (old is None)
        if new is None or old is None:
            continue
        if document["direction"] == "inbound":
            assert given(new) <= given(old), document
        else:  # what the peer will give is the peer's to say; whether our officer may ask is ours
            assert _ORDER.index(new.outcome) <= _ORDER.index(old.outcome), document
        if new.outcome == "refused":
            assert all(reason.code and reason.article and reason.message and reason.remedy for reason in new.reasons)
    engine.close()


def test_the_modules_deny_something(before: list[Decision | None], opa_binary: str, monkeypatch) -> None:
    """Or the property would say nothing."""
    monkeypatch.setenv("COMITY_OPA", opa_binary)
    changed = 0
    for seed in SEEDS[:6]:
        engine = EmbeddedEngine(build(AGREEMENTS, national=compile_national(modules(seed))), machines=1)
        changed += sum(decided(engine, document) != old for document, old in zip(questions(), before, strict=True))
        engine.close()
    assert changed > 100


def test_a_module_that_is_expected_and_not_there_refuses() -> None:
    """The library alone, told to expect a module: nothing is decided but a refusal with a fault."""
    data = json.loads(POLICY.data_json())
    data["comity"]["expected_national"] = ["absent"]
    engine = EmbeddedEngine(replace(POLICY, data=data), machines=1)
    decision = engine.decide(question())
    assert (decision.outcome, decision.codes) == ("refused", ("technical_unavailable",))
    assert decision.fault is not None
    assert "absent" in decision.fault
    with pytest.raises(Unavailable, match="absent"):
        engine.health()
    engine.close()
