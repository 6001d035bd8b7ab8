"""One HTML file around a Folium map: every asset inside, nothing fetched, nothing else allowed.

Folium renders what it is given through Jinja twice; here the second pass is left out, the
data do not pass through it at all, and the page's own policy forbids the browser whatever
did not come with the file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template
from jinja2 import TemplateSyntaxError

from dispatch.errors import BadInput
from maps.block import packed_block, unpacked_block
from maps.secret import Sealed, seal, unseal

ASSETS = Path(__file__).parent / "assets"
KIT = (
    "text.js", "words.js", "block.js", "unlock.js", "columns.js", "basemap.js", "basemap_names.js", "basemap_tiles.js",
    "symbols.js", "points.js", "cluster.js", "list.js", "facets.js", "chart.js", "slider.js",
    "address.js", "copying.js", "legend.js", "print.js", "head.js", "page.js",
)  # fmt: skip
"""What every map's page is made of, in the order the scripts need each other."""
PLAN = ("plan.js", "replay.js", "marks.js", "changes.js", "rows.js", "cards.js", "panel.js", "dispatch.js")
"""The dispatcher's map."""

_ICONS = {
    "iconUrl": "marker-icon.png",
    "iconRetinaUrl": "marker-icon-2x.png",
    "shadowUrl": "marker-shadow.png",
}
_DATA = re.compile(r"""id="data"(?: data-seal='(?P<seal>[^']*)')?>(?P<block>[^<]*)</script>""")
_INLINE = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)


