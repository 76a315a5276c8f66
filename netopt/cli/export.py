"""``netopt export``: an instance, or its whole model under a policy, as one file for another program."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from netopt.cli.console import Console, open_console
from netopt.cli.endings import SOLVED, uninterrupted
from netopt.cli.inputs import find_policy, note_idle
from netopt.cli.options import Scenario, Talk
from netopt.cli.scenario import design_of, formal_share_of, open_scenario, words_of
from netopt.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions

MODELS: Final = {"mps": "* ", "lp": "\\ "}
"""Formats of a model, and what begins a line of theirs that is a comment."""

_SWITCH = Parameter(negative="", show_default=False)


def command(  # noqa: PLR0913 - options
    instance: str,
    file: Path,
    *,
    policy: str | None = None,
    format_: Annotated[str | None, Parameter(name="--format")] = None,
    scenario: Scenario = Scenario(),  # noqa: B008 - frozen
    force: Annotated[bool, _SWITCH] = False,
    dry_run: Annotated[bool, _SWITCH] = False,
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Write an instance for another program: the whole model as MPS or LP, or its data.

    A model file holds every arc, whatever strategy `netopt solve` would choose, and its objective in
    CNY a year with the constant, so another solver's optimum is the one that `netopt solve` brackets.

    Parameters
    ----------
    instance
        Folder of the instance, or the name of a shipped one.
    file
        What to write: model.mps, model.mps.gz, model.lp, model.lp.gz, or a workbook (excel: .xlsx).
    policy
        Of a model: name or TOML file of the policy.
    format_
        What to write, where the file's suffix does not tell.
    force
        Replace the file that is there.
    dry_run
        Check everything, say what would be written, write nothing.
    """
    console = open_console(talk)
    name = format_of(file, format_)
    _refuse(file, force=force)
    loaded = open_scenario(instance, scenario)
    if name in MODELS:
        return _export_model(console, loaded, file, name, policy, scenario, dry_run=dry_run)
    _refuse_for_data(policy, scenario, name)
    return _export_data(console, loaded, file, name, dry_run=dry_run)


def format_of(file: Path, wanted: str | None) -> str:
    """Return what a file is to be: as asked for, or by its suffix.

    Raises
    ------
    UsageError
        Where there is no such format, or the suffix is that of none.
    """
    from netopt.data.formats.registry import WRITERS  # noqa: PLC0415 - heavy
    from netopt.data.problems import nearest  # noqa: PLC0415 - heavy

    known = (*MODELS, *WRITERS)
    if wanted is not None:
        if wanted in known:
            return wanted
        hint = nearest(wanted, known)
        raise UsageError(f"there is no format {wanted!r} to export to {hint} ({', '.join(known)})")
    plain = file.name.casefold().removesuffix(".gz")
    suffix = Path(plain).suffix
    if suffix.removeprefix(".") in MODELS:
        return suffix.removeprefix(".")
    by_suffix = [name for name, writer in WRITERS.items() if suffix in writer.suffixes]
    if not by_suffix or plain != file.name.casefold():
        raise UsageError(f"{file.name} does not tell what to write; add --format ({', '.join(known)})")
    return by_suffix[0]


def _refuse(file: Path, *, force: bool) -> None:
    if file.is_dir():
        raise UsageError(f"{file} is a folder; netopt export writes one file")
    if os.path.lexists(file) and not force:
        raise UsageError(f"{file} exists already; add --force to replace it")


def _refuse_for_data(policy: str | None, scenario: Scenario, name: str) -> None:
    """Raise UsageError where something is asked for that only a model holds."""
    if policy is not None:
        raise UsageError(
            f"{name} holds the data of an instance, to which any policy may be applied: leave --policy out"
        )
    of_models = {"--formal-share", "--no-leakage", "--fix-sites"} & set(words_of(scenario))
    if of_models:
        raise UsageError(f"{min(of_models)} is a choice of a plan, not of the data that {name} holds")


