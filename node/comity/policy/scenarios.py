"""Golden cases that travel with agreements, and how to run them. Pure but for the engine it is given."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from comity.policy import library
from comity.policy.agreement import Agreement, Scenario, unix_day
from comity.policy.decision import Decision
from comity.policy.engine import Engine


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """One scenario's outcome; `problems` is empty when it gave what the text says."""

    agreement: str
    name: str
    decision: Decision
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the decision is the expected one."""
        return not self.problems


def run_scenarios(agreements: Iterable[Agreement], engine: Engine) -> list[ScenarioResult]:
    """Run every scenario of these agreements; raises `Unavailable` when the engine cannot decide."""
    return list(each_scenario(agreements, engine))


def each_scenario(agreements: Iterable[Agreement], engine: Engine) -> Iterator[ScenarioResult]:
    """Yield the result of one scenario after the other, each decided when it is asked for."""
    for agreement in agreements:
        for scenario in agreement.scenarios:
            yield _result(agreement, scenario, engine.decide(scenario_input(agreement, scenario)))


def scenario_input(agreement: Agreement, scenario: Scenario) -> dict[str, Any]:
    """Return the whole input document of a scenario: its facts over the usual question.

    The usual question is an investigator's, inbound, on the agreement's first day in force, about an adult
    suspect of fraud (60 months), with case, offence, nexus and summary stated, all duties accepted, under this text.
    """
    facts = dict(scenario.facts)
    if isinstance(facts.get("time"), str):
        facts["time"] = unix_day(facts["time"])
    document = _overlaid(_usual(agreement), facts)
    if "country" not in document["requester"]:
        asks = "peer" if document["direction"] == "inbound" else "self"
        document["requester"]["country"] = document.get(asks, {}).get("country", "")
    return document


def differences(expect: Mapping[str, Any], decision: Decision) -> Iterator[str]:
    """Yield what a decision lacks of an expectation; lists are compared in any order."""
    found = shown(decision)
    for key, wanted in expect.items():
        wish = sorted(wanted) if isinstance(wanted, list) else wanted
        if found[key] != wish:
            yield f"{key}: expected {_plain(wish)}, got {_plain(found[key])}"


def shown(decision: Decision) -> dict[str, Any]:
    """Return what a scenario may expect of a decision, by the keys of `expect`; lists sorted."""
    return {
        "outcome": decision.outcome,
        "disclosure": decision.disclosure,
        "term": decision.basis.term if decision.basis else "",
        "reasons": sorted(set(decision.codes)),
        "articles": sorted({reason.article for reason in decision.reasons}),
        "fields": sorted(decision.fields),
        "withheld": sorted(decision.withheld),
        "obligations": sorted(decision.obligations),
        "human": decision.human.role if decision.human else "",
        "officers": decision.human.officers if decision.human else 0,
        "deadline": decision.human.deadline if decision.human else "",
        "retention": decision.retention,
        "max_candidates": decision.max_candidates,
    }


def _result(agreement: Agreement, scenario: Scenario, decision: Decision) -> ScenarioResult:
    return ScenarioResult(agreement.id, scenario.name, decision, tuple(differences(scenario.expect, decision)))


def usual_question() -> dict[str, Any]:
    """Return a whole input document that no single fact speaks against; who asks whom for what is still empty."""
    return {
        "direction": "inbound",
        "action": "query.search",
        "time": 0,
        "self": {"country": ""},
        "peer": {"country": "", "trust": "active", "reciprocity": "given"},
        "requester": {"authority": "", "role": "investigator"},
        "channel": "spoc",
        "assistance": "police-information",
        "language": "",
        "category": "",
        "purpose": "",
        "intended_use": "intelligence",
        "aim": "identify",
        "subject": {"category": "suspect", "age_band": "adult", "nationality": "unknown", "vulnerable": False},
        "scope": "individual",
        "case": {"present": True, "proceeding": "investigation"},
        "offence": {
            "present": True,
            "code": "",
            "list_category": "fraud",
            "iccs": "",
            "max_penalty_months": 60,
            "attempt": False,
            "dual_criminal": None,
            "kinds": [],
            "transnational": False,
            "organised": False,
            "convention": False,
            "gravity": "ordinary",
            "bar": "none",
        },
        "nexus": True,
        "summary": True,
        "privilege": {"kind": "none", "waived": False},
        "onward": False,
        "automated": False,
        "necessity": "ordinary",
        "identification": "strong",
        "ask": {"fields": [], "max_candidates": 0, "keep_days": 0},
        "procedure": "domestic",
        "confidential": False,
        "undertakings": list(library.vocabulary()["undertakings"]),
        "urgency": "normal",
        "authorisation": {"type": "none", "valid": False},
        "assurances": [],
        "basis": {"agreement": "", "digest": ""},
        "review": {"state": "none", "role": "", "ground": "", "officers": 0},
    }


def _usual(agreement: Agreement) -> dict[str, Any]:
    return {
        **usual_question(),
        "time": agreement.data["from"],
        "self": {"country": agreement.parties[0]},
        "peer": {"country": agreement.parties[1], "trust": "active", "reciprocity": "given"},
        "basis": {"agreement": agreement.id, "digest": agreement.digest},
    }


def _overlaid(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        held = merged.get(key)
        merged[key] = _overlaid(held, value) if isinstance(held, dict) and isinstance(value, Mapping) else value
    return merged


def _plain(value: Any) -> str:
    return ", ".join(value) or "nothing" if isinstance(value, list) else str(value)
