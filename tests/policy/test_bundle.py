"""The policy set and the OPA bundle: deterministic, complete, and loaded by a stock OPA."""

import io
import json
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from policy_samples import AGREEMENTS, POLICY, question

from comity.policy import library
from comity.policy.bundle import authz_bundle_bytes, build, bundle_bytes, library_digest, write_bundle
from comity.policy.national import National


def members(bundle: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def test_digest_covers_agreements_suspensions_and_offences() -> None:
    digests = {
        POLICY.digest,
        build(AGREEMENTS[:-1]).digest,
        build(AGREEMENTS, suspended=[AGREEMENTS[0].id]).digest,
        build(AGREEMENTS, offences={}).digest,
    }
    assert len(digests) == 4
    assert build(reversed(AGREEMENTS)).digest == POLICY.digest


def test_bundle_is_deterministic_and_complete() -> None:
    assert bundle_bytes(POLICY) == bundle_bytes(build(AGREEMENTS))
    found = members(bundle_bytes(POLICY))
    manifest = json.loads(found["/.manifest"])
    assert manifest == {
        "revision": f"0-{POLICY.digest}",
        "roots": ["comity"],
        "rego_version": 1,
        "metadata": {"sequence": 0, "digest": POLICY.digest, "library": library_digest()},
    }
    assert json.loads(found["/data.json"])["comity"]["revision"] == f"0-{POLICY.digest}"
    assert {name[1:] for name in found if name.endswith(".rego")} == {
        path for path in library.rego() if path.startswith("comity/")
    }
    assert {name for name in found if name.startswith("/agreements/")} == {
        f"/agreements/{each.id}.json" for each in AGREEMENTS
    }
    assert {name for name in found if name.startswith("/schemas/")} == {
        f"/schemas/{name}.schema.json" for name in ("agreement", "decision", "input")
    }


def test_national_modules_are_expected_by_name_and_covered_by_the_digest() -> None:
    one = National({"comity/national/duty/duty.rego": "package comity.national.duty\n"}, ("duty",), b"wasm")
    held = build(AGREEMENTS, national=one)
    assert held.data["comity"]["expected_national"] == ["duty"]
    assert POLICY.data["comity"]["expected_national"] == []
    other_text = replace(one, sources={"comity/national/duty/duty.rego": "package comity.national.other\n"})
    digests = {build(AGREEMENTS, national=each).digest for each in (one, other_text, replace(one, wasm=b"other"), None)}
    assert len(digests) == 4
    assert members(bundle_bytes(held))["/comity/national/duty/duty.rego"] == b"package comity.national.duty\n"


def test_authz_bundle_holds_no_policy() -> None:
    found = members(authz_bundle_bytes("token"))
    assert sorted(found) == ["/.manifest", "/data.json", "/system/authz/authz.rego"]


def test_library_data_is_not_changed_by_building() -> None:
    assert "agreements" not in library.data()["comity"]


def evaluate(opa: str, bundle: Path, document: dict[str, Any], query: str) -> Any:
    command = [opa, "eval", "-b", str(bundle), "--stdin-input", "--format", "raw", query]
    done = subprocess.run(command, input=json.dumps(document), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.tar.gz"
    write_bundle(POLICY, path)
    return path


def test_stock_opa_loads_the_bundle(opa_binary: str, bundle: Path) -> None:
    assert evaluate(opa_binary, bundle, question(), "data.comity.decision")["outcome"] == "permitted"


RULES = sorted(library.data()["comity"]["expected"])


def test_every_rule_folder_is_expected() -> None:
    folders = {path.split("/")[2] for path in library.rego() if path.startswith("comity/rules/")}
    assert folders == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_missing_rule_refuses(opa_binary: str, bundle: Path, tmp_path: Path, rule: str) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xzf", str(bundle), "-C", str(folder)], check=True)
    (folder / "comity" / "rules" / rule / f"{rule}.rego").unlink()
    decision = evaluate(opa_binary, folder, question(), "data.comity.decision")
    assert decision["outcome"] == "refused"
    assert [reason["code"] for reason in decision["reasons"]] == ["technical_unavailable"]
    assert rule in decision["fault"]
