"""National modules: what is taken, what is refused and how it is said, and what is kept of the compiling."""

import hashlib
import json
from pathlib import Path

import pytest
from policy_samples import AGREEMENTS

from comity.errors import Malformed, Unavailable
from comity.policy import library, national, opa_tool
from comity.policy.bundle import build
from comity.policy.embedded import EmbeddedEngine
from comity.policy.national import EXAMPLE as SOUND
from comity.policy.national import National, compile_national, load_national
from comity.policy.opa_server import OpaProcess
from comity.policy.opa_tool import build_wasm, run_opa

DENY = 'deny contains {"code": "threshold", "article": "§ 1", "detail": "d"} if '
HEAD = "package comity.national.minors\n\nloaded := true\n\n"


@pytest.fixture(autouse=True)
def _opa(opa_binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMITY_OPA", opa_binary)


def refused(text: str, name: str = "minors.rego") -> str:
    with pytest.raises(Malformed) as caught:
        compile_national({name: text})
    assert all(violation.field.startswith(name) for violation in caught.value.violations), caught.value
    return str(caught.value)


def test_a_sound_module_is_compiled() -> None:
    made = compile_national({"minors.rego": SOUND})
    assert made.names == ("minors",)
    assert made.sources == {"comity/national/minors/minors.rego": SOUND}
    assert made == compile_national({"minors.rego": SOUND})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("package comity.national.other\nloaded := true\n" + DENY + "true", 1, "must be `package comity.national.m"),
        ("package comity\nloaded := true\n" + DENY + "true", 1, "must be `package comity.national.minors`"),
        ("package comity.national.minors.deep\nloaded := true\n" + DENY + "true", 1, "must be `package"),
        (HEAD, 1, "has no denial"),
        ("package comity.national.minors\n" + DENY + "true", 1, "`loaded := true`"),
        ("package comity.national.minors\nloaded := input.nexus\n" + DENY + "true", 2, "`loaded := true`"),
        ("package comity.national.minors\nloaded if input.nexus\n" + DENY + "true", 2, "`loaded := true`"),
        ("package comity.national.minors\ndefault loaded := true\n" + DENY + "true", 2, "`loaded := true`"),
        (HEAD + "deny := {1}", 5, "`deny` is a set of denials"),
        (HEAD + "deny.x contains 1", 5, "`deny` is a set of denials"),
        (HEAD + "deny(x) := x", 5, "`deny` is a set of denials"),
        (HEAD + 'deny contains "no"', 5, "written out"),
        (HEAD + "deny contains x if x := {}", 5, "written out"),
        (HEAD + 'deny contains {"code": "threshold", "article": "§ 1"}', 5, "lacks `detail`"),
        (HEAD + DENY.replace("threshold", "treshold") + "true", 5, "`threshold` perhaps"),
        (HEAD + DENY.replace('"threshold"', "input.category") + "true", 5, "`code` must be"),
        (HEAD + DENY.replace("§ 1", " ") + "true", 5, "`article` must name"),
        (HEAD + DENY.replace('"d"', "input.category") + "true", 5, "bind it in the body"),
        (HEAD + DENY.replace('"detail"', '"permit": "x", "detail"') + "true", 5, "has no `permit`"),
        (HEAD + DENY + "data.comity.agreements", 5, "reads `data.comity.agreements`"),
        (HEAD + DENY + "data.comity.national.other.deny", 5, "reads `data.comity.national.other.deny`"),
        (HEAD + DENY + "data.comity.national", 5, "reads `data.comity.national`"),
        (HEAD + DENY + "{\n\tvocabulary := input.purpose\n\tdata.comity[vocabulary]\n}", 7, "reads `data.comity"),
        (HEAD + DENY + "data.system.authz.token", 5, "reads `data.system"),
        (HEAD + DENY + "count(data) > 1", 5, "reads"),
        (HEAD + DENY + "{\n\tsome x\n\tdata[x]\n}", 7, "reads `data.x`"),
        (HEAD + "import data.comity.agreements\n" + DENY + "true", 5, "import data.comity.agreements"),
        (HEAD + "import data.system\n" + DENY + "true", 5, "import data.system"),
        (HEAD + DENY + '{\n\tinput.nexus with input as {"nexus": true}\n}', 6, "`with` is not"),
        (HEAD + DENY + "{\n\tcount([1]) == 1 with count as http.send\n}", 6, "`with` is not"),
        (HEAD + DENY + "input.subjet.age_band", 5, "undefined ref: input.subjet.age_band: known are"),
        (HEAD + DENY + "{", 5, "unexpected"),
        (HEAD + DENY + "again\n\nagain if other\n\nother if again", 7, "recursive"),
        (HEAD + DENY + "{\n\tx := 1\n}", 6, "unused"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named_by_file_line_and_remedy(text: str, line: int, words: str) -> None:
    said = refused(text)
    assert f"minors.rego:{line}: " in said, said
    assert words in said


FORBIDDEN = """
http.send({"method": "get", "url": "http://127.0.0.1/"}).status_code == 200
opa.runtime().env.HOME
net.lookup_ip_addr("localhost")
net.cidr_expand("10.0.0.0/8")
rand.intn("x", 2) == 1
time.now_ns() > 0
io.jwt.encode_sign({}, {}, {}) != ""
crypto.hmac.sha256("x", "y") != ""
uuid.rfc4122("x") != ""
regex.match("(a|a)*b", input.category)
glob.match("*", [], input.category)
count(numbers.range(1, 1000000000)) > 1
bits.lsh(1, 1000000) > 1
sprintf("%s", [input.category]) != ""
rego.parse_module("x", "package x")
providers.aws.sign_req({}, {}, 1)
yaml.unmarshal("x")
graph.reachable({}, [])
trace("x")
print("x")
strings.render_template("{{.x}}", {})
json.match_schema({}, {})[0]
$"{input.category}" != ""
""".strip().splitlines()


@pytest.mark.parametrize("call", FORBIDDEN)
def test_what_reaches_out_signs_guesses_or_costs_too_much_is_refused(call: str) -> None:
    refused(HEAD + DENY + call)


def test_what_is_allowed_passes() -> None:
    compile_national({"minors.rego": HEAD + DENY + '{\n\twalk(input, [_, "x"])\n\tcount(input.offence.kinds) > 1\n}'})


FORGED = """package comity.national.law

loaded := true

deny contains {"code": "threshold", "article": "x", "detail": "x"} if http.send({"method": "get", "url": "http://[::1]/"})
"""


def test_sources_that_were_not_checked_are_refused_when_an_engine_loads_them(opa_binary: str) -> None:
    """As from a bundle: neither engine takes a module that reaches out, whatever was checked where it was made."""
    forged = National({"comity/national/law/law.rego": FORGED}, ("law",), unchecked(opa_binary))
    policy = build(AGREEMENTS, national=forged)
    with pytest.raises(Unavailable, match=r"not for a server of this node.*http\.send"):
        OpaProcess.start(policy)
    with pytest.raises(Unavailable, match="built-in functions"):
        EmbeddedEngine(policy)


def unchecked(opa: str) -> bytes:
    """The forged module and the library, compiled without our capabilities."""
    with pytest.MonkeyPatch.context() as patch:
        every = run_opa(opa, ["capabilities", "--current"]).stdout
        patch.setattr(opa_tool, "capabilities", lambda _binary: every)
        return build_wasm(opa, {**library.rego_under("comity"), "comity/national/law/law.rego": FORGED})


def test_every_allowed_function_is_known_to_opa(opa_binary: str) -> None:
    held = json.loads(opa_tool.capabilities(opa_binary))
    assert {each["name"] for each in held["builtins"]} == opa_tool.BUILTINS
    assert held["allow_net"] == []


@pytest.mark.parametrize("name", ["Minors.rego", "1.rego", "a-b.rego", "x" * 60 + ".rego"])
def test_file_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(SOUND)
    with pytest.raises(Malformed, match="small letters"):
        load_national(tmp_path)


def test_files_that_are_too_many_too_large_or_not_text(tmp_path: Path) -> None:
    (tmp_path / "a.rego").write_bytes(b"\xff")
    with pytest.raises(Malformed, match="UTF-8"):
        load_national(tmp_path)
    (tmp_path / "a.rego").write_text("#" * (national.MAX_BYTES + 1))
    with pytest.raises(Malformed, match="larger than"):
        load_national(tmp_path)
    for number in range(national.MAX_MODULES + 1):
        (tmp_path / f"m{number}.rego").touch()
    with pytest.raises(Malformed, match="more than"):
        load_national(tmp_path)


def test_no_modules_is_none(tmp_path: Path) -> None:
    assert load_national(tmp_path / "absent") is None
    (tmp_path / "minors_test.rego").write_text("package comity.national.minors_test")
    assert load_national(tmp_path) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "national"
    made.mkdir()
    (made / "minors.rego").write_text(SOUND)
    return made


def without_opa(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opa_tool, "find_opa", lambda: None)


def test_what_was_compiled_elsewhere_runs_without_opa(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = load_national(folder)
    without_opa(monkeypatch)
    assert load_national(folder) == made


def test_a_folder_that_cannot_be_written_to_keeps_nothing_and_works(folder: Path) -> None:
    (folder / ".compiled").write_text("a file in the way")
    made = load_national(folder)
    assert made is not None
    assert load_national(folder) == made


def test_without_opa_and_without_a_cache_the_remedy_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_opa(monkeypatch)
    with pytest.raises(Unavailable, match=r"make tools.*comity policy national check"):
        load_national(folder)


def test_a_cache_of_other_modules_library_or_bytes_is_no_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_national(folder)
    wasm, stamp = folder / ".compiled" / "policy.wasm", folder / ".compiled" / "stamp.json"
    sound, stamped = wasm.read_bytes(), stamp.read_bytes()
    without_opa(monkeypatch)

    def stale() -> None:
        with pytest.raises(Unavailable):
            load_national(folder)

    wasm.write_bytes(sound + b"\0")
    stale()
    wasm.write_bytes(sound)
    (folder / "minors.rego").write_text(SOUND.replace('"minor"', '"adult"'))
    stale()
    (folder / "minors.rego").write_text(SOUND)
    (folder / "more.rego").write_text(SOUND.replace("package comity.national.minors", "package comity.national.more"))
    stale()
    (folder / "more.rego").unlink()
    stamp.write_text("{}")
    stale()
    stamp.write_text(json.dumps({**json.loads(stamped), "wasm": hashlib.sha256(b"x").hexdigest()}))
    stale()
    stamp.write_bytes(stamped)
    assert load_national(folder) is not None
    monkeypatch.setattr(library, "sources", lambda: {"opa": "another"})
    stale()


def test_an_endless_parse_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "opa"
    slow.write_text("#!/bin/sh\n[ $1 = version ] && echo Version: 1.21.3 && exit\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("COMITY_OPA", str(slow))
    monkeypatch.setattr(national, "_PARSE_SECONDS", 0.2)
    with pytest.raises(Unavailable, match="was stopped"):
        compile_national({"minors.rego": SOUND})


@pytest.mark.parametrize(
    ("version", "taken"),
    [
        *((good, True) for good in ("1.21.3", "1.22.0-rc.1", "2.0.0", "1.100.0")),
        *((bad, False) for bad in ("1.21.2", "1.21.3-rc.1", "0.70.0", "1.3", "", "1.21.x")),
    ],
)
def test_an_older_opa_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, taken: bool) -> None:
    fake = tmp_path / "opa"
    fake.write_text(f"#!/bin/sh\necho Version: {version}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("COMITY_OPA", str(fake))
    if taken:
        assert opa_tool.require_opa() == str(fake)
        return
    with pytest.raises(Unavailable, match=r"older than 1\.21\.3: `make tools`"):
        opa_tool.require_opa()