class PageMap(folium.Map):  # type: ignore[misc]
    """A `folium.Map` that is written as one self-contained page.

    Layers are added to it as to any other; what they would fetch is taken from the vendored
    assets, or refused by name when the page is written. `payload` is what our own scripts
    read; `scripts` draw it after the kit, names of our own or paths of one's own.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - Folium's own class attribute
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    _template = Template(
        """
        {% macro html(this, kwargs) %}<div id={{ this.get_name()|tojson }} class="ground-map"></div>{% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = dispatchKit.map({{ this.get_name()|tojson }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        payload: Mapping[str, Any],
        location: tuple[float, float],
        language: str,
        scripts: Sequence[str | Path] = PLAN,
    ) -> None:
        super().__init__(location=location, tiles=None)
        self.payload = payload
        self.scripts = tuple(scripts)
        self._id = "plan"  # the same plan gives the same bytes
        PageFigure(language).add_child(self, name=self.get_name())


class PageFigure(Figure):  # type: ignore[misc]
    """The page itself; `render` gives the finished HTML."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.header._children.clear()  # the page's own head says it
        self.language = language if language in {"zh", "en"} else "zh"

    def render(self, **kwargs: Any) -> str:
        """The whole page as text; `passphrase` seals its data.

        Raises
        ------
        BadInput
            A layer that was added needs a file the maps do not carry, or holds text that
            Folium's templates cannot take; or one was added that a passphrase would not cover.
        """
        try:
            for child in self._children.values():
                child.render()
        except TemplateSyntaxError as cause:
            raise BadInput(
                f"a layer added to the map holds text that Folium's templates read as code ({cause.message}); "
                "leave '{%' and '{#' out of it, or show it through the plan's own data"
            ) from cause
        page = next(child for child in self._children.values() if isinstance(child, PageMap))
        return _page(page, self, kwargs.get("passphrase"))


def write_map(plan_map: folium.Map, path: Path | str, *, passphrase: str | None = None) -> None:
    """Write the map as one file that only its owner can read, whole or not at all.

    With a passphrase the data are sealed (`maps.secret`): all that is left in clear are our
    own scripts and the language.

    Raises
    ------
    BadInput
        The map was not made here, a layer added to it cannot be carried or would stand in
        clear beside sealed data, or the passphrase is too short.
    """
    root = plan_map.get_root()
    if not isinstance(root, PageFigure):
        raise BadInput("this map fetches its parts from the network; make it with maps.plan_map")
    text = root.render(passphrase=passphrase).encode("utf-8", errors="replace")
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # made 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@cache
def manifest() -> dict[str, Any]:
    """The vendored packages, as `tools/vendor_assets.py` wrote them down."""
    entries: dict[str, Any] = json.loads((ASSETS / "manifest.json").read_text("utf-8"))
    return entries


@cache
def vendored(package: str, name: str) -> str:
    """One vendored text file; images it names are put inside."""
    folder = ASSETS / "vendor" / package
    text = (folder / name).read_text("utf-8")
    if not name.endswith(".css"):
        return text.replace("//# sourceMappingURL=", "// ")
    beside = (folder / name).parent
    return re.sub(r"url\((images/[\w.-]+)\)", lambda found: f"url({_data_url(beside / found[1])})", text)


def stand_in(address: str) -> str | None:
    """What is carried in place of an address Folium would load; None if it is not needed.

    Raises
    ------
    BadInput
        The manifest does not know the address.
    """
    tail = address.rsplit("/", 1)[-1].split("?", maxsplit=1)[0]
    for package in manifest()["packages"]:
        if tail in package["stands_for"]:
            return vendored(package["name"], package["stands_for"][tail])
    if tail in manifest()["left_out"]:
        return None
    raise BadInput(
        f"a layer added to the map would fetch {address}; the file must open without a network. "
        "Use a layer that needs no files, or add the package to tools/vendor_assets.py"
    )


def data_element(payload: Mapping[str, Any], passphrase: str | None = None) -> str:
    """The payload as the page's data element: base64 of a block, sealed if there is a passphrase."""
    block, attributes = packed_block(payload), ""
    if passphrase is not None:
        sealed = seal(block, passphrase)
        block, attributes = sealed.data, f" data-seal='{json.dumps(sealed.header())}'"
    text = base64.b64encode(block).decode("ascii")
    return f'<script type="application/octet-stream" id="data"{attributes}>{text}</script>'


def read_page(text: str, passphrase: str | None = None) -> dict[str, Any]:
    """The payload that a written page holds: what anyone can read out of the file.

    Raises
    ------
    BadInput
        The text is no page of ours, is sealed and no passphrase was given, or a wrong one was.
    """
    found = _DATA.search(text)
    if found is None:
        raise BadInput("this file holds no map data; expected one written by maps.write_map")
    block = base64.b64decode(found["block"])
    if found["seal"]:
        if passphrase is None:
            raise BadInput("this map is sealed; its passphrase is needed")
        block = unseal(Sealed.of(json.loads(found["seal"]), block), passphrase)
    return unpacked_block(block)


def _page(page: PageMap, figure: PageFigure, passphrase: str | None) -> str:
    scripts, styles, markup = _carried(figure)
    own_layers = any(not isinstance(child, PageMap) for child in figure._children.values()) or page._children
    if passphrase is not None and own_layers:
        raise BadInput(
            "a layer was added to the map; it would stand in clear beside the sealed data. "
            "Write this map without a passphrase, or without the layer"
        )
    code = "\n".join(_literal(child) for child in figure.script._children.values())
    scripts = [
        _own("gate.js"),
        vendored("leaflet", "dist/leaflet.js"),
        f"L.Icon.Default.imagePath = '';\nL.Icon.Default.mergeOptions({_icons()});",
        *scripts,
        "(() => {\n'use strict';\n" + "\n".join(_own(name) for name in (*KIT, *page.scripts)) + "\n})();",
        code + "\ndispatchKit.ready().catch((error) => { dispatchGate.failed(error); throw error; });",
    ]
    styles = [
        vendored("leaflet", "dist/leaflet.css"),
        *styles,
        _own("page.css"),
        _own("door.css"),
    ]
    body = "\n".join(_literal(child) for child in figure.html._children.values())
    # `</script` inside code can only stand in a string, where `<\/` is the same
    scripts = [re.sub(r"<(?=/script|!--)", r"\\x3c", _lines(text), flags=re.IGNORECASE) for text in scripts]
    styles = [_lines(text) for text in styles]
    hosts = (page.payload.get("tiles") or {}).get("hosts", ())
    policy = _policy(scripts, styles, markup + body, inline_attributes=bool(own_layers), image_hosts=hosts)
    return _own("page.html").format(
        language="zh-CN" if figure.language == "zh" else "en",
        policy=policy,
        styles="\n".join(f"<style>{style}</style>" for style in styles),
        header=markup,
        body=body,
        data=data_element(page.payload, passphrase),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def _carried(figure: PageFigure) -> tuple[list[str], list[str], str]:
    """Scripts, styles and other header markup that added layers bring along."""
    scripts: list[str] = []
    styles: list[str] = []
    markup: list[str] = []
    for child in figure.header._children.values():
        if isinstance(child, JavascriptLink | CssLink):
            text = stand_in(child.url)
            if text is not None:
                (scripts if isinstance(child, JavascriptLink) else styles).append(text)
        else:
            markup.append(_literal(child))
    return scripts, styles, "\n".join(markup)


def _literal(element: Element) -> str:
    """An element's text as it is: rendered macros are not read as templates again."""
    text: str | None = element._template_str
    return text if text is not None else str(element.render())


def _policy(
    scripts: list[str], styles: list[str], markup: str, *, inline_attributes: bool, image_hosts: Sequence[str]
) -> str:
    """What the browser may do: run and style by these very texts, show images that came along, nothing else."""
    inline = [(kind.lower(), _lines(text)) for kind, text in _INLINE.findall(markup)]
    script_hashes = _hashes(scripts + [text for kind, text in inline if kind == "script"])
    style_hashes = _hashes(styles + [text for kind, text in inline if kind == "style"])
    rules = [
        "default-src 'none'",
        f"script-src {script_hashes}",
        f"style-src {style_hashes}",
        " ".join(["img-src data: blob:", *image_hosts]),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if inline_attributes:  # Folium's own popups carry style attributes; the plan's page needs none
        rules.append("style-src-attr 'unsafe-inline'")
    return "; ".join(rules)


def _lines(text: str) -> str:
    """Line ends as the browser's parser leaves them, so that hashes agree."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _hashes(texts: list[str]) -> str:
    digests = (hashlib.sha256(text.encode("utf-8", errors="replace")).digest() for text in texts)
    return " ".join(dict.fromkeys(f"'sha256-{base64.b64encode(one).decode('ascii')}'" for one in digests))


def _icons() -> str:
    folder = ASSETS / "vendor" / "leaflet" / "dist" / "images"
    return json.dumps({option: _data_url(folder / name) for option, name in _ICONS.items()})


@cache
def _own(name: str | Path) -> str:
    return (ASSETS / "own" / name).read_text("utf-8")  # a path from the root stays as it is


@cache
def _data_url(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
