"""Pictures that pages show: asked as the reader, decoded, and nothing else than what they say."""

import base64
from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from host.model.office import Page
from switch.web.visits import Visits

KINDS: Final[Mapping[str, str]] = {"png": "image/png", "jpeg": "image/jpeg"}
VIEW: Final = "card_face_pictures"


class Pictures:
    """Its route."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits

    def routes(self) -> list[Route]:
        """Where it is served."""
        return [Route("/card-faces/{face:int}/picture", self.show)]

    async def show(self, request: Request) -> Response:
        """The newest picture of a card face."""
        visits = self._visits
        reader = await visits.reader(request)
        if VIEW not in reader.views:
            raise HTTPException(404)
        filters = {"face": str(request.path_params["face"])}
        told = await visits.desk.ask(visits.asked(request, VIEW, filters, [], 1))
        if not isinstance(told, Page) or not told.rows:
            raise HTTPException(404)
        row = dict(zip(told.columns, told.rows[0], strict=True))
        content = base64.b64decode(row["picture"])
        return Response(content, media_type=KINDS[row["image_kind"]])
