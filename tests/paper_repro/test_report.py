"""The report: one file, no network, no script, everything on it, fits a phone."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from limen.paper_repro import report
from limen.paper_repro.report import collect, maths, numbers

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@pytest.fixture
def page(results):
    return report.build(results)


def test_everything_is_on_it(page):
    text = page.read_text()
    for words in (
        "SB-2",
        "SB-violated",
        "SB-inconclusive",
        "regret 30 % too large",
        "152.9",
        "[150.1, 156.7]",
        "limen reproduce bandits",
        "0.125 %",
        "the smallest difference of interest",
        "figures/sandwich.csv",
        "<math",
    ):
        assert words in text


def test_it_needs_neither_network_nor_script(page):
    text = page.read_text()
    assert "<script" not in text
    sources = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert sources
    outward = [s for s in sources if re.match(r"(?:https?:)?//", s)]
    assert outward == []


def test_its_tags_are_balanced(page):
    open_tags = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in {"meta", "img", "br", "link"}:
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Balance().feed(page.read_text())
    assert open_tags == []


def test_an_empty_folder_is_said_so(tmp_path):
    with pytest.raises(report.NothingToReportError, match="no results"):
        report.build(tmp_path)


def test_the_claims_to_read_first_are_the_bad_ones(document):
    first, second = collect.undecided([document])
    assert [first[1]["verdict"], second[1]["verdict"]] == ["violated", "inconclusive"]
    assert collect.counts(document) == dict.fromkeys(collect.VERDICTS, 1)
    assert collect.mutants(document["claims"]) == (3, 3, 3)
    assert collect.guarantee([document, document]) == 0.00125


def test_prose_is_escaped_outside_dollars():
    text = maths.prose("`K` <b> $x<1$")
    assert text.startswith("<code>K</code> &lt;b&gt; <math")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0"), (12, "12"), (1234.5678, "1235"), (2.5e-7, "2.500e-07")],
)
def test_short_numbers(value, text):
    assert numbers.short(value) == text


@pytest.mark.skipif(BROWSER is None, reason="no browser: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_it_without_sideways_scrolling(page, tmp_path, width):
    probe = page.with_name("probe.html")
    script = (
        "<script>document.title='wide '+document.documentElement.scrollWidth</script>"
    )
    probe.write_text(page.read_text().replace("</body>", f"{script}</body>"))
    done = subprocess.run(
        [
            BROWSER,
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900",
            "--dump-dom",
            probe.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = re.search(r"<title>wide (\d+)</title>", done.stdout)
    assert found
    assert int(found[1]) <= max(width, 500)  # headless windows are at least 500 wide
