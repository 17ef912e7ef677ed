"""How often the office's doors may be tried."""

from __future__ import annotations

from app.core.i18n import _
from app.core.limits import Budget

SAMPLE_LETTER = Budget(
    "sample letter", "5/hour", _("テストメールは1時間に5通までです。少し時間をおいてからお試しください。")
)
