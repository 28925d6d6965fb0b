"""Reads the demo's texts and templates, which ship as package data in `site/`."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from worker.demo.content import DemoArticle, Edit, Furniture, Kind, Outlet, TitleStyle

_OUTLETS = ("courier", "morgenblatt", "quai", "faro", "vestnik")
_SITE = files("worker.demo") / "site"


@cache
def template(name: str) -> Template:
    """Return a page template of the demo site."""
    return Template((_SITE / name).read_text(encoding="utf-8"))


@cache
def load_outlets() -> tuple[Outlet, ...]:
    """Return the whole site as written, copies filled in from their originals."""
    written = [tomllib.loads((_SITE / f"{name}.toml").read_text(encoding="utf-8")) for name in _OUTLETS]
    originals = {
        article.path: article
        for one in written
        for article in (_article(one["outlet"], w) for w in one["articles"] if "copy_of" not in w)
    }
    return tuple(_outlet(one, originals) for one in written)


def _outlet(written: dict[str, Any], originals: dict[str, DemoArticle]) -> Outlet:
    about = dict(written["outlet"])
    prefix = about["prefix"]
    articles = tuple(
        _copy(prefix, w, originals[w["copy_of"]]) if "copy_of" in w else originals[prefix + w["path"]]
        for w in written["articles"]
    )
    about["feed_path"] = prefix + about["feed_path"]
    return Outlet(**about, furniture=_furniture(written["furniture"]), articles=articles)


def _furniture(written: dict[str, Any]) -> Furniture:
    lists = {name: tuple(written[name]) for name in ("trending", "comments")}
    return Furniture(**{**written, **lists})


def _copy(prefix: str, written: dict[str, Any], original: DemoArticle) -> DemoArticle:
    hours = written["hours_ago"]
    return replace(original, path=prefix + written["path"], hours_ago=hours, updated_hours_ago=hours)


def _article(outlet: dict[str, Any], written: dict[str, Any]) -> DemoArticle:
    path = outlet["prefix"] + written["path"]
    rest = {name: value for name, value in written.items() if name not in ("path", "body", "edit")}
    defaults = {"language": outlet["language"], "charset": outlet["charset"]}
    typed = {
        "kind": Kind(written.get("kind", Kind.ARTICLE)),
        "title_style": TitleStyle(written.get("title_style", TitleStyle.PLAIN)),
        "edit": Edit(**written["edit"]) if "edit" in written else None,
    }
    return DemoArticle(
        path=path,
        canonical_path=path,
        paragraphs=tuple(written["body"].strip().split("\n\n")),
        updated_hours_ago=written["hours_ago"],
        **{**defaults, **rest, **typed},
    )
