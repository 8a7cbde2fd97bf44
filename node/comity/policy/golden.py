"""Golden cases made from a text itself: for each permission a question that it answers and one that it refuses.

Pure but for the engine it is given. The engine has the last word: a case is kept only if it decides as the text says,
so what is written beside an agreement holds. Facts are those that differ from the usual question of `scenarios`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from comity.errors import Malformed
from comity.policy import library
from comity.policy.agreement import Agreement, Scenario
from comity.policy.decision import Decision
from comity.policy.engine import Engine
from comity.policy.scenarios import scenario_input, usual_question

_FOREVER = 10**12  # Unix second of an assurance's expiry that no agreement reaches
_NO_OFFENCE = {"present": False, "list_category": "", "max_penalty_months": 0}
Facts = dict[str, Any]


def golden_cases(agreement: Agreement, engine: Engine) -> list[dict[str, Any]]:
    """Return scenarios for every term, as an agreement file holds them.

    Raises `Malformed` naming each term that answers no question, and why: such a permission is not what was meant.
    """
    made: list[dict[str, Any]] = []
    idle: list[str] = []
    for term in agreement.data["terms"]:
        try:
            made += _cases(agreement, engine, term)
        except Malformed as problem:
            idle.append(str(problem))
    if idle:
        raise Malformed("; ".join(idle))
    return made


def _cases(agreement: Agreement, engine: Engine, term: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    answered = [_answered(agreement, engine, term, action) for action in _given(term)]
    if not answered:
        raise Malformed(f"term `{term['id']}` gives nothing at any action: raise a level of `disclosure`")
    yield from answered
    yield _refused(agreement, engine, term, answered[0]["input"])


def _given(term: Mapping[str, Any]) -> list[str]:
    return [action for action in term["actions"] if term["disclosure"][action] != "none"]


def _answered(agreement: Agreement, engine: Engine, term: Mapping[str, Any], action: str) -> dict[str, Any]:
    """Return the first question at an action that the term itself carries."""
    grounds: list[str] = []
    for asks, answers in _pairs(agreement, term):
        for category in term["categories"]:
            facts = _facts(agreement, term, asks, answers) | {"action": action, "category": category}
            if category in library.vocabulary()["special_categories"]:
                facts["necessity"] = "strict"
            facts = _differing(facts)
            decision = _decided(agreement, engine, facts)
            if decision.basis and decision.outcome != "refused" and decision.basis.term == term["id"]:
                expect = {"outcome": decision.outcome, "disclosure": decision.disclosure, "term": term["id"]}
                return {"name": f"{term['id']}: {action} as the article says", "input": facts, "expect": expect}
            grounds = [f"{each.message}; {each.remedy}" for each in decision.reasons] or [
                f"`{decision.basis.term if decision.basis else ''}` carries it, which gives as much or more"
            ]
    told = "; ".join(grounds)
    raise Malformed(f"term `{term['id']}` answers no question at {action}: {told}. Change the term, or leave it out")


def _refused(agreement: Agreement, engine: Engine, term: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answered question with one fact too little, the most telling that the text knows."""
    for what, changed, code in _shortfalls(term):
        missed = {**facts, **{key: _over(facts.get(key), value) for key, value in changed.items()}}
        if _decided(agreement, engine, missed).codes == (code,):
            expect = {"outcome": "refused", "reasons": [code]}
            return {"name": f"{term['id']}: {what}", "input": missed, "expect": expect}
    raise Malformed(f"term `{term['id']}`: no single fact makes it refuse: look at the other terms of its categories")


def _shortfalls(term: Mapping[str, Any]) -> Iterator[tuple[str, Facts, str]]:
    least = term["offences"]["min_penalty_months"]
    if least:
        yield "an offence below the threshold", {"offence": {"max_penalty_months": least - 1}}, "threshold"
    if {"authorisation", "judicial-authorisation"} & set(term["requires"]):
        order = {"authorisation": {"type": "none", "valid": False}}
        yield "without the order", order, "judicial_authorisation_refused"
    if "nexus" in term["requires"]:
        yield "without a link to the case", {"nexus": False}, "no_nexus"
    if term["subjects"]["minors"] == "never":
        yield "about a minor", {"subject": {"age_band": "minor"}}, "minor_or_victim_protection"
    yield "by an authority that is not named", {"requester": {"authority": "nobody"}}, "not_competent"


