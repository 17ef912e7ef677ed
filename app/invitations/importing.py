"""Invitations from pasted lines or a table: what each line would do, and what is wrong with it.

Nothing is stored or mailed here. Columns are known by their header in any order, else by what they hold;
columns that touch the 14 items of fair selection are not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from email_validator import EmailNotValidError, validate_email

from app.accounts.mails import normal_mail
from app.core.errors import Sentence
from app.core.i18n import _, join_names
from app.core.names import NameRefused, check_person_name, fold, normalized, to_kana
from app.core.tables import Row, TableTooLarge, read_rows, split_header

_SHOWN_CHOICES = 10  # names listed in a sentence; more would not be read


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """One person to invite.

    `line_number` counts from 1 in what was pasted. `cohort` and `group` are public ids, None if not given or
    unknown; `cohort_name` and `group_name` are as typed. `legal_name` and `kana` may be empty. `role` is one
    of ROLES. With `problems` the line must not become an invitation.
    """

    line_number: int
    legal_name: str
    kana: str
    mail: str
    cohort: str | None
    cohort_name: str
    group: str | None
    group_name: str
    role: str
    problems: tuple[Sentence | str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvitationSheet:
    """Everything that was read. With `problems` (too large, no mail address at all) there are no lines.

    `ignored_columns` are headers nobody asked for; `refused_columns` maps each header that touches the 14
    items to the sentence why it is not imported.
    """

    lines: tuple[InvitationLine, ...]
    problems: tuple[Sentence | str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    refused_columns: Mapping[str, Sentence | str] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether every line could be invited as it stands."""
        return bool(self.lines) and not self.problems and not any(line.problems for line in self.lines)


def read_invitations(text: str, *, cohorts: Mapping[str, str], groups: Mapping[str, str]) -> InvitationSheet:
    """Read pasted lines, CSV or cells copied from Excel; `cohorts` and `groups` map names to public ids.

    Never raises on what was typed: problems are sentences on the sheet or on their line.
    """
    try:
        rows = read_rows(text)
    except TableTooLarge as refused:
        return InvitationSheet((), (refused.sentence,))
    header, rows = split_header(rows, lambda cell: _column(cell) is not None)
    places = _Places(cohorts, groups)
    columns = _columns_by_name(header) if header else _columns_by_content(rows, places)
    lines = [_line(row, columns, places) for row in rows] if "mail" in columns.values() else []
    strange = [cell.strip() for cell in header.cells if not _column(cell)] if header else []
    return InvitationSheet(
        lines=tuple(_duplicates_flagged(lines)),
        problems=() if lines else (_why_nothing(rows),),
        ignored_columns=tuple(name for name in strange if name and not _is_unfair(name)),
        refused_columns={name: _why_unfair(name) for name in strange if _is_unfair(name)},
    )


# --- which column holds what -----------------------------------------------------------------------------

_HEADERS = {
    "legal_name": "氏名 名前 お名前 本名 姓名 漢字氏名 氏名（漢字） name full_name legal_name",
    "kana": "フリガナ カナ 氏名カナ 氏名フリガナ 氏名（カナ） 氏名（フリガナ） ヨミガナ 読み kana furigana",
    "family_name": "姓 苗字 名字 last_name family_name",
    "given_name": "名 first_name given_name",
    "family_kana": "セイ 姓カナ 姓（カナ） 姓フリガナ",
    "given_kana": "メイ 名カナ 名（カナ） 名フリガナ",
    "mail": "メール メールアドレス Eメール E-mail email mail mail_address email_address アドレス",
    "cohort": "入社時期 入社 入社年月 入社予定 入社年 コホート 年度 cohort joining",
    "group": "班 グループ 班名 グループ名 group team",
    "role": "役割 権限 区分 ロール role",
}


def _header_key(header: str) -> str:
    return re.sub(r"[\s_\-・()*必須任意]", "", fold(header))


_COLUMN_OF_KEY = {_header_key(name): column for column, names in _HEADERS.items() for name in names.split()}


def _column(header: str) -> str | None:
    return _COLUMN_OF_KEY.get(_header_key(header))


