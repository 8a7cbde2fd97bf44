"""Files: JSON lines and mapped CSV; what does not land goes to the rejects file with its line and reason."""

import hashlib
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from comity.errors import Malformed
from comity.records.mapping import parse_mapping
from comity.records.store import ImportReport, Records
from comity.store import Store

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
GOOD = {"id": "p1", "schema": "Person", "properties": {"name": ["Juri Kaskov"]}}

MAPPING = """
people:
  queries:
    - csv_url: file:///ignored.csv
      filters: {state: open}
      filters_not: {kind: [test, demo]}
      entities:
        person:
          schema: Person
          keys: [code]
          key_literal: ee
          properties:
            name: {columns: [first, last], join: " ", required: true}
            alias: {column: also, split: ";"}
            birthDate: {column: born, format: "%d.%m.%Y"}
            nationality: {literal: ee}
            notes: {template: "{{first}} of {{ last }}"}
        car:
          schema: Vehicle
          id_column: plate
          properties:
            registrationNumber: {column: plate}
            owner: {entity: person}
"""
ROWS = """code,first,last,also,born,plate,state,kind
1,Juri,Kaskov,Yuri K; Юра,17.03.1984,123 ABC,open,
2,Anna,Tamm,,not a day,777 XYZ,open,
3,Mart,Saar,,,,closed,
4,,,,,555 AAA,open,
5,Eva,Mets,,01.02.1990,,open,
6,Test,Person,,,1,open,test
"""


@pytest.fixture
def records(store: Store) -> Records:
    return Records(store)


def bring(records: Records, path: Path, mapping: Path | None = None) -> tuple[ImportReport, list[dict[str, Any]], int]:
    read: list[int] = []
    report = records.import_file(path, category="wanted-persons", mapping=mapping, at=AT, advance=read.append)
    rejects = [json.loads(line) for line in report.rejects_file.read_text().splitlines()] if report.rejects_file else []
    assert len(rejects) == report.rejected
    return report, rejects, sum(read)