def _export_model(
    console: Console,
    instance: Instance,
    file: Path,
    name: str,
    policy: str | None,
    scenario: Scenario,
    *,
    dry_run: bool,
) -> int:
    from netopt.pipeline import whole_model  # noqa: PLC0415 - heavy
    from netopt.solution.options import SolveOptions  # noqa: PLC0415 - heavy

    if policy is None:
        raise UsageError(f"a model is of an instance under a policy: add --policy to write {file.name}")
    chosen = find_policy(policy, instance)
    note_idle(console, [chosen], instance)
    options = SolveOptions(formal_share=formal_share_of(scenario), design=design_of(scenario, instance))
    form = whole_model(instance, chosen, options)
    if not dry_run:
        _write_model(form, file, name, list(_heading(instance, chosen, options)))
    n_rows, n_columns = form.shape
    n_whole = int(form.is_integer.sum())
    verb = "would hold" if dry_run else "holds"
    text = (
        f"{file} {verb} the whole model of {instance.name} under {chosen.name}, every arc listed: "
        f"{n_rows:,} rows, {n_columns:,} columns ({n_whole:,} whole), {form.matrix.nnz:,} coefficients; "
        f"its least objective is the {chosen.perspective} cost in CNY a year"
    )
    sizes = {"n_rows": n_rows, "n_columns": n_columns, "n_integer": n_whole, "n_nonzeros": form.matrix.nnz}
    content = {**_said(file, name, dry_run=dry_run), **sizes, "unit": "CNY/yr", "every_arc_listed": True}
    digests = {"instance": instance.digest, "policy": chosen.digest}
    console.result(text, {**content, "digests": digests})
    return SOLVED


def _said(file: Path, name: str, *, dry_run: bool) -> dict[str, Any]:
    return {"status": "dry_run" if dry_run else "written", "format": name, "paths": {"file": str(file)}}


def _heading(instance: Instance, policy: Policy, options: SolveOptions) -> Iterator[str]:
    """Yield what the head of a model's file says of it, a line each."""
    share = instance.settings.leakage.formal_share if options.formal_share is None else options.formal_share
    yield f"netopt: the whole model of {instance.name} under the policy {policy.name}; every arc is listed."
    yield f"Minimise {policy.perspective} cost in CNY a year, constant included. Formal share {share:g}."
    if options.design is not None:
        yield f"Only tonnes may be re-routed: {options.design}."
    yield f"Instance {instance.digest}"
    yield f"Policy   {policy.digest}"


def _write_model(form: StandardForm, file: Path, name: str, heading: list[str]) -> None:
    """Write a model with its heading; the file appears whole or not at all."""
    from netopt.backends.highs import write_form  # noqa: PLC0415 - heavy
    from netopt.solution.staging import draft_beside, move_into  # noqa: PLC0415 - heavy

    said = "".join(f"{MODELS[name]}{_ascii(line)}\n" for line in heading).encode("ascii")
    with draft_beside(file) as draft:
        bare, whole = draft / f"bare.{name}", draft / "whole" / file.name
        whole.parent.mkdir()
        write_form(form, bare)
        content = said + bare.read_bytes()
        bare.unlink()
        if file.name.casefold().endswith(".gz"):
            content = gzip.compress(content, mtime=0)
        whole.write_bytes(content)
        with uninterrupted():
            move_into(whole.parent, file.parent)


def _ascii(text: str) -> str:
    """Return a text in printable ASCII on one line, for readers of models that expect no more."""
    return re.sub(r"[^\x20-\x7e]", "?", text)


def _export_data(console: Console, instance: Instance, file: Path, name: str, *, dry_run: bool) -> int:
    from netopt.data.formats.registry import WRITERS, write  # noqa: PLC0415 - heavy
    from netopt.solution.staging import draft_beside, move_into  # noqa: PLC0415 - heavy

    if not dry_run:
        with draft_beside(file) as draft:
            write(name, instance, draft / file.name)
            with uninterrupted():
                move_into(draft, file.parent)
    verb = "would hold" if dry_run else "holds"
    text = f"{file} {verb} the data of {instance.name} ({WRITERS[name].title})"
    console.result(text, {**_said(file, name, dry_run=dry_run), "digests": {"instance": instance.digest}})
    return SOLVED
