"""Maps opened in Chromium: one page a size for a whole file of tests, every fault it makes remembered."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import maps

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


class Pages:
    """Writes views and opens them, offline; requests, console errors and script errors are faults."""

    def __init__(self, browser, folder: Path) -> None:
        self.browser, self.folder, self.faults = browser, folder, []
        self.contexts, self.tabs, self.files = {}, {}, {}

    def tab(self, size: str):
        """The one page of this size."""
        if size not in self.tabs:
            viewport = PHONE if size == "phone" else DESK
            self.contexts[size] = self.browser.new_context(
                viewport=viewport, offline=True, reduced_motion="reduce"
            )
            page = self.tabs[size] = self.contexts[size].new_page()
            page.on(
                "request",
                lambda r: (
                    None
                    if r.url.startswith(("data:", "blob:", self.folder.as_uri()))
                    else self.faults.append(r.url)
                ),
            )
            page.on("pageerror", lambda error: self.faults.append(str(error)))
            page.on(
                "console",
                lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None,
            )
            page.on("dialog", lambda dialog: (self.faults.append(dialog.message), dialog.dismiss()))
        return self.tabs[size]

    def written(self, view=None, plan=None) -> Path:
        """The file of a view; the same view is written once."""
        key = id(view) if plan is None else id(plan)
        if key not in self.files:
            path = self.folder / f"map-{len(self.files)}.html"
            maps.write_map(plan or maps.plan_map(view), path)
            self.files[key] = (path, view, plan)  # kept alive, so that no id comes twice
        return self.files[key][0]

    @contextmanager
    def open(self, view=None, plan=None, *, size: str = "desk", address: str = ""):
        """The page of a view, freshly loaded; afterwards nothing may have gone wrong."""
        page = self.tab(size)
        page.goto("about:blank")
        page.goto(self.written(view, plan).as_uri() + address)
        page.wait_for_selector("#results")
        yield page
        page.wait_for_timeout(30)
        faults, self.faults = self.faults, []
        assert faults == []

    def close(self) -> None:
        """All pages and what they were opened in."""
        for context in self.contexts.values():
            context.close()


def said(page, selector: str) -> str:
    """The words of the first element found."""
    return page.locator(selector).first.inner_text()
