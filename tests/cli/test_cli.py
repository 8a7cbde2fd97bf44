"""Commands as text: what they print, how they end, what they leave behind."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shell import Shell

from comity.cli.main import COMMANDS

REPO = Path(__file__).resolve().parent.parent.parent
AGREEMENT = REPO / "policy" / "agreements" / "ee-fi-police-2026.yaml"

pytestmark = pytest.mark.xdist_group("cli")


class Home:
    """One node home and the commands on it."""

    def __init__(self, shell: Shell, path: Path) -> None:
        self.shell = shell
        self.path = path

    def __call__(self, *arguments: str):
        return self.shell("--home", str(self.path), *arguments)

    def good(self, *arguments: str):
        return self.shell.good("--home", str(self.path), *arguments)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("cli"))


def make(shell: Shell, country: str, domain: str) -> Home:
    home = Home(shell, shell.folder / country)
    made = shell.good("init", str(home.path), "--country", country, "--trust-domain", domain, "--json").json
    assert made["country"] == country
    return home


@pytest.fixture(scope="module")
def ee(shell: Shell) -> Iterator[Home]:
    home = make(shell, "EE", "police.ee")
    (home.path / "agreements" / AGREEMENT.name).write_bytes(AGREEMENT.read_bytes())
    person = {"id": "0", "schema": "Person", "properties": {"name": ["Somebody Else"]}}
    file = shell.folder / "first.jsonl"
    file.write_text(json.dumps(person) + "\n")
    home.good("records", "import", str(file), "--category", "wanted-persons")
    home.good("records", "import", str(file), "--category", "missing-persons")  # at least two ledger entries
    return home


@pytest.fixture(scope="module")
def fi(shell: Shell) -> Home:
    return make(shell, "FI", "poliisi.fi")


def test_help_lists_every_command(shell: Shell) -> None:
    text = shell.good("--help").out
    for name, words in COMMANDS.items():
        assert name in text
        assert words.split()[0] in text


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("init", "run", "doctor")])
def test_every_command_has_help(name: str) -> None:
    import importlib

    from click.testing import CliRunner

    ran = CliRunner().invoke(importlib.import_module(f"comity.cli.{name}").command, ["--help"])
    assert ran.exit_code == 0
    assert "Usage" in ran.output


def test_a_home_is_made_once_and_private(ee: Home) -> None:
    again = ee.shell("init", str(ee.path), "--country", "EE", "--trust-domain", "police.ee", "--json")
    assert again.code == 1
    assert "empty folder" in again.json["error"]["message"]
    assert (ee.path / "keys" / "node.key").stat().st_mode & 0o077 == 0


def test_init_names_what_is_wrong(shell: Shell) -> None:
    ran = shell("init", str(shell.folder / "x"), "--country", "EE", "--trust-domain", "Police EE", "--json")
    assert ran.code == 2
    assert ran.json["error"]["violations"][0]["field"] == "trust_domain"
    assert not (shell.folder / "x" / "config.toml").exists()


def test_no_node_is_told_with_the_remedy(shell: Shell) -> None:
    ran = shell("--home", str(shell.folder / "nowhere"), "ledger", "status")
    assert ran.code == 1
    assert "comity init" in ran.err


def test_peers_are_added_by_fingerprint(ee: Home, fi: Home, tmp_path: Path) -> None:
    file = tmp_path / "fi.json"
    fingerprint = fi.good("peer", "export", "-o", str(file), "--json").json["fingerprint"]
    assert ee("peer", "add", str(file)).code == 2  # nobody is there to compare
    wrong = ee("peer", "add", str(file), "--fingerprint", "0" * 32)
    assert wrong.code == 1
    assert "do not trust" in wrong.err
    assert ee.good("peer", "list", "--json").json == []
    ee.good("peer", "add", str(file), "--fingerprint", fingerprint)
    (listed,) = ee.good("peer", "list", "--json").json
    assert (listed["country"], listed["state"], listed["fingerprint"]) == ("FI", "active", fingerprint)
    ee.good("peer", "suspend", "FI")
    assert ee.good("peer", "list", "--json").json[0]["state"] == "suspended"
    ee.good("peer", "resume", "fi")
    assert ee("peer", "check", "FI").code == 1  # it is not running
    assert ee("peer", "suspend", "XX").code == 1


def test_key_list_and_settings(ee: Home) -> None:
    keys = {key["key"]: key for key in ee.good("key", "list", "--json").json}
    assert set(keys) == {"node", "ca", "ledger", "bundle"}
    assert keys["node"]["days_left"] > 20
    printed = ee.good("run", "--print-config").out
    assert "config.toml" in printed
    assert "default" in printed


def test_bad_settings_are_all_named(shell: Shell) -> None:
    home = shell.folder / "bad"
    home.mkdir()
    (home / "config.toml").write_text('country = "Estonia"\ntrust_domain = "police.ee"\ncolour = 1\n')
    ran = shell("--home", str(home), "ledger", "status", "--json")
    assert ran.code == 2
    assert {violation["field"] for violation in ran.json["error"]["violations"]} == {"country", "colour"}


def test_import_search_show_and_the_log_of_it(ee: Home, tmp_path: Path) -> None:
    lines = [
        {"id": "1", "schema": "Person", "properties": {"name": ["Юрий Каськов"], "birthDate": ["1984-03-17"]}},
        {"id": "2", "schema": "Person", "properties": {"name": ["Ann Lee"], "birthDate": ["31/12/1980"]}},
        {"id": "3", "schema": "Persn", "properties": {"name": ["Ann Lee"]}},
    ]
    file = tmp_path / "wanted.jsonl"
    file.write_text("\n".join([*map(json.dumps, lines), "not json"]) + "\n")
    report = ee.good("records", "import", str(file), "--category", "wanted-persons", "--json").json
    assert (report["added"], report["rejected"]) == (1, 3)
    rejects = [json.loads(line) for line in Path(report["rejects"]).read_text().splitlines()]
    assert [reject["line"] for reject in rejects] == [2, 3, 4]
    assert all(reject["reasons"] for reject in rejects)
    again = ee.good("records", "import", str(file), "--category", "wanted-persons", "--json").json
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 1)
    (found,) = ee.good("records", "search", "--name", "Jurij Kaskov", "--category", "wanted-persons", "--json").json
    shown = ee.good("records", "show", found["record"], "--json").json
    assert shown["entity"]["properties"]["name"] == ["Юрий Каськов"]
    kinds = [entry["kind"] for entry in ee.good("ledger", "show", "--json").json]
    assert kinds[-3:] == ["records_imported", "records_viewed", "records_viewed"]


def test_mapped_csv(ee: Home, tmp_path: Path) -> None:
    table, mapping = tmp_path / "cars.csv", tmp_path / "cars.yml"
    table.write_text("plate,make\n123 ABC,Saab\n,Volvo\n")
    mapping.write_text(
        "entities:\n  car:\n    schema: Vehicle\n    keys: [plate]\n    properties:\n"
        "      registrationNumber: {column: plate}\n      model: {column: make}\n"
    )
    command = ("records", "import", str(table), "--category", "vehicle-register", "--format", "csv")
    report = ee.good(*command, "--mapping", str(mapping), "--json").json
    assert report["added"] == 1
    plate = ("--schema", "Vehicle", "--id", "plate:123abc", "--category", "vehicle-register")
    assert len(ee.good("records", "search", *plate, "--json").json) == 1
    assert ee(*command).code == 2


def test_agreement_lint_names_file_line_and_nearest_key(shell: Shell, tmp_path: Path) -> None:
    shell.good("agreement", "lint", str(AGREEMENT))
    broken = tmp_path / "broken.yaml"
    broken.write_text(AGREEMENT.read_text().replace("retention: P180D", "retension: P180D"))
    ran = shell("agreement", "lint", str(broken))
    assert ran.code == 2
    line = broken.read_text().splitlines().index("    retension: P180D") + 1
    assert f"broken.yaml:{line}" in ran.out
    assert "retention" in ran.out.replace("retension", "")


def test_agreement_list_and_show(ee: Home) -> None:
    (listed,) = ee.good("agreement", "list", "--json").json
    assert listed["agreement"] == "ee-fi-police-2026"
    shown = ee.good("agreement", "show", "ee-fi-police-2026", "--json").json
    assert shown["digest"] == listed["digest"]
    assert ee("agreement", "show", "nothing").code == 1


@pytest.mark.usefixtures("opa_binary")
def test_bench_policy(shell: Shell) -> None:
    figures = shell.good("bench", "policy", "--rounds", "1", "--json").json
    ways = figures["ways"]
    assert list(ways) == ["bare OPA REST", "OPA by our client", "embedded", "from the cache"]
    assert ways["bare OPA REST"]["ratio"] == 1
    assert all(0 < each["p50_us"] <= each["p99_us"] for each in ways.values())
    assert {name: each["aim"] for name, each in ways.items() if "aim" in each} == {
        "embedded": 0.5,
        "from the cache": 0.02,
    }
    empty = shell.folder / "none"
    empty.mkdir()
    assert "no scenarios" in shell("bench", "policy", "--agreements", str(empty)).err


@pytest.mark.usefixtures("opa_binary")
def test_national_law_is_checked_kept_and_used(shell: Shell) -> None:
    home = make(shell, "SE", "polisen.se")
    assert home("policy", "national", "check").code == 1
    words = home.good("policy", "national", "words", "--json").json
    folder = home.path / "national"
    folder.mkdir()
    ran = home("policy", "national", "check", "--json")
    assert ran.code == 1
    assert "comity policy national words" in ran.json["error"]["message"]
    (folder / "minors.rego").write_text(words["example"])
    checked = home.good("policy", "national", "check", "--json").json
    assert [module["name"] for module in checked["modules"]] == ["minors"]
    assert (folder / ".compiled" / "policy.wasm").exists()
    found = {each["subject"]: each for each in home("doctor", "--json").json}
    assert "1 national module(s): minors" in found["national law"]["message"]
    assert "compiled by OPA 1." in found["policy engine"]["message"]
    assert "64 MiB for a decision" in found["policy engine"]["message"]
    (folder / "minors.rego").write_text(words["example"].replace("input.subject.age_band", "data.comity.agreements"))
    ran = home("policy", "national", "check", str(folder), "--json")
    assert ran.code == 2
    assert ran.json["error"]["violations"][0]["field"].startswith("minors.rego:")
    log = home.path / "log" / "policy.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("first fault\nlast fault\n")
    found = {each["subject"]: each for each in home("doctor", "--json").json}
    assert found["policy"]["state"] == "bad"
    assert (found["policy faults"]["state"], found["policy faults"]["message"][:10]) == ("warn", "last fault")


def test_policy_simulate_test_and_bundle(ee: Home, tmp_path: Path) -> None:
    golden = json.loads(next(iter(sorted((REPO / "tests/policy/golden").glob("*.json")))).read_text())
    case = (golden if isinstance(golden, list) else [golden])[0]
    file = tmp_path / "input.json"
    file.write_text(json.dumps(case["input"]))
    ran = ee("policy", "simulate", str(file), "--json")
    assert ran.code in (0, 3)
    assert ran.json["outcome"] in ("permitted", "review", "refused")
    file.write_text("{")
    assert ee("policy", "simulate", str(file)).code == 2
    scenarios = ee.good("policy", "test", "--json").json
    assert scenarios
    assert all(scenario["passed"] for scenario in scenarios)
    bundle = tmp_path / "b.tar.gz"
    first = ee.good("policy", "bundle", "-o", str(bundle), "--json").json
    content = bundle.read_bytes()
    assert ee.good("policy", "bundle", "-o", str(bundle), "--json").json == first
    assert bundle.read_bytes() == content  # the same text is the same bundle, byte for byte


def test_prove_and_verify_offline(ee: Home, tmp_path: Path) -> None:
    status = ee.good("ledger", "status", "--json").json
    proof = tmp_path / "entry.proof"
    ee.good("ledger", "prove", "0", "-o", str(proof))
    verified = ee.shell.good("receipt", "verify", str(proof), "--key", status["key"], "--json").json
    assert verified["index"] == 0
    assert ee("ledger", "prove", "9999").code == 1
    other = ee.shell(
        "receipt", "verify", str(proof), "--key", "other.ee/ledger" + status["key"][len("police.ee/ledger") :]
    )
    assert other.code == 5
    proof.write_text("junk")
    assert ee.shell("receipt", "verify", str(proof), "--key", status["key"]).code == 5


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE ledger_head SET checkpoint = replace(checkpoint, 'police.ee', 'police.fi')", "checkpoint"),
        ("UPDATE ledger_entry SET time_ms = time_ms + 1 WHERE idx = 0", "0"),
        ("DELETE FROM ledger_entry WHERE idx = 0", "entry 1"),
    ],
)
def test_a_changed_ledger_is_found_with_its_place(ee: Home, statement: str, where: str) -> None:
    ee.good("ledger", "verify")
    database = ee.path / "node.db"
    kept = sqlite3.connect(database)
    saved = list(kept.iterdump())
    try:
        with kept:
            assert kept.execute(statement).rowcount == 1
        ran = ee("ledger", "verify", "--json")
        assert ran.code == 5
        assert any(where in finding["where"] for finding in ran.json["findings"]), ran.json
    finally:
        _restore(kept, saved)
        kept.close()
    ee.good("ledger", "verify")


def _restore(connection: sqlite3.Connection, dump: list[str]) -> None:
    """Put back the ledger's tables as they were."""
    with connection:
        for table in ("ledger_head", "ledger_entry"):
            connection.execute(f"DELETE FROM {table}")
            for line in dump:
                if line.startswith(f'INSERT INTO "{table}"'):
                    connection.execute(line)


