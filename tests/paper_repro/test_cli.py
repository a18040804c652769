"""The command: quick help, one-sentence errors, exit status."""

import json
import subprocess
import sys

import pytest
from limen.paper_repro.cli.app import status


def test_help_imports_neither_jax_nor_numpy():
    code = (
        "import sys; from limen.paper_repro.cli.app import status;"
        "import limen.paper_repro.cli; status(['--help']);"
        "print(sorted({'jax', 'numpy', 'xarray', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "reproduce" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "SB-999"], "no paper or claim called `SB-999`"),
        (["list", "bandit"], "did you mean bandits"),
        (["check", "bandits", "--preset", "huge"], "There is no preset `huge`"),
        (["cite", "nobody"], "no paper or claim called `nobody`"),
        (["schema", "nothing"], "no schema `nothing`"),
        (["report", "--out", "/nonexistent/results"], "no results in"),
        (["new", "Not-A-Name"], "not a lower-case Python name"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_usage_is_one_sentence_and_status_two(arguments, sentence, capsys):
    assert status(arguments) == 2
    captured = capsys.readouterr()
    assert sentence in " ".join((captured.err + captured.out).split())
    assert "Traceback" not in captured.err


def test_an_unwritable_folder_is_status_five(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    out = str(tmp_path / "file" / "results")
    assert status(["check", "bandits", "--out", out]) == 5
    assert out in capsys.readouterr().err


def test_debug_shows_the_traceback():
    with pytest.raises(ValueError, match="SB-999"):
        status(["--debug", "show", "SB-999"])


def test_list_and_show_agree_in_text_and_json(capsys, tmp_path):
    assert status(["list", "--json"]) == 0
    papers = json.loads(capsys.readouterr().out)
    claim = papers[0]["claims"][0]["id"]
    assert status(["list"]) == 0
    assert claim in capsys.readouterr().out
    assert status(["show", claim, "--out", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "mutants" in text
    assert "not run yet" in text
    assert status(["show", claim, "--json", "--out", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["mutants"]


def test_cite_prints_the_paper_and_limen(capsys):
    assert status(["cite", "bandits"]) == 0
    out = capsys.readouterr().out
    assert out.count("@") >= 2
    assert "limen" in out


def test_doctor_names_pool_and_precision(capsys):
    assert status(["doctor"]) == 0
    out = capsys.readouterr().out
    for word in ("thread pool", "float64", "float32 products", "compile cache"):
        assert word in out
