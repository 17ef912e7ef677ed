"""The shape of what HR and an invited person type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.accounts.cards import ROLE_NAMES
from app.core.forms import BaseForm, LineField, fits, longest, no_nul, required
from app.core.i18n import _
from app.core.ids import is_public_id
from app.core.names import MAX_DISPLAY_NAME_LENGTH, MAX_PERSON_NAME_LENGTH

from .cards import STATES, Invitee, InvitingChoices

LONGEST_MAIL = 254
LONGEST_DEPARTMENT = 30
MOST_IDS = 5_000
BUDS = 48
_ROLES = ("candidate", "employee", "hr", "lead", "moderator", "desk", "auditor", "administrator")
ROLE_CHOICES = [SelectChoice(name, ROLE_NAMES[1 << place]) for place, name in enumerate(_ROLES)]


def options(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Pairs of value and label as the choices of a field."""
    return [SelectChoice(value, label) for value, label in pairs]


class IdsField(Field):
    """Public ids, as many as boxes were ticked."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Take the ids; anything of another shape is refused."""
        if len(valuelist) > MOST_IDS or not all(is_public_id(value) for value in valuelist):
            raise ValueError(_("もう一度、対象の方を選んでください"))
        self.data = list(dict.fromkeys(valuelist))


class SelectionForm(BaseForm):
    """The people ticked in the list."""

    ids = IdsField(_("対象の方"), default=list)

    def validate_ids(self, field: Field) -> None:
        """At least one."""
        if not field.data:
            raise ValidationError(_("対象の方を1名以上選んでください"))


class WholeListForm(BaseForm):
    """Everyone of a filtered list, with the number HR was shown."""

    state = SelectField(choices=options(STATES.items()))
    cohort = HiddenField(default="")
    count = IntegerField(validators=[NumberRange(min=1)])


class PersonForm(BaseForm):
    """One person to invite, or to correct."""

    legal_name = LineField(_("氏名"), [required(), longest(MAX_PERSON_NAME_LENGTH)])
    kana = LineField(_("フリガナ"), [longest(MAX_PERSON_NAME_LENGTH)])
    mail = LineField(_("メールアドレス"), [required(), longest(LONGEST_MAIL)])
    cohort = SelectField(_("入社時期"), validate_choice=False, default="")
    group = SelectField(_("班"), validate_choice=False, default="")
    department = LineField(_("部署"), [longest(LONGEST_DEPARTMENT), fits(2 * LONGEST_DEPARTMENT)])
    joined_company_year = IntegerField(_("入社年"), [Optional(), NumberRange(1950, 2100)])

    def offer(self, choices: InvitingChoices) -> PersonForm:
        """The same form with what this viewer can choose."""
        self.cohort.choices = options([("", _("選んでください")), *choices.cohorts])
        self.group.choices = options([("", _("まだ決めない")), *choices.groups])
        return self


class InviteForm(PersonForm):
    """One person to invite, with their roles."""

    role = RadioField(_("役割"), choices=ROLE_CHOICES, default="candidate")
    further_roles = SelectMultipleField(
        _("兼ねる役割"),
        choices=ROLE_CHOICES,
        default=list,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer(self, choices: InvitingChoices) -> InviteForm:
        """The same form with what this viewer can choose."""
        super().offer(choices)
        self.role.choices = options(choices.roles)
        self.further_roles.choices = options(one for one in choices.roles if one[0] != "candidate")
        if self.role.data not in dict(choices.roles) and not self.role.raw_data:
            self.role.data = choices.roles[0][0]
        return self


def invitee_of(typed: dict[str, Any], roles: Sequence[str] = ()) -> Invitee:
    """What was typed about one person, as the operations take it."""
    year = typed["joined_company_year"]
    given = [typed["role"], *typed["further_roles"]] if "role" in typed else roles
    return Invitee(
        mail=typed["mail"] or "",
        legal_name=typed["legal_name"] or "",
        kana=typed["kana"] or "",
        roles=tuple(dict.fromkeys(given)),
        cohort=typed["cohort"] or None,
        group=typed["group"] or None,
        department=typed["department"] or "",
        # Only the year is asked for; Japanese companies begin theirs in April.
        joined_company_on=date(year, 4, 1) if year else None,
    )


def typed_of(invitee: Invitee) -> dict[str, Any]:
    """An invitee as defaults of PersonForm."""
    joined = invitee.joined_company_on
    return {
        "legal_name": invitee.legal_name,
        "kana": invitee.kana,
        "mail": invitee.mail,
        "cohort": invitee.cohort or "",
        "group": invitee.group or "",
        "department": invitee.department,
        "joined_company_year": joined.year if joined else None,
    }


class SheetForm(BaseForm):
    """Many people, pasted; an uploaded file takes the place of the text."""

    lines = TextAreaField(_("貼り付ける内容"), filters=[no_nul], default="")
    cohort = SelectField(_("入社時期が書かれていない行"), validate_choice=False, default="")

    def offer(self, choices: InvitingChoices) -> SheetForm:
        """The same form with the cohorts there are; the only one is chosen already."""
        self.cohort.choices = options([("", _("入社時期を補わない")), *choices.cohorts])
        if not self.cohort.raw_data and len(choices.cohorts) == 1:
            self.cohort.data = choices.cohorts[0][0]
        return self


# ── the first run of the invited person ──────────────────────────────────────────────────────────────────────


class NameForm(BaseForm):
    """What to be called, and which flower stands beside it."""

    display_name = LineField(_("呼び名"), [required(), longest(MAX_DISPLAY_NAME_LENGTH)])
    bud = RadioField(
        _("つぼみ（アイコン）"),
        choices=options((str(bud), _("つぼみ %(number)s", number=bud)) for bud in range(1, BUDS + 1)),
    )


class RulesForm(BaseForm):
    """The rules in the version that was read."""

    version = HiddenField(validators=[required()])
    accepted = BooleanField(
        _("ルールを読み、同意します"), [required(_("読み終えたら、チェックを入れてください"))]
    )


class PaceForm(BaseForm):
    """How much to take part to begin with."""

    pace = RadioField(
        _("参加のペース"),
        choices=options([("read", _("読むだけ")), ("few", _("少人数で")), ("various", _("いろいろ"))]),
        default="few",
    )


class PasswordForm(BaseForm):
    """A password, where one is wanted or needed."""

    password = PasswordField(_("パスワード"), filters=[no_nul])