def _columns_by_name(header: Row) -> dict[int, str]:
    """Map positions to columns; of two headers with one meaning the first counts."""
    columns: dict[int, str] = {}
    for position, cell in enumerate(header.cells):
        column = _column(cell)
        if column and column not in columns.values():
            columns[position] = column
    return columns


def _columns_by_content(rows: Sequence[Row], places: _Places) -> dict[int, str]:
    """Without a header each column is what most of its cells look like; the first 20 rows are asked."""
    looks: dict[str, Callable[[str], bool]] = {
        "mail": lambda cell: "@" in cell,
        "cohort": lambda cell: fold(cell) in places.cohort_ids,
        "group": lambda cell: fold(cell) in places.group_ids,
        "role": lambda cell: _header_key(cell) in _ROLE_OF_KEY,
        "kana": lambda cell: bool(re.fullmatch(r"[\u3041-\u3096\u30a1-\u30fc\s]+", cell)),
        "legal_name": lambda cell: bool(re.search(r"\w", cell)) and not re.search(r"\d", cell),
    }
    sample = [[normalized("NFKC", cell).strip() for cell in row.cells] for row in rows[:20]]
    columns: dict[int, str] = {}
    for column, looks_like in looks.items():
        for position in range(max(map(len, sample), default=0)):
            filled = [cells[position] for cells in sample if position < len(cells) and cells[position]]
            if position not in columns and 2 * sum(map(looks_like, filled)) > len(filled):
                columns[position] = column
                break
    return columns


# What 厚生労働省, 「公正な採用選考の基本」, names as leading to discrimination: not even read.
_UNFAIR = re.compile(
    "本籍|戸籍|出生地|出身(?!校|大学|学校|学部|学科)|国籍|家族|続柄|父|母(?!校)|兄弟|姉妹|住宅|住居|間取り|持ち?家"
    "|生活環境|家庭|生い立ち|宗教|信仰|政党|人生観|信条|座右|尊敬|思想|労働組合|学生運動|社会運動|新聞|雑誌"
    "|愛読|身元|身上|健康(?!保険)|病歴|既往|持病"
    "|birthplace|hometown|nationality|family|father|mother|religion|politic|respect|health|medical"
)


def _is_unfair(header: str) -> bool:
    return bool(_UNFAIR.search(fold(header)))


def _why_unfair(header: str) -> str:
    return _(
        "「%(column)s」の列は読み込みませんでした。就職差別につながるおそれのある14事項に関わるため、"
        "ここではお預かりしません。ほかの列はそのまま読み込んでいます",
        column=header,
    )


def _why_nothing(rows: Sequence[Row]) -> str:
    if not rows:
        return _("まだ何も入力されていません。1行に1人ずつ、メールアドレスを含めて貼り付けてください")
    return _("メールアドレスの列が見つかりません。見出しを「メール」にするか、メールアドレスを含めてください")


# --- one line --------------------------------------------------------------------------------------------

# Named like the roles of models/roles.py in lower case; shown in this order when a word is not understood.
_ROLE_WORDS = {
    "candidate": "内定者 内々定者 学生 新入社員 candidate",
    "employee": "社員 先輩社員 先輩 メンター employee mentor",
    "hr": "人事 人事担当 採用担当 hr recruiter",
    "lead": "人事責任者 採用責任者 lead hr_lead",
    "moderator": "モデレーター ひろば運営 moderator",
    "desk": "第三者相談窓口 相談窓口 desk",
    "auditor": "監査担当 監査 auditor",
    "administrator": "システム管理者 管理者 administrator admin",
}
ROLES = tuple(_ROLE_WORDS)
_ROLE_OF_KEY = {_header_key(word): role for role, words in _ROLE_WORDS.items() for word in words.split()}


class _Places:
    """The cohorts and groups of this community, found by name however it is typed."""

    def __init__(self, cohorts: Mapping[str, str], groups: Mapping[str, str]) -> None:
        self.cohort_names, self.group_names = list(cohorts), list(groups)
        self.cohort_ids = {fold(name): public_id for name, public_id in cohorts.items()}
        self.group_ids = {fold(name): public_id for name, public_id in groups.items()}


