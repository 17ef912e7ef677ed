"""What a viewer is shown of files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from app.core.ids import PublicId


@dataclass(frozen=True)
class UploadCard:
    """One file of the viewer's own, for the composer. `refusal` says in a sentence why it could not be taken."""

    id: PublicId
    kind: str
    state: str
    name: str
    alt: str
    size_bytes: int
    thumbnail: str | None
    refusal: str | None

    def as_json(self) -> dict[str, Any]:
        """The card as the composer's script reads it."""
        return asdict(self)


@dataclass(frozen=True)
class FileToSend:
    """A stored file as it goes out: where it lies, what it is, and the name to save it under (documents only)."""

    key: str
    media_type: str
    download_name: str | None


@dataclass(frozen=True)
class FileCard:
    """One picture or document under a text. Pictures have a size, documents a name and bytes."""

    id: PublicId
    is_picture: bool
    is_waiting: bool
    name: str
    alt: str
    size_bytes: int
    width: int | None
    height: int | None

    def as_json(self) -> dict[str, Any]:
        """The card as the chat's script reads it."""
        return asdict(self)