def test_bad_lines_go_to_the_rejects_file_and_the_good_ones_land(records: Records, tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    bad = {"id": "p2", "schema": "Person", "properties": {"name": ["A"], "birthDate": ["31/12/1980"]}}
    lines = [
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
        b"",
        json.dumps(bad).encode(),
        b"{not json",
        b'"\xff"',
        b"[" * 9000,
    ]
    path.write_bytes(b"\n".join(lines))
    report, rejects, read = bring(records, path)
    assert (report.read, report.added, report.rejected) == (5, 1, 4)
    assert read == path.stat().st_size
    assert [row["line"] for row in rejects] == [3, 4, 5, 6]
    assert rejects[0]["reasons"][0]["field"] == "properties.birthDate"
    assert json.loads(rejects[0]["text"]) == bad
    assert report.rejects_file == tmp_path / "list.jsonl.rejected.jsonl"
    assert stat.S_IMODE(report.rejects_file.stat().st_mode) == 0o600
    path.write_text(json.dumps(GOOD) + "\n")
    report, _, _ = bring(records, path)
    assert (report.unchanged, report.rejects_file) == (1, None)
    assert not (tmp_path / "list.jsonl.rejected.jsonl").exists()


def test_an_overlong_line_is_rejected_without_losing_the_next(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comity.records.files.MAX_LINE", 200)
    path = tmp_path / "list.jsonl"
    path.write_text("x" * 1000 + "\n" + json.dumps(GOOD) + "\n")
    report, rejects, read = bring(records, path)
    assert (report.added, report.rejected, read) == (1, 1, path.stat().st_size)
    assert rejects[0]["line"] == 1


def test_an_interrupted_import_run_again_ends_the_same(records: Records, tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text("\n".join(json.dumps({**GOOD, "id": f"p{number}"}) for number in range(1200)))
    seen = 0

    def stop(count: int) -> None:
        nonlocal seen
        seen += count
        if seen > path.stat().st_size * 0.7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        records.import_file(path, category="wanted-persons", mapping=None, at=AT, advance=stop)
    assert 0 < records.count()["wanted-persons"] < 1200
    report, _, _ = bring(records, path)
    assert report.added + report.unchanged == 1200
    assert report.unchanged > 0
    assert records.count() == {"wanted-persons": 1200}


def test_mapped_csv(records: Records, tmp_path: Path) -> None:
    path, mapping = tmp_path / "people.csv", tmp_path / "people.yml"
    path.write_text(ROWS, encoding="utf-8-sig")
    mapping.write_text(MAPPING)
    report, rejects, read = bring(records, path, mapping)
    assert read == path.stat().st_size
    identity = hashlib.sha1(b"ee1").hexdigest()  # noqa: S324  as followthemoney makes it
    person = records.get(f"wanted-persons/{identity}").entity
    assert dict(person.properties) == {
        "alias": ("Yuri K", "Юра"),
        "birthDate": ("1984-03-17",),
        "name": ("Juri Kaskov",),
        "nationality": ("ee",),
        "notes": ("Juri of Kaskov",),
    }
    assert records.get("wanted-persons/123 ABC").entity.values("owner") == (identity,)
    assert {row["line"]: row["reasons"][0]["problem"] for row in rejects} == {
        3: "has a value that is not an ISO 8601 date, whole or partial",
        5: "person: the required name is empty",
        6: "car: its key columns are empty",
    }
    assert report.added == 5


def test_a_csv_without_a_column_of_the_mapping_is_refused(records: Records, tmp_path: Path) -> None:
    path, mapping = tmp_path / "people.csv", tmp_path / "people.yml"
    path.write_text("code,first\n1,Juri\n")
    mapping.write_text(MAPPING)
    with pytest.raises(Malformed, match="has no column also, born"):
        bring(records, path, mapping)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("schema: Vehicle", "schema: Vehicl"), "did you mean Vehicle"),
        (("registrationNumber: {", "registrationNumbr: {"), "did you mean registrationNumber"),
        (("column: born", "colum: born"), "did you mean column"),
        (("filters_not", "filter_not"), "did you mean filters_not"),
        (("{entity: person}", "{entity: persn}"), "not in the file"),
        (("id_column: plate", "label: x"), "label is not a key"),
        (("keys: [code]", "keys: []"), "either keys or id_column"),
        (("{literal: ee}", "{required: true}"), "needs a column, literal"),
    ],
)
def test_a_mistake_in_a_mapping_names_its_place(change: tuple[str, str], said: str) -> None:
    import yaml

    assert change[0] in MAPPING
    with pytest.raises(Malformed, match=said):
        parse_mapping(yaml.safe_load(MAPPING.replace(*change)), "m.yml")


@pytest.mark.parametrize("document", [None, [], {"queries": []}, {"x": 1}, {"x": {"queries": [1]}}])
def test_what_is_no_mapping_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        parse_mapping(document, "m.yml")


def test_rows_that_are_no_csv_are_rejected(records: Records, tmp_path: Path) -> None:
    path, mapping = tmp_path / "people.csv", tmp_path / "people.yml"
    mapping.write_text(MAPPING)
    path.write_text(ROWS.splitlines()[0] + "\n1,Juri,Kaskov,,,A1,open,,more\n")
    report, rejects, _ = bring(records, path, mapping)
    assert (report.added, report.rejected) == (0, 1)
    assert "more cells" in rejects[0]["reasons"][0]["problem"]
    path.write_bytes(ROWS.splitlines()[0].encode() + b"\n1,J\xff,Kaskov,,,A1,open,\n")
    report, rejects, _ = bring(records, path, mapping)
    assert (report.added, report.rejected) == (0, 1)
    assert "UTF-8" in rejects[0]["reasons"][0]["problem"]
