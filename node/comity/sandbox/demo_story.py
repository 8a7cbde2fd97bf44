"""What `make demo` plays: one question under five texts; then what agreements, officers and courts add."""

from typing import TYPE_CHECKING, Any

from comity.sandbox.people import Star, stars

if TYPE_CHECKING:
    from comity.sandbox.demo import Demo

COUNTRIES = ("EE", "FI", "SE", "LV", "LT", "US")

_INVESTIGATION = ("--purpose", "criminal-investigation", "--case", "K-2026-117")


def play(demo: "Demo") -> None:
    """Play the story; what is not as it should be is noted in `demo`."""
    demo.say("Six countries, each its own process, CA, keys, database and people")
    countries = ("--countries", ",".join(COUNTRIES), "--people", "1000")
    code, _ = demo.run("sandbox", "up", "--dir", str(demo.folder / "sandbox"), *countries)
    demo.expect(code == 0, "the sandbox is up")
    if code:
        return
    exchanges = [_five_texts(demo), _below_the_threshold(demo), _person_decides(demo)]
    _trace(demo)
    _assurance(demo)
    _one_down(demo)
    demo.say("Every receipt, offline, with public keys only")
    _verify_receipts(demo, exchanges)
    demo.say("Every ledger, leaf by leaf")
    for country in COUNTRIES:
        code, _ = demo.run("--node", country, "ledger", "verify")
        demo.expect(code == 0, f"{country}'s ledger verifies")


def _star(key: str) -> Star:
    return next(star for star in stars() if star.key == key)


def _fraud(*more: str) -> tuple[str, ...]:
    star = _star("kaskov")
    person = ("--node", "EE", "query", "person", "--name", star.names["EE"], "--birth-date", star.birth_date)
    why = ("--category", "wanted-persons", *_INVESTIGATION, "--nexus", "phone contact with the suspect")
    return (*person, *why, "--offence", "EE:209", *more)


def _five_texts(demo: "Demo") -> dict[str, Any]:
    demo.say("A fraud by its own statute: what the others punish as the same conduct")
    demo.run("policy", "offence", "EE:209")
    demo.say("One question to all: every country answers as far as its own agreement with Estonia goes")
    found = demo.ask(*_fraud())
    star, peers = _star("kaskov"), _by_country(found)
    hits = sorted(country for country, peer in peers.items() if peer.get("hits"))
    spellings = ", ".join(f"{country}: {star.names[country]}" for country in sorted(star.held_by))
    demo.expect(hits == sorted(star.held_by), f"EE asks for «{star.names['EE']}»; hits in {hits} ({spellings})")
    demo.expect(peers["FI"]["disclosure"] == "core", f"FI: core data under {_basis(peers['FI'])}")
    demo.expect(peers["SE"]["disclosure"] == "hit", f"SE: hit or no hit under {_basis(peers['SE'])}, the strict one")
    demo.expect(
        peers["LV"]["disclosure"] == "core", f"LV: core data under {_basis(peers['LV'])}, applied provisionally"
    )
    demo.expect(_codes(peers["LT"]) == {"agreement_suspended"}, f"LT: refused, {_basis(peers['LT'])} is suspended")
    demo.expect(peers["US"]["outcome"] == "refused", "US: refused, only prosecutors ask there")
    return found


def _below_the_threshold(demo: "Demo") -> dict[str, Any]:
    demo.say("The same question about an offence of six months: refused with the article, but not by the neighbour")
    found = demo.ask(*_fraud("--penalty", "6", "--to", "FI,SE,LV"))
    peers = _by_country(found)
    for country in ("FI", "SE"):
        articles = [reason["article"] for reason in peers[country]["reasons"] if reason["code"] == "threshold"]
        demo.expect(
            bool(articles) and "hits" not in peers[country], f"{country}: refused under {articles}, nothing came"
        )
    demo.expect(peers["LV"]["outcome"] == "permitted", f"LV: answered under {_basis(peers['LV'])}")
    return found


def _trace(demo: "Demo") -> None:
    demo.say("A DNA trace, compared automatically under the convention of seven: hit or no hit, never a name")
    number = _star("trace").names["EE"]
    why = ("--category", "dna-profiles", *_INVESTIGATION, "--nexus", "a trace at the scene", "--subject", "other")
    found = demo.ask(
        *("--node", "EE", "query", "person", "--id", f"document:{number}", *why, "--necessity", "strict"),
        *("--to", "FI,SE,LV,LT"),
    )
    peers = _by_country(found)
    demo.expect(all(peer["disclosure"] == "hit" for peer in peers.values()), "all four answer, LT too: another text")
    hit = peers["FI"].get("hits", [])
    demo.expect(len(hit) == 1 and not hit[0]["fields"], "FI: a hit with a reference and nothing else")


