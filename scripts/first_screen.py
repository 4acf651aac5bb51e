#!/usr/bin/env python3
"""Reads what fits on the first screen of a report (1280 × 900) and asks it the reader's five questions.

    .build/browser/bin/python scripts/first_screen.py TIDEMARK SHARED [--cases N]

For each labelled incident below SHARED/corpora/incidents, reported without its truth: does the first screen say what
happened to users, when (overlapping the true window), why (an acceptable cause), how sure that is, and what to do? For the
healthy ones: that nothing happened, and no cause. scripts/browser.sh makes the environment."""

import argparse
import concurrent.futures
import datetime
import glob
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from accuracy import copy, wilson
from browser import Browser

# The texts of the elements that begin above the screen's lower edge, in the order of the page.
SEEN = """
const words = [];
const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const range = document.createRange();
  range.selectNodeContents(walk.currentNode);
  const box = range.getBoundingClientRect();
  if (box.height && box.bottom <= innerHeight) words.push(walk.currentNode.data);
}
return words.join(' ').replace(/\\s+/g, ' ');
"""

# How the page calls each cause that it found.
TITLES = """
return [...document.querySelectorAll('article.finding')].map(
  one => [one.querySelector('h3 code').textContent, one.querySelector('h3 span:not(.rank)').textContent]);
"""


def report(tidemark, case, folder):
    target = os.path.join(folder, os.path.basename(case))
    copy(case, os.path.join(target, "evidence"), None)
    out = os.path.join(target, "out")
    done = subprocess.run([tidemark, "run", os.path.join(target, "evidence"), "--out", out, "--quiet"],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{case}: {done.stderr}")
    return out


def moment(day, clock):
    """A time of day on the day of `day`, or the next one."""
    return datetime.datetime.combine(day.date(), datetime.time.fromisoformat(clock), datetime.timezone.utc)


def tells_when(screen, truth):
    start, end = (datetime.datetime.fromisoformat(truth[key].replace("Z", "+00:00")) for key in ("window_start", "window_end"))
    found = re.search(r"From (?:\S+ \S+ )?(\d\d:\d\d(?::\d\d)?) to (?:\S+ \S+ )?(\d\d:\d\d(?::\d\d)?) UTC", screen)
    if not found:
        return False
    low, high = moment(start, found[1]), moment(start, found[2])
    day = datetime.timedelta(days=1)
    if high < low:
        high += day
    return any(low + shift <= end and high + shift >= start for shift in (-day, day * 0, day))


def questions(screen, truth, findings, titles):
    titles = [titles[cause] for cause in set(truth["acceptable"] + [truth["cause"]]) if cause in titles]
    advice = [r if isinstance(r, str) else r["text"] for r in (findings[0]["recommendations"] if findings else [])]
    squeezed = " ".join(screen.split()).lower()
    return {
        "what": bool(re.search(r"waited up to|longer (?:for|between)|failed|affected, about \d", screen)),
        "when": tells_when(screen, truth),
        "why": any(title.lower() in squeezed for title in titles),
        "how sure": bool(re.search(r"[Cc]onfidence (high|medium|low) \(\d+ %\)", screen.replace("\u00a0", " "))),
        "what to do": any(" ".join(one.split()).lower()[:60] in squeezed for one in advice),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tidemark")
    parser.add_argument("shared")
    parser.add_argument("--cases", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    a = parser.parse_args()
    cases = sorted(os.path.dirname(p) for p in glob.glob(os.path.join(a.shared, "corpora", "incidents", "*", "truth.json")))
    truth = {c: json.load(open(os.path.join(c, "truth.json"))) for c in cases}
    cases = [c for c in cases if truth[c]["type"] == "incident"][:a.cases]
    counts, total, quiet = {}, 0, []
    browser = Browser()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for case, out in zip(cases, pool.map(lambda c: report(os.path.abspath(a.tidemark), c, folder), cases)):
            browser.open(pathlib.Path(out, "index.html").resolve().as_uri())
            screen = browser.js(SEEN)
            name = os.path.basename(case)
            if truth[case]["cause"] == "healthy":
                quiet.append("Nothing was found that slowed users down" in screen and "Confidence" not in screen)
                if not quiet[-1]:
                    print(f"{name} healthy: {screen[:200]}")
                continue
            total += 1
            findings = json.load(open(os.path.join(out, "report.json")))["findings"]
            answers = questions(screen, truth[case], findings, dict(browser.js(TITLES)))
            for question, isAnswered in answers.items():
                counts[question] = counts.get(question, 0) + isAnswered
            if not all(answers.values()):
                print(f"{name} {truth[case]['cause']}: not told {[q for q, ok in answers.items() if not ok]}: {screen[:300]}")
    for question, count in counts.items():
        print(f"{question:12s} {wilson(count, total)}")
    print(f"healthy      {wilson(sum(quiet), len(quiet))}")
    sys.exit(0 if all(count == total for count in counts.values()) and all(quiet) else 1)


if __name__ == "__main__":
    main()
