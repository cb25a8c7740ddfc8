"""What a browser says of the pages: axe-core's rules, a walk by the keyboard, forms without a mouse, pictures to look at.

Used by page.py --access AXE.js. Needs playwright (pip) and a Chromium (EVENKEEL_CHROMIUM or /usr/bin/chromium); axe.min.js comes with axe-core
(npm) or axe-playwright-python (pip), and is never part of this repository.
"""
import os
from pathlib import Path
from playwright.sync_api import sync_playwright

TABS_MAX = 400
# What has the focus: its place in the document, whether a ring is drawn around it, and where it is.
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  return {place: [...document.querySelectorAll('*')].indexOf(e), name: e.tagName + ' ' + (e.getAttribute('aria-label') || e.textContent || e.name || '').trim().slice(0, 40),
          ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight};
}"""
AXE = """() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"""


def look(base, pages, axe_file, pictures):
    """Prints what was found; returns how many things are wrong."""
    axe = Path(axe_file).read_text()
    wrong = 0
    with sync_playwright() as playwright:
        program = os.environ.get("EVENKEEL_CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for width, height in ((1440, 900), (390, 844)):
            for scheme in ("light", "dark"):
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True)
                for name, path in pages:
                    wrong += visit(context, base, name, path, width, scheme, axe, pictures)
                context.close()
        wrong += forms(browser, base, pages)
        browser.close()
    return wrong


def visit(context, base, name, path, width, scheme, axe, pictures):
    page = context.new_page()
    complaints, foreign = [], []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url) if not request.url.startswith((base, "data:")) else None)
    # The events of the service never end, so the network is never quiet.
    page.goto(base + path, wait_until="load")
    found = []
    page.evaluate(axe)
    for rule in page.evaluate(AXE)["violations"]:
        nodes = rule["nodes"]
        found.append(f"axe {rule['impact']} {rule['id']}: {rule['help']}: {len(nodes)} places, such as {nodes[0]['html'][:160]}")
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        found.append(f"the page is {wide} px wider than the window")
    if name == "not there":
        complaints = [text for text in complaints if "404" not in text]
    found += [f"console: {text}" for text in complaints] + [f"asks another host: {url}" for url in foreign]
    if scheme == "light":
        found += walk(page)
        page.evaluate("() => document.activeElement.blur()")
    if pictures:
        page.screenshot(path=f"{pictures}/{name.replace(' ', '-')}-{width}-{scheme}.png", full_page=True)
    page.close()
    print(f"{name:14} {width:5} {scheme:5} {'well' if not found else ''}", flush=True)
    for text in found:
        print(f"    {text}", flush=True)
    return len(found)


def walk(page):
    """Tab from the top to the end: every stop once, in the order of the document, with a ring, in sight."""
    found, places = [], []
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or places and stop["place"] == places[0]:
            break
        if places and stop["place"] == places[-1]:
            continue  # a field of several parts, such as a date
        if places and stop["place"] < places[-1]:
            found.append(f"the tab order goes back at {stop['name']}")
        if not stop["ring"]:
            found.append(f"no visible focus on {stop['name']}")
        if not stop["seen"]:
            found.append(f"the focus is out of sight on {stop['name']}")
        places.append(stop["place"])
    reached = len(places)
    there = page.evaluate("""() => [...document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex="0"]')]
        .filter(e => e.type !== 'hidden' && e.checkVisibility()).length""")
    if reached < min(there, TABS_MAX):
        found.append(f"only {reached} of {there} places are reached by Tab")
    return found[:8]


def forms(browser, base, pages):
    """Skip link, choice of version and window, acknowledgement and silence, all by the keyboard."""
    found = []
    page = browser.new_page()
    model = next(path for name, path in pages if name == "model")
    page.goto(base + model)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    if not page.evaluate("() => document.getElementById('main').contains(document.activeElement)"):
        found.append("the skip link does not lead into the content")
    page.focus("#window")
    page.keyboard.press("d")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**window=day**")
    page.goto(base + "/alerts")
    if page.locator("form[action='/alerts/acknowledge']").count():
        page.focus("form[action='/alerts/acknowledge'] input[name=by]")
        page.keyboard.type("Ana")
        page.keyboard.press("Enter")
        page.wait_for_url("**done=acknowledged**")
    else:
        found.append("no alert fires, so none was acknowledged")
    page.focus("#reason")
    page.keyboard.type("a test")
    page.keyboard.press("Tab")
    page.keyboard.type("Ana")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=silenced**")
    if "Silenced." not in page.inner_text("[role=status].note"):
        found.append("a silence is not told as a status")
    page.close()
    print(f"{'forms':14} {'well' if not found else ''}")
    for text in found:
        print(f"    {text}")
    return len(found)
