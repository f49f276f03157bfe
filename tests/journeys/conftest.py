"""A real browser that fails a test for every foreign request, script error and breach of the content policy."""

import os
import threading
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright keeps an event loop in the tests' thread
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
WATCH = """document.addEventListener("securitypolicyviolation", e => console.error("CSP " + e.violatedDirective + " " + e.blockedURI))"""
EXPECTED = ("the server responded with a status of 4",)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Whatever asks for a browser takes seconds, wherever it stands."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")
            item.add_marker("journey")


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, live_server, cast):
    """Open pages as a person: `visit("clinician")` signs in and returns the page."""
    faults: list[str] = []
    contexts = []

    def watch(page):
        page.on(
            "console",
            lambda said: (
                faults.append(said.text)
                if said.type == "error" and not any(word in said.text for word in EXPECTED)
                else None
            ),
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda sent: faults.append(sent.url) if not sent.url.startswith((live_server.url, "data:")) else None,
        )

    def run(name: str, **options):
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, **options)
        contexts.append(context)
        context.add_init_script(WATCH)
        page = context.new_page()
        watch(page)
        page.goto(f"{live_server.url}/accounts/login/")
        page.fill("#id_login", name)
        page.fill("#id_password", "correct-horse-battery")
        page.click("button[type=submit]")
        return page

    yield run
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def accessible():
    """Assert that axe finds nothing serious on a page."""

    def check(page, **options) -> None:
        found = Axe().run(page, options=options or None).response["violations"]
        serious = {
            rule["id"]: [node["html"][:120] for node in rule["nodes"]]
            for rule in found
            if rule["impact"] in ("serious", "critical")
        }
        assert (page.url, serious) == (page.url, {})

    return check


@pytest.fixture
def look():
    """Keep a picture of a page, wide and narrow, light and dark, where FORMULARY_PICTURES says."""
    folder = os.environ.get("FORMULARY_PICTURES")

    def take(page, name: str, sizes=((1280, 800), (390, 844))) -> None:
        if not folder:
            return
        before = page.viewport_size
        for width, height in sizes:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(250)
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(before)

    return take


@pytest.fixture
def working(worked, scorer):
    """Work on jobs in the background, as a worker beside the web server does."""
    stopped = threading.Event()

    def loop():
        from django.db import connection

        while not stopped.is_set():
            worked()
            time.sleep(0.05)
        connection.close()

    thread = threading.Thread(target=loop)
    thread.start()
    yield stopped
    stopped.set()
    thread.join()