def test_a_question_needs_a_running_node(ee: Home) -> None:
    why = ("--category", "wanted-persons", "--purpose", "criminal-investigation")
    ran = ee("query", "person", "--name", "Ann Lee", *why, "--json")
    assert ran.code == 1
    assert "not running" in ran.json["error"]["message"]


def test_staff(ee: Home) -> None:
    ee.good("staff", "add", "mari", "--role", "prosecutor", "--authority", "prosecutor")
    members = {member["name"]: member for member in ee.good("staff", "list", "--json").json}
    assert members["mari"]["role"] == "prosecutor"
    assert members["investigator-1"]["role"] == "investigator"
    assert ee("staff", "add", "mari", "--role", "prosecutor").code == 1


def test_purpose_and_category_complete_from_the_agreements(ee: Home) -> None:
    import subprocess

    from support.shell import COMITY

    words = f"comity --home {ee.path} query person --category "
    environment = {
        **ee.shell.environment(),
        "_COMITY_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": "6",
    }
    done = subprocess.run(COMITY, env=environment, capture_output=True, text=True)
    assert "plain,wanted-persons" in done.stdout.split()


BAD_INIT = {
    "country": ("--country", "EST", "--trust-domain", "police.ee"),
    "authority": ("--country", "EE", "--trust-domain", "police.ee", "--authority", "A B"),
    "database": ("--country", "EE", "--trust-domain", "police.ee", "--database", "garbage"),
    "name": ("--country", "EE", "--trust-domain", "police.ee", "--staff", "../evil"),
}


