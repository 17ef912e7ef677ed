"""Doors to one's own profile, and to the settings of who sees it."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.forms import blank, parse, redisplay
from app.core.i18n import _, t
from app.core.limits import Budget, spend
from app.core.web import forget_surroundings, page

from ..door import bp
from ..forms import ProfileForm
from ..operations import change_profile as change_name_and_pace
from ..queries import my_page
from . import operations, queries
from .forms import IntroductionForm, PrivacyForm
from .nudges import for_the_browser, nudges_of
from .words import LONGEST, SENTENCES, WRITTEN

_SLOWER = _("変更が続いたため、いったん止めています。時間をおいてもう一度お試しください。")
PROFILES = Budget("profiles", "60/hour", _SLOWER)
AUDIENCES = Budget("audiences", "120/hour", _SLOWER)


@bp.get("/me/profile")
def profile() -> str:
    """The form for one's own profile; after saving, a word about what nobody needs to write."""
    mine = my_page(g.viewer)
    introduction = queries.my_introduction(g.viewer)
    form = blank(
        _form_class(),
        display_name=mine.person.name,
        bud=mine.person.bud,
        pace=mine.pace,
        language=mine.language,
        **{own.key: own.value for own in introduction},
    )
    is_fresh = "saved" in request.args or request.method == "POST"
    return page(
        "people/profile.html",
        page=mine,
        form=form,
        introduction=introduction,
        longest=LONGEST,
        nudges=nudges_of((own.key, form[own.key].data) for own in introduction) if is_fresh else {},
        all_nudges=for_the_browser(),
    )


def _form_class() -> type[ProfileForm]:
    """Employees introduce themselves by their office; only candidates have 自己紹介."""
    return IntroductionForm if g.viewer.is_candidate else ProfileForm


@bp.post("/me/profile")
@redisplay(profile)
def change_profile() -> Response:
    """Save one's own profile."""
    typed = parse(_form_class())
    spend(PROFILES, g.viewer.public_id)
    written = {key: typed.pop(key, None) for key in WRITTEN}
    change_name_and_pace(g.viewer, **typed)
    forget_surroundings()
    flash(t("プロフィールを保存しました"))
    if not g.viewer.is_candidate:
        return redirect(url_for(".me"), 303)
    operations.write_profile(g.viewer, {key: text for key, text in written.items() if text is not None})
    # The same address whatever was written: the log cannot tell who was given a word.
    return redirect(url_for(".profile", saved="1"), 303)


@bp.get("/me/privacy")
def privacy() -> str:
    """Who sees which field; with ?preset=, or what was just tried, also what would change."""
    form = blank(PrivacyForm)
    found = queries.privacy_page(
        g.viewer, preset=request.args.get("preset", ""), tried=_sent(form.data) or None
    )
    return page("people/privacy.html", page=found, form=form)


@bp.post("/me/privacy")
@redisplay(privacy)
def choose_audiences() -> Response:
    """Save who sees which field."""
    typed = parse(PrivacyForm)
    spend(AUDIENCES, g.viewer.public_id)
    operations.choose_audiences(g.viewer, _sent(typed))
    flash(t("公開範囲を保存しました"))
    return redirect(url_for(".privacy"), 303)


def _sent(typed: dict[str, str | None]) -> dict[str, tuple[str, str]]:
    """Field → both words, for the fields of which any was sent."""
    both = {key: (typed[f"{key}_candidates"], typed[f"{key}_colleagues"]) for key in SENTENCES}
    return {key: (one or "", other or "") for key, (one, other) in both.items() if one or other}
