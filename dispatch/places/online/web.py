"""The one door to the network of this stage: a GET, bounded in time and size."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dispatch.places.online.providers import AGENT, OnlineFailed

LARGEST_ANSWER_BYTES = 2_000_000


class _SameHost(urllib.request.HTTPRedirectHandler):
    """A key is not carried to another host, whatever the server says."""

    def redirect_request(  # noqa: PLR0917 - the signature of the standard library
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            raise OnlineFailed(
                f"{urlsplit(req.full_url).hostname} sends questions to another host; not followed"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, headers: Mapping[str, str], seconds: float) -> bytes:
    """Ask a server over http or https.

    Raises
    ------
    OnlineFailed
        It does not answer within `seconds`, answers with an error, or with too much. The
        message names the host, never the query, which holds key and address.
    """
    host = urlsplit(url).hostname
    request = urllib.request.Request(url, headers={"User-Agent": AGENT, **headers})  # noqa: S310 - settings allow no other scheme
    opener = urllib.request.build_opener(_SameHost)
    try:
        with opener.open(request, timeout=seconds) as answer:
            body: bytes = answer.read(LARGEST_ANSWER_BYTES + 1)
    except urllib.error.HTTPError as cause:
        raise OnlineFailed(f"{host} answered {cause.code}") from None
    except urllib.error.URLError as cause:
        raise OnlineFailed(f"{host} cannot be reached ({type(cause.reason).__name__})") from None
    except (OSError, ValueError, http.client.HTTPException) as cause:
        raise OnlineFailed(f"{host} did not answer in {seconds:g} s ({type(cause).__name__})") from None
    if len(body) > LARGEST_ANSWER_BYTES:
        raise OnlineFailed(f"{host} answered more than {LARGEST_ANSWER_BYTES:,} bytes")
    return body