@pytest.mark.parametrize("field", BAD_INIT)
def test_init_with_bad_input_leaves_nothing_and_can_be_repeated(shell: Shell, tmp_path: Path, field: str) -> None:
    home = tmp_path / "home"
    ran = shell("init", str(home), *BAD_INIT[field], "--json")
    assert ran.code == 2, ran.err
    assert field in ran.json["error"]["message"]
    assert "Traceback" not in ran.err
    assert not home.exists()
    assert [path.name for path in tmp_path.iterdir()] == []
    shell.good("init", str(home), "--country", "EE", "--trust-domain", "police.ee")


def test_a_home_in_a_folder_that_others_may_read_is_closed_to_them(shell: Shell, tmp_path: Path) -> None:
    home = tmp_path / "open"
    home.mkdir(mode=0o755)
    shell.good("init", str(home), "--country", "EE", "--trust-domain", "police.ee")
    assert home.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("ledger", "prove", "0", "-o", "/nonexistent/proof"),
        ("policy", "bundle", "-o", "/nonexistent/bundle"),
        ("peer", "export", "-o", "/nonexistent/peer"),
        ("staff", "add", "investigator-1", "--role", "investigator"),
        ("staff", "add", "investigator-2", "--role", "Bad Role"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(ee: Home, arguments: tuple[str, ...]) -> None:
    ran = ee(*arguments, "--json")
    assert ran.code in (1, 2)
    assert "Traceback" not in ran.err
    assert ran.err.startswith("comity: ")
    assert ran.json["error"]["message"]


@pytest.mark.parametrize("value", [("COMITY_LANGUAGES", "et"), ("COMITY_DATABASE", "garbage")])
def test_a_bad_environment_is_named(ee: Home, monkeypatch: pytest.MonkeyPatch, value: tuple[str, str]) -> None:
    environment = {**ee.shell.environment(), value[0]: value[1]}
    monkeypatch.setattr(Shell, "environment", lambda _self: environment)
    ran = ee("ledger", "status", "--json")
    assert ran.code == 2, ran.err
    assert value[0].removeprefix("COMITY_").lower() in ran.json["error"]["message"]


@pytest.mark.parametrize("content", [b"country = \xff", b"country = ["])
def test_a_broken_settings_file_is_named(shell: Shell, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    ran = shell("--home", str(tmp_path), "ledger", "status", "--json")
    assert ran.code == 2
    assert "config.toml" in ran.json["error"]["message"]


def test_a_home_that_is_a_file_is_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("x")
    ran = shell("--home", str(tmp_path / "home"), "ledger", "status")
    assert ran.code == 1
    assert "Traceback" not in ran.err


def test_what_a_peer_writes_cannot_steer_the_terminal() -> None:
    from comity.cli.output import plain

    assert plain("a\x1b]0;owned\x07b\x9b31m\u202ec\td\n") == "a\ufffd]0;owned\ufffdb\ufffd31m\ufffdc d "
    assert plain("J\u00fcri \u042e\u0440\u0438\u0439") == "J\u00fcri \u042e\u0440\u0438\u0439"


def test_what_a_peer_writes_cannot_steer_through_json_either() -> None:
    """Prose is cleaned; a record's own value stays what it is, and stands as an escape."""
    from comity.cli.output import as_json_text
    from comity.cli.results import without_tricks

    hostile = "a\x1b]0;owned\x07\u202e\x9b31m"
    peer = {
        "country": "FI",
        "reasons": [{"code": "threshold", "message": hostile}],
        "hits": [{"explanation": [{"text": hostile}], "fields": {"name": [hostile]}}],
        "error": {"message": hostile},
        "took_ms": 1.5,
    }
    text = as_json_text(without_tricks(peer))
    assert not any(letter in text for letter in "\x1b\x07\u202e\x9b")
    shown = json.loads(text)
    assert shown["hits"][0]["fields"]["name"] == [hostile]
    clean = "a\ufffd]0;owned\ufffd\ufffd\ufffd31m"
    assert shown["reasons"][0]["message"] == shown["error"]["message"] == clean
    assert shown["hits"][0]["explanation"][0]["text"] == clean
    assert shown["took_ms"] == 1.5


def test_reciprocity_is_stated_listed_and_logged(ee: Home, fi: Home, tmp_path: Path) -> None:
    file = tmp_path / "fi.json"
    made = fi.good("peer", "export", "-o", str(file), "--json").json
    ee.good("peer", "add", str(file), "--fingerprint", made["fingerprint"])
    assert ee.good("peer", "list", "--json").json[0]["reciprocity"] == "given"
    assert ee.good("peer", "reciprocity", "fi", "withheld", "--json").json["reciprocity"] == "withheld"
    assert ee.good("peer", "list", "--json").json[0]["reciprocity"] == "withheld"
    assert "reciprocity withheld" in ee.good("ledger", "show", "--limit", "1", "--json").out
    assert ee("peer", "reciprocity", "FI", "perhaps").code == 2
    assert ee("peer", "reciprocity", "XX", "given").code == 1
    ee.good("peer", "remove", "FI")


def test_undertakings_are_words_of_the_vocabulary(tmp_path: Path) -> None:
    from comity.app import create_node, open_node
    from comity.clock import system_clock
    from comity.errors import Malformed
    from comity.policy.library import vocabulary
    from comity.settings import Home as NodeHome

    for given, told in (([], None), (["all"], None), (["logging"], ("logging",)), (["loging"], ()), ([""], ())):
        home = NodeHome(tmp_path / str(len(list(tmp_path.iterdir()))))
        rows = {"undertakings": given} if given else {}
        create_node(home, country="EE", trust_domain="police.ee", rows=rows, clock=system_clock)
        with open_node(home) as node:
            if told == ():
                with pytest.raises(Malformed, match="undertakings"):
                    node.undertakings()
            else:
                assert node.undertakings() == (told or tuple(vocabulary()["undertakings"]))


def test_an_assurance_needs_its_parts(ee: Home) -> None:
    given = ("assurance", "give", "no-torture", "--to", "FI", "--text", "none", "--as", "investigator-1")
    assert ee(*given).code == 2
    past = ee(*given, "--until", "2001-01-01", "--agreement", "ee-fi-police-2026", "--json")
    assert (past.code, past.json["error"]["violations"][0]["field"]) == (2, "until")
    other = ee(*given, "--until", "2099-01-01", "--agreement", "ee-xx", "--json")
    assert (other.code, other.json["error"]["reason"]) == (1, "NOT_FOUND")
    assert ee.good("assurance", "list", "--json").json == []
    assert ee("assurance", "show", "nothing").code == 1


def test_wrong_use_is_json_too(ee: Home) -> None:
    ran = ee("ledger", "show", "--limit", "many", "--json")
    assert ran.code == 2
    assert ran.json["error"]["reason"] == "USAGE"
    assert "limit" in ran.json["error"]["message"]
    assert ee("nonsense").code == 2
