"""Real lists of eight jurisdictions, each in its own store: persons are found across spellings and scripts."""

import json
import shutil
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from comity.records.query import Query
from comity.records.store import Records
from comity.store import Store

AT = datetime(2026, 11, 24, tzinfo=UTC)
LISTS = ("au", "ca", "ch", "eu", "gb", "nz", "un", "us")
LINES = 700
WANTED = ("kadyrov", "кадыров", "girkin", "strelkov", "kubrak", "кубраков")


@pytest.fixture(scope="module")
def nodes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Records]:
    """Each jurisdiction's records: the first lines of its list, and whoever the questions below are about."""
    folder = tmp_path_factory.mktemp("lists")
    found = {}
    for country in LISTS:
        source = shared / "data" / "lists" / f"{country}.ftm.jsonl"
        sample = folder / source.name
        with source.open(encoding="utf-8") as lines, sample.open("w", encoding="utf-8") as target:
            target.writelines(islice(lines, LINES))
            target.writelines(line for line in lines if any(name in line.lower() for name in WANTED))
        store = Store.open(f"sqlite:///{folder}/{country}.db")
        store.migrate()
        records = Records(store)
        report = records.import_file(sample, category="sanctions", mapping=None, at=AT, advance=lambda _bytes: None)
        assert report.rejected == 0, report.rejects_file
        assert report.added >= LINES
        found[country] = records
    yield found
    for records in found.values():
        records._store.close()
    shutil.rmtree(folder)


def ask(nodes: dict[str, Records], name: str, born: str | None = None) -> dict[str, list[str]]:
    query = Query("sanctions", "Person", names=(name,), birth_date=born)
    found = {country: records.search(query, [], 5, AT.date()) for country, records in nodes.items()}
    return {
        country: [" | ".join(hit.entity.values("name", "alias")) for hit in hits]
        for country, hits in found.items()
        if hits
    }


def test_kadyrov_in_seven_lists_asked_in_cyrillic(nodes: dict[str, Records]) -> None:
    found = ask(nodes, "Рамзан Кадыров", "1976-10-05")
    assert len(found) >= 6
    assert all("ramzan" in hits[0].lower() for hits in found.values())


def test_girkin_under_either_surname(nodes: dict[str, Records]) -> None:
    one, other = ask(nodes, "Igor Girkin", "1970-12-17"), ask(nodes, "Strelkov Igor")
    assert len(one.keys() & other.keys()) >= 4
    for hits in (*one.values(), *other.values()):
        assert any(name in hits[0].lower() for name in ("girkin", "strelkov"))


@pytest.mark.parametrize("name", ["Ivan Kubrakov", "КУБРАКОВ Иван", "Ivan KUBRAKOU", "Іван Кубракоў"])
def test_kubrakov_in_three_spellings(nodes: dict[str, Records], name: str) -> None:
    found = ask(nodes, name)
    assert len(found) >= 5
    assert all(any(part in hits[0].lower() for part in ("kubrak", "кубрак")) for hits in found.values())


def test_invented_persons_seldom_hit(nodes: dict[str, Records], shared: Path) -> None:
    rows = (shared / "data" / "names" / "yente_negatives_global.csv").read_text(encoding="utf-8").splitlines()[1:201]
    hits = sum(bool(ask(nodes, row.split(",")[0])) for row in rows)
    assert hits <= 4


def test_a_list_imported_twice_is_unchanged(nodes: dict[str, Records], shared: Path, tmp_path: Path) -> None:
    sample = tmp_path / "un.jsonl"
    with (shared / "data" / "lists" / "un.ftm.jsonl").open(encoding="utf-8") as lines:
        sample.write_text("".join(islice(lines, LINES)), encoding="utf-8")
    before = nodes["un"].count()
    report = nodes["un"].import_file(sample, category="sanctions", mapping=None, at=AT, advance=lambda _bytes: None)
    assert (report.unchanged, report.added, report.changed) == (LINES, 0, 0)
    assert nodes["un"].count() == before
    assert json.loads(sample.read_text(encoding="utf-8").splitlines()[0])["id"]
