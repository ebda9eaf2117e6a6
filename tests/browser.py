"""Opens pages in a real browser: `browser.py PAGE...` prints what is wrong with them; `--picture FILE` takes a picture of the first.

The browser is Debian's Chromium; axe-core comes with its Python package.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

parser = argparse.ArgumentParser()
parser.add_argument("--picture")
parser.add_argument("pages", nargs="+")
arguments = parser.parse_args()

wrong = []
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        # The sandbox cannot be had as root, and the pages are ours.
        args=["--no-sandbox"] if os.getuid() == 0 else [],
    )
    for name in arguments.pages:
        for scheme in ("light", "dark"):
            for width in (1100, 390):
                page = browser.new_page(
                    color_scheme=scheme, viewport={"width": width, "height": 900}
                )
                where = f"{name} ({scheme}, {width})"
                page.on("console", lambda message: wrong.append(f"{where}: {message.text}"))
                page.on("pageerror", lambda error: wrong.append(f"{where}: {error}"))
                page.on(
                    "request",
                    lambda request: request.url.startswith("file:")
                    or wrong.append(f"{where}: asks for {request.url}"),
                )
                page.goto(pathlib.Path(name).resolve().as_uri())
                for violation in Axe().run(page).response["violations"]:
                    nodes = "; ".join(node["html"][:200] for node in violation["nodes"][:3])
                    wrong.append(f"{where}: {violation['id']}: {nodes}")
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    wrong.append(f"{where}: wider than the screen")
                page.close()
    if arguments.picture:
        page = browser.new_page(viewport={"width": 1100, "height": 1050}, color_scheme="light")
        page.goto(pathlib.Path(arguments.pages[0]).resolve().as_uri())
        page.screenshot(path=arguments.picture)
    # What is printed is a document of its own.
    page = browser.new_page()
    page.goto(pathlib.Path(arguments.pages[0]).resolve().as_uri())
    if not page.pdf().startswith(b"%PDF"):
        wrong.append("cannot be printed")
    browser.close()

if wrong:
    sys.exit(json.dumps(wrong, indent=1, ensure_ascii=False))
