"""Laws of editing: the new text means the change and nothing else, and says everything else as before."""

from __future__ import annotations

import json
import re

import json5
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import edit
from config.paths import Path
from config.positions import Mark, scan
from tests.config import json5_texts as texts
from tests.support.examples import examples

TOKEN = re.compile(r"(?P<space>//[^\n\r\u2028\u2029]*|/\*.*?\*/)|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|.", re.DOTALL)
SPACE = " \t\r\n\u00a0\ufeff\u2028\u2029"

relaxed = settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
REFUSED = object()


def expected(document: object, path: Path, value: object) -> object:
    try:
        return texts.with_value(document, path, value)
    except texts.RefusedError:
        return REFUSED


@relaxed
@given(data=st.data(), text=texts.files(), value=texts.VALUES)
def test_setting_means_exactly_that(data: st.DataObject, text: str, value: object) -> None:
    document = json5.loads(text)
    path = data.draw(texts.paths_to_set(document))
    wanted = expected(document, path, value)
    if wanted is REFUSED or not isinstance(wanted, dict):
        try:
            edit.set_value(text, path, value)
        except edit.CannotEditError:
            return
        raise AssertionError("this place cannot be set")
    found = edit.set_value(text, path, value)
    assert texts.strict(json5.loads(found)) == texts.strict(wanted)
    assert scan(found).faults == ()


def comments_of(text: str) -> list[tuple[int, str]]:
    return [
        (token.start(), token.group())
        for token in TOKEN.finditer(text)
        if token.lastgroup == "space" and token.group().startswith("/")
    ]


@relaxed
@given(data=st.data(), text=texts.files(), value=texts.SCALARS | st.just([]) | st.just({"a": ["x"]}))
def test_setting_touches_only_the_value_or_the_place_of_the_new_entry(
    data: st.DataObject, text: str, value: object
) -> None:
    document = json5.loads(text)
    path = data.draw(texts.paths_to_set(document))
    try:
        patch = edit.patch(text, path, value)
    except edit.CannotEditError:
        return
    new = patch.apply(text)
    assert new == text[: patch.start] + patch.replacement + text[patch.end :]
    mark = mark_at(scan(text).root, path)
    if mark is not None:
        assert not patch.changes or mark.start <= patch.start <= patch.end <= mark.end
    else:
        # Nothing is taken away by an addition, white space inside an empty container aside.
        old = text[patch.start : patch.end]
        assert not old.strip(SPACE) or patch.replacement.startswith("," + old)
        assert [comment for _, comment in comments_of(new)] == [comment for _, comment in comments_of(text)]
    assert (
        edit.patch(new, path, value) == edit.Patch(patch.start, patch.start, "")
        or not edit.patch(new, path, value).changes
    )


def mark_at(mark: Mark | None, path: Path) -> Mark | None:
    for key in path:
        if mark is None:
            return None
        found = mark.children.get(key)
        if found is None:
            other = int(key) if isinstance(key, str) and key.isdecimal() else str(key)
            found = mark.children.get(other)
        mark = found
    return mark


@relaxed
@given(data=st.data(), text=texts.files())
def test_unsetting_means_exactly_that(data: st.DataObject, text: str) -> None:
    document = json5.loads(text)
    paths = texts.paths_of(document)[1:]
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    patch = edit.patch_unset(text, path)
    new = patch.apply(text)
    assert texts.strict(json5.loads(new)) == texts.strict(texts.without(document, path))
    assert scan(new).faults == ()
    # The only comments that go are those within the entry and those on its lines.
    mark = mark_at(scan(text).root, path)
    assert mark is not None
    start = mark.start if mark.key is None else mark.key
    kept = [comment for at, comment in comments_of(text) if not belongs(text, at, comment, start, mark.end)]
    left = [comment for _, comment in comments_of(new)]
    assert is_subsequence(kept, left)


@relaxed
@given(data=st.data(), text=texts.files())
def test_what_stays_the_same_in_a_container_keeps_its_comments(data: st.DataObject, text: str) -> None:
    document = json5.loads(text)
    path = data.draw(st.sampled_from(texts.paths_of(document)))
    value = data.draw(texts.similar(texts.at(document, path)))
    if not path and not isinstance(value, dict):
        return
    patch = edit.patch(text, path, value)
    assert texts.strict(json5.loads(patch.apply(text))) == texts.strict(texts.with_value(document, path, value))
    mark = mark_at(scan(text).root, path)
    assert mark is not None
    assert not patch.changes or mark.start <= patch.start <= patch.end <= mark.end