def _pairs(agreement: Agreement, term: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for answers in term["providers"]:
        yield from ((asks, answers) for asks in agreement.parties if asks != answers)


def _facts(agreement: Agreement, term: Mapping[str, Any], asks: str, answers: str) -> Facts:
    urgent = agreement.data["transfer"]["basis"] == "derogation"
    return {
        "self": {"country": answers},
        "peer": {"country": asks},
        "requester": {"authority": agreement.data["authorities"][asks][0], "role": term["roles"][0]},
        "purpose": term["purposes"][0],
        "channel": _usual_or_first("channel", term["channels"]),
        "assistance": _usual_or_first("assistance", term["assistance"]),
        "aim": _usual_or_first("aim", term["aims"]),
        "scope": _usual_or_first("scope", term["scopes"]),
        "procedure": _usual_or_first("procedure", term["procedures"]),
        "urgency": "urgent" if urgent else _usual_or_first("urgency", term["urgencies"]),
        "necessity": "strict" if urgent else "ordinary",
        "case": {"proceeding": _usual_or_first("case.proceeding", term["proceedings"])},
        "subject": {
            "category": _usual_or_first("subject.category", term["subjects"]["categories"]),
            "nationality": next((each for each in ("requester", "third") if each in term["nationalities"]), "unknown"),
        },
        "offence": _offence(agreement, term, answers),
        "authorisation": _order(term),
        "assurances": _assured(agreement, term),
    }


def _offence(agreement: Agreement, term: Mapping[str, Any], answers: str) -> Facts:
    rules = term["offences"]
    asked = rules["min_penalty_months"] or rules["dual_criminality"] != "not-required" or "offence" in term["requires"]
    if not asked:
        return dict(_NO_OFFENCE)
    declared = [
        each.get("min_penalty_months", 0) for each in agreement.data["declarations"] if each["party"] == answers
    ]
    months = max(60, rules["min_penalty_months"], rules.get("listed_min_penalty_months", 0), *declared)
    punished = library.data()["comity"]["offences"].get(answers, {}).get("list", [])
    listed = "fraud" if "fraud" in punished or not punished else punished[0]
    gravity = "serious" if rules["min_gravity"] == "serious" else "ordinary"
    return {
        "max_penalty_months": months,
        "list_category": listed,
        "gravity": gravity,
        **dict.fromkeys(rules["requires"], True),
    }


def _order(term: Mapping[str, Any]) -> Facts:
    asked = {"authorisation", "judicial-authorisation"} & set(term["requires"])
    return {"type": "judge", "valid": True} if asked else {"type": "none", "valid": False}


def _assured(agreement: Agreement, term: Mapping[str, Any]) -> list[Facts]:
    occasions = {"always", _usual_or_first("assistance", term["assistance"])}
    kinds = sorted({each["kind"] for each in agreement.data["assurances"] if each["when"] in occasions})
    return [{"kind": kind, "status": "given", "expires": _FOREVER} for kind in kinds]


def _usual_or_first(path: str, allowed: list[str]) -> str:
    usual: Any = usual_question()
    for key in path.split("."):
        usual = usual[key]
    return str(usual) if usual in allowed else allowed[0]


def _differing(facts: Facts) -> Facts:
    """Return the facts that differ from the usual question; who asks whom is always said."""
    usual = usual_question()
    kept: Facts = {}
    for key, value in facts.items():
        if isinstance(value, dict) and key not in ("self", "peer", "requester"):
            inner = {name: fact for name, fact in value.items() if usual[key].get(name) != fact}
            kept |= {key: inner} if inner else {}
        elif value != usual[key]:
            kept[key] = value
    return kept


def _over(held: Any, value: Any) -> Any:
    return {**held, **value} if isinstance(held, dict) and isinstance(value, dict) else value


def _decided(agreement: Agreement, engine: Engine, facts: Mapping[str, Any]) -> Decision:
    return engine.decide(scenario_input(agreement, Scenario("", facts, {})))
