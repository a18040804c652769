"""Documents: schema, narrowing, exit status, explanations, progress lines."""

import copy
import io

import pandas
import pytest
from limen.paper_repro import documents, pool, schemas, summary
from limen.paper_repro.progress import Event, Lines
from rich.console import Console


@pytest.mark.parametrize(
    ("verdicts", "strict", "status"),
    [
        (["consistent"], True, 0),
        (["consistent", "inconclusive"], False, 0),
        (["consistent", "inconclusive"], True, 3),
        (["inconclusive", "violated"], True, 1),
    ],
)
def test_exit_status(document, verdicts, strict, status, monkeypatch):
    monkeypatch.setattr(summary, "failures", lambda doc: [])
    document["claims"] = [
        copy.deepcopy(document["claims"][0]) | {"verdict": verdict}
        for verdict in verdicts
    ]
    assert summary.exit_status([document], strict) == status


def test_a_toothless_check_comes_before_an_undecided_one(document, monkeypatch):
    monkeypatch.setattr(summary, "failures", lambda doc: ["a mutant survived"])
    document["claims"] = document["claims"][2:]
    assert summary.exit_status([document], strict=True) == 4


def test_narrowing_keeps_the_named_claims_only(document):
    assert documents.narrowed(document, None) is document
    (only,) = documents.narrowed(document, {"SB-2"})["claims"]
    assert only["id"] == "SB-2"


def test_tables_name_every_claim(document):
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(summary.details(document))
    console.print(summary.overview([document]))
    text = console.export_text()
    for claim in document["claims"]:
        assert claim["id"] in text
    assert "3/3" in text


def test_the_schema_asks_for_everything():
    schema = schemas.schema_of("verdicts")
    assert set(schema["required"]) == set(schema["properties"])
    claim = schema["properties"]["claims"]["items"]
    assert "tolerance_origin" in claim["required"]


def test_a_folder_in_the_way_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(documents.OutputError, match="Cannot write"):
        documents.make_folder(tmp_path / "file" / "rows")


def test_points_open_in_pandas(tmp_path, document):
    documents.save_points(tmp_path, document["claims"][0] | {"id": "HK-2/3"})
    table = pandas.read_csv(tmp_path / "points" / "HK-2" / "3.csv")
    (row,) = table.to_dict("records")
    assert row["arms"] == 8
    assert (row["interval_lo"], row["interval_hi"]) == (150.1, 156.7)
    assert row["verdict"] == "consistent"


def test_lines_are_printed_once_per_finished_claim(capsys):
    lines = Lines()
    lines(Event("bandits", "SB-2", "inconclusive", 16, 0, 2))
    lines(Event("bandits", "SB-2", "consistent", 32, 1, 2))
    lines(Event("bandits", "SB-3", "inconclusive", 32, 1, 2))
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "SB-2: consistent, 32 seeds" in err


def test_one_paper_per_core_at_most():
    assert 1 <= pool.affordable() <= 1024
