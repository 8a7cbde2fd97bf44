"""National law of the country asked, over the wire: refused with its own article, and the text stands as agreed."""

import json
import os
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from support.world import World, make_world

from comity.cli.main import main
from comity.policy.scenarios import run_scenarios
from comity.wire.desk_client import DeskClient, preflight_request

LAW = """package comity.national.law

loaded := true

deny contains {"code": "domestic_law_prohibits", "article": "Police Data Act § 7", "detail": "no prosecutions"} if {
\tinput.self.country == "FI"
\tinput.direction == "inbound"
\tinput.purpose == "prosecution"
}

deny contains {"code": "domestic_law_prohibits", "article": "Police Data Act § 9", "detail": "no trials"} if {
\tinput.purpose == "trial"
}

deny contains {"code": "domestic_law_prohibits", "article": "Police Data Act § 11", "detail": "no notices"} if {
\tinput.direction == "inbound"
\tinput.aim == "notice"
}
"""


@pytest.fixture(scope="module", params=["embedded", "opa"])
def strict(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, opa_binary: str
) -> Iterator[World]:
    os.environ["COMITY_OPA"] = opa_binary
    with make_world(tmp_path_factory.mktemp("law"), engine=request.param, law=LAW) as made:
        yield made


def test_what_the_law_forbids_is_refused_with_its_article(strict: World) -> None:
    before = strict.fi_size()
    answer = strict.answered(strict.request(strict.header(strict.circumstances(purpose="prosecution"))))
    assert answer.verdict.outcome == "refused"
    reasons = {(reason.code, reason.article) for reason in answer.verdict.reasons}
    assert ("domestic_law_prohibits", "Police Data Act § 7") in reasons
    assert all(reason.message and reason.remedy for reason in answer.verdict.reasons)
    assert answer.findings is None
    assert strict.fi_size() == before + 1


def test_preflight_reads_the_text_as_the_country_asked_does_without_our_own_law(strict: World) -> None:
    """FI refuses notices that come in; what FI's own officers may get from EE is EE's affair."""
    facts = strict.circumstances(aim="notice")
    assert strict.answered(strict.request(strict.header(facts))).verdict.outcome == "refused"
    request = preflight_request(facts, category="wanted-persons", identification="moderate", to=("EE",))
    with DeskClient.connect(strict.fi.node, "investigator") as desk:
        (foreseen,) = desk.preflight(request)
    assert (foreseen.outcome, foreseen.decided_by) == ("permitted", "peer")


def test_what_the_law_does_not_forbid_is_answered(strict: World) -> None:
    assert strict.answered(strict.request()).verdict.outcome == "permitted"


def test_a_law_that_refuses_what_a_scenario_of_the_text_permits_does_not_hinder_activation(strict: World) -> None:
    """The scenarios say how both read the text; what national law takes away from it is found by `mirror`."""
    held = strict.fi.own.policy()
    failed = [result for result in run_scenarios(held.agreements.values(), held.engine) if not result.passed]
    assert failed
    assert all("Police Data Act § 9" in [r.article for r in result.decision.reasons] for result in failed)


def test_a_refusal_is_explained_by_the_law_that_refused_it_whatever_lies_in_the_home_since(strict: World) -> None:
    header = strict.header(strict.circumstances(purpose="prosecution"))
    assert strict.answered(strict.request(header)).verdict.outcome == "refused"
    home = strict.fi.node.home
    (law,) = home.national.glob("*.rego")
    try:
        law.rename(home.path / "kept")
        ran = CliRunner().invoke(main, ["--home", str(home.path), "policy", "explain", header.exchange_id, "--json"])
    finally:
        (home.path / "kept").rename(law)
    (why,) = json.loads(ran.stdout)
    assert why["same"]
    assert "Police Data Act § 7" in [reason["article"] for reason in why["decision"]["reasons"]]