def belongs(text: str, at: int, comment: str, start: int, end: int) -> bool:
    between = text[at + len(comment) : start] if at < start else text[end:at]
    return not any(character in between for character in "\n\r\u2028\u2029")


def is_subsequence(some: list[str], all_: list[str]) -> bool:
    rest = iter(all_)
    return all(item in rest for item in some)


@relaxed
@given(data=st.data(), text=texts.files())
def test_pruning_takes_only_objects_that_would_be_empty(data: st.DataObject, text: str) -> None:
    document = json5.loads(text)
    paths = [path for path in texts.paths_of(document)[1:] if len(path) > 1]
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    found = texts.strict(json5.loads(edit.unset(text, path, prune=True)))
    candidates = [texts.strict(texts.without(document, path))]
    while len(path) > 1:
        parent = texts.at(document, path[:-1])
        if not isinstance(parent, dict) or len(parent) > 1 or not isinstance(path[-2], str):
            break
        path = path[:-1]
        candidates.append(texts.strict(texts.without(document, path)))
    assert found in (candidates if comments_of(text) else candidates[-1:])


@relaxed
@given(data=st.data(), document=texts.JSON_FILES, value=texts.VALUES, indent=st.sampled_from([None, 2, 4, "\t"]))
def test_a_machine_written_file_stays_as_the_machine_would_write_it(
    data: st.DataObject, document: dict[str, object], value: object, indent: int | str | None
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False) + "\n"
    path = data.draw(texts.paths_to_set(document))
    wanted = expected(document, path, value)
    if wanted is REFUSED or not isinstance(wanted, dict):
        return
    found = edit.set_value(text, path, value)
    assert texts.strict(json.loads(found)) == texts.strict(wanted)
    known = texts.paths_of(document)
    if indent is not None and path not in known and (indent == 2 or document):
        assert unescaped(found) == unescaped(json.dumps(wanted, indent=indent, ensure_ascii=False) + "\n")
    paths = texts.paths_of(wanted)[1:]
    if paths:
        path = data.draw(st.sampled_from(paths))
        assert texts.strict(json.loads(edit.unset(found, path))) == texts.strict(texts.without(wanted, path))


def unescaped(text: str) -> str:
    for raw in "\u2028\u2029\ufeff":
        text = text.replace(raw, f"\\u{ord(raw):04x}")
    return text


@relaxed
@given(data=st.data(), text=texts.files(), value=texts.VALUES)
def test_an_appended_or_new_entry_can_be_taken_back(data: st.DataObject, text: str, value: object) -> None:
    document = json5.loads(text)
    path = data.draw(texts.paths_to_set(document))
    try:
        texts.at(document, path)
    except texts.RefusedError:
        parent = path[:-1]
        if parent not in texts.paths_of(document):
            return
        try:
            new = edit.set_value(text, path, value)
        except edit.CannotEditError:
            return
        assert texts.strict(json5.loads(edit.unset(new, path))) == texts.strict(document)


@relaxed
@given(data=st.data(), text=texts.files(), values=st.lists(texts.VALUES, min_size=2, max_size=4))
def test_several_edits_are_the_edits_one_by_one(data: st.DataObject, text: str, values: list[object]) -> None:
    edits: list[edit.Set | edit.Unset] = []
    document, single = json5.loads(text), text
    for value in values:
        path = data.draw(texts.paths_to_set(document))
        try:
            single = edit.set_value(single, path, value)
        except edit.CannotEditError:
            continue
        document = json5.loads(single)
        edits.append(edit.Set(path, value))
    assert edit.apply(text, edits) == single


@relaxed
@given(text=st.text(st.sampled_from("{}[]:,'\"\\/*+-0x1eE.\n abNaInfinity$_\u2028"), max_size=40))
def test_a_text_that_is_no_config_file_is_refused_or_edited_right(text: str) -> None:
    try:
        new = edit.set_value(text, ("a",), 1)
    except edit.CannotEditError:
        return
    assert json5.loads(new)["a"] == 1