def _line(row: Row, columns: Mapping[int, str], places: _Places) -> InvitationLine:
    typed = {column: row.cells[place] for place, column in columns.items() if place < len(row.cells)}
    problems: list[Sentence | str] = []
    cohort_name, group_name = _one_line(typed.get("cohort", "")), _one_line(typed.get("group", ""))
    line = InvitationLine(
        line_number=row.line_number,
        legal_name=_tried(
            check_person_name, _joined(typed, "legal_name", "family_name", "given_name"), problems
        ),
        kana=_tried(to_kana, _joined(typed, "kana", "family_kana", "given_kana"), problems),
        mail=_mail(typed.get("mail", ""), problems),
        cohort=places.cohort_ids.get(fold(cohort_name)),
        cohort_name=cohort_name,
        group=places.group_ids.get(fold(group_name)),
        group_name=group_name,
        role=_role(typed.get("role", ""), problems),
    )
    return replace(line, problems=(*problems, *_place_problems(line, places)))


def _joined(typed: Mapping[str, str], whole: str, *parts: str) -> str:
    return typed.get(whole) or " ".join(typed.get(part, "") for part in parts)


def _tried(check: Callable[[str], str], typed: str, problems: list[Sentence | str]) -> str:
    """Return what the check makes of a cell; if it is refused, the cell as typed and a problem more."""
    if not typed.strip():
        return ""
    try:
        return check(_one_line(typed))
    except NameRefused as refused:
        problems.append(refused.sentence)
        return _one_line(typed)


def _mail(typed: str, problems: list[Sentence | str]) -> str:
    mail = normal_mail(typed)
    if not mail:
        problems.append(_("メールアドレスを入力してください"))
        return ""
    try:
        checked = validate_email(mail, check_deliverability=False, allow_smtputf8=False)
    except (EmailNotValidError, UnicodeError):
        problems.append(_("メールアドレスの形になっていません（例：haruka@example.jp）"))
        return mail
    return checked.ascii_email or mail


def _role(typed: str, problems: list[Sentence | str]) -> str:
    if not typed.strip():
        return "candidate"
    role = _ROLE_OF_KEY.get(_header_key(typed))
    if role is None:
        problems.append(
            _(
                "役割「%(role)s」が分かりません。次のどれかにしてください：%(choices)s",
                role=_one_line(typed),
                choices=_choices([words.split()[0] for words in _ROLE_WORDS.values()]),
            )
        )
    return role or "candidate"


def _place_problems(line: InvitationLine, places: _Places) -> list[Sentence | str]:
    problems: list[Sentence | str] = []
    if line.cohort_name and line.role != "candidate":
        problems.append(_("入社時期を付けられるのは内定者だけです。この欄を空にしてください"))
    elif line.cohort_name and line.cohort is None:
        problems.append(
            _(
                "入社時期「%(name)s」はまだありません。先に作るか、次のどれかにしてください：%(choices)s",
                name=line.cohort_name,
                choices=_choices(places.cohort_names),
            )
        )
    if line.group_name and line.group is None:
        problems.append(
            _(
                "班「%(name)s」はまだありません。先に作るか、次のどれかにしてください：%(choices)s",
                name=line.group_name,
                choices=_choices(places.group_names),
            )
        )
    return problems


def _choices(names: Sequence[str]) -> str:
    shown = join_names(names[:_SHOWN_CHOICES])
    return f"{shown} …" if len(names) > _SHOWN_CHOICES else shown or "—"


def _one_line(typed: str) -> str:
    return " ".join(typed.split())


def _duplicates_flagged(lines: Sequence[InvitationLine]) -> list[InvitationLine]:
    """Flag the second and every later line with one mail address."""
    first_lines: dict[str, int] = {}
    flagged = []
    for line in lines:
        first = first_lines.setdefault(line.mail, line.line_number)
        if line.mail and first != line.line_number:
            sentence = _("%(line)s行目と同じメールアドレスです。どちらか1行にしてください", line=first)
            line = replace(line, problems=(*line.problems, sentence))
        flagged.append(line)
    return flagged