def _person_decides(demo: "Demo") -> dict[str, Any]:
    demo.say("A missing minor: in Finland a desk officer decides, and Estonia fetches the answer")
    star = _star("missing")
    person = ("--node", "EE", "query", "person", "--name", star.names["EE"], "--birth-date", star.birth_date)
    why = ("--category", "missing-persons", "--purpose", "missing-person-search", "--case", "K-2026-118")
    facts = ("--nexus", "ferry ticket to Helsinki", "--subject", "missing", "--age-band", "minor", "--to", "FI")
    asked: dict[str, Any] = demo.ask(*person, *why, *facts)
    demo.expect(_by_country(asked)["FI"]["outcome"] == "review", "FI: waits for a person")
    demo.run("--node", "FI", "inbox", "list")
    code, _ = demo.run("--node", "FI", "inbox", "approve", asked["exchange"])
    demo.expect(code == 0, "the desk officer lets the answer go")
    found = demo.ask("--node", "EE", "exchange", "refresh", asked["exchange"])
    answer = _by_country(found)["FI"]
    demo.expect(answer["outcome"] == "permitted" and bool(answer["hits"]), f"EE has it, under {_basis(answer)}")
    return found


def _assurance(demo: "Demo") -> None:
    demo.say("A murder that may be punished with death: nothing without an assurance")
    star = _star("fugitive")
    person = ("--node", "US", "query", "person", "--name", star.names["US"], "--birth-date", star.birth_date)
    why = ("--category", "wanted-persons", "--purpose", "prosecution", "--case", "A-77", "--nexus", "lived there")
    facts = ("--summary", "A man was shot.", "--channel", "central-authority", "--offence", "US:18-1111", "--to", "EE")
    question = (*person, *why, *facts, "--as", "prosecutor")
    refused = _by_country(demo.ask(*question))["EE"]
    demo.expect(_codes(refused) == {"death_penalty_no_assurance"}, f"refused under {refused['reasons'][0]['article']}")
    given = ("--to", "EE", "--case", "A-77", "--until", "2099-12-31", "--text", "No death penalty will be sought.")
    demo.run("--node", "US", "assurance", "give", "no-death-penalty", *given, "--as", "prosecutor")
    answer = _by_country(demo.ask(*question, "--assurance", "no-death-penalty"))["EE"]
    demo.expect(answer["outcome"] == "permitted" and bool(answer["hits"]), f"answered under {_basis(answer)}")


def _one_down(demo: "Demo") -> None:
    demo.say("One country down: reported, the others answer")
    demo.run("sandbox", "down", "--node", "LV")
    found = demo.ask(*_fraud("--to", "FI,SE,LV"))
    outcomes = {country: peer["outcome"] for country, peer in _by_country(found).items()}
    demo.expect(outcomes.pop("LV", "") == "unreachable", "LV is unreachable")
    demo.expect(set(outcomes.values()) == {"permitted"}, f"the others answered: {outcomes}")


def _by_country(document: dict[str, Any]) -> dict[str, Any]:
    return {peer["country"]: peer for peer in document["peers"]}


def _basis(peer: dict[str, Any]) -> str:
    basis = peer.get("basis") or {}
    return f"{basis.get('agreement', 'no agreement')}, {basis.get('article', '')}"


def _codes(peer: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in peer.get("reasons", [])}


def _verify_receipts(demo: "Demo", exchanges: list[dict[str, Any]]) -> None:
    descriptors = {}
    for country in COUNTRIES:
        file = demo.folder / f"{country}.json"
        demo.run("--node", country, "peer", "export", "-o", str(file), quiet=True)
        descriptors[country] = file
    verified = 0
    for exchange in exchanges:
        for peer in exchange["peers"]:
            if peer["receipt"] != "verified":
                continue
            file = demo.folder / f"{exchange['exchange']}-{peer['country']}.proof"
            save = ("--node", "EE", "receipt", "save", exchange["exchange"], "--peer", peer["country"], "-o", str(file))
            demo.run(*save, quiet=True)
            check = ("receipt", "verify", str(file), "--key", str(descriptors[peer["country"]]))
            code, _ = demo.run(*check, quiet=verified > 0)
            demo.expect(code == 0, f"{peer['country']} logged {exchange['exchange']} as {peer['outcome']}")
            verified += code == 0
    demo.expect(verified > 0, f"{verified} receipts verified")
