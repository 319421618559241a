"""What a program's output means: plain text, JSON lines, parts, files; and no output breaks the reading of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agents.command_output import MAX_OUTPUT, Output, OutputError, Part, line_of


def read(output: str | bytes) -> tuple[list[Part], Part]:
    """The parts that go out at once, and what is left at the end."""
    reader = Output()
    data = output.encode("utf-8", "surrogatepass") if isinstance(output, str) else output
    return list(reader.feed(data)), reader.finish()


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("hello", "hello"),
        ("hello\n", "hello"),
        ("\n\nhello\n\n", "hello"),
        ("  indented\n  too\n", "  indented\n  too"),
        ("two\n\nparagraphs\n", "two\n\nparagraphs"),
        ("", ""),
        ("\n\n", ""),
        ('{"text": "hi"}\n', "hi"),
        ('{"text": "one"}\n\n{"text": "two"}\n', "one\n\ntwo"),
        ('{"text": "hi", "media": []}', "hi"),
        ('{"text": "hi", "media": null, "final": null, "other": 1}', "hi"),
        ('{"text": "with\\nnewline"}', "with\nnewline"),
        ('{"text": "a\u2028b\u0085c"}\n{"text": "d\u2029e"}\n', "a\u2028b\u0085c\n\nd\u2029e"),
        ('{"text": ""}', ""),
        ('{"text": null}', ""),
        ('{\n  "text": "hi"\n}\n', "hi"),
        ('{\r\n  "text": "hi",\r\n  "media": []\r\n}\r\n', "hi"),
        ('\n{\n  "text": "one"\n}\n\n{\n  "text": "two"\n}\n{"text": "three"}', "one\n\ntwo\n\nthree"),
        ('{"text":\n"hi"}', "hi"),
        ('{\n"other": {\n},\n"text": "hi"\n}', "hi"),
        ('{\n  "note": "x"\n}\n', '{\n  "note": "x"\n}'),
        ("{\n  body\n}\nplain\n", "{\n  body\n}\nplain"),
        ('{\n  "text": "hi"\n}\nplain', '{\n  "text": "hi"\n}\nplain'),
        ('{\n  "text": "hi"\n', '{\n  "text": "hi"'),
        ('\ufeff{"text": "hi"}\n{"text": "you"}', "hi\n\nyou"),
        ('\ufeff{\n  "text": "hi"\n}', "hi"),
        ("\ufeffhello\n", "hello"),
        ('You are +1, and you said: {"text": 5}\n', 'You are +1, and you said: {"text": 5}'),
        ('{"note": "x"}', '{"note": "x"}'),
        ('{"text": "one"}\nplain', '{"text": "one"}\nplain'),
        ('plain\n{"text": "one", "final": false}', 'plain\n{"text": "one", "final": false}'),
        ("{not json", "{not json"),
        ("{}", "{}"),
        ("[1, 2]", "[1, 2]"),
        ("5", "5"),
        ('  {"text": "hi"}  \r\n', "hi"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_plain_text_stays_as_it_is_and_json_lines_are_read(output: str, text: str) -> None:
    assert read(output) == ([], Part(text))


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (b" \t \n  ", ""),
        (b'{"text": "  "}', "  "),
        (b"caf\xe9", "caf\ufffd"),
        (b'{"text": "caf\xe9"}', "caf\ufffd"),
        (b'{"text": "a\\ud800b"}', "a\ufffdb"),
        (b'{"text": "\\ud83d\\ude00"}', "\U0001f600"),
        ("\u200d".encode() * 100_000, "\u200d" * 100_000),
        (b"\0\1", "\0\1"),
    ],
)
def test_odd_output_always_means_the_same(output: bytes, text: str) -> None:
    assert read(output) == ([], Part(text))
    assert read(output) == ([], Part(text))


def test_an_object_over_several_lines_may_be_a_part() -> None:
    texts: list[dict[str, object]] = [{"text": "one", "final": False}, {"text": "two", "media": ["/a"]}]
    output = "\n".join(json.dumps(one, indent=2) for one in texts)
    assert read(output) == ([Part("one")], Part("two", ("/a",)))
    reader = Output()
    assert list(reader.feed(b'{\n  "text": "all",\n  "final": true\n}\nplain\n')) == []
    assert (reader.complete, reader.finish()) == (True, Part("all"))


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ('{"text": 5}', 1),
        ('{"text": "x"}\n{"text": ["x"]}\n', 2),
        ('{\n  "text": "x"\n}\n{\n  "text": {}\n}\n', 4),
        ('{"text":\nfalse}', 1),
        ('{"text": "x",\n"media": 5}', 1),
    ],
)
def test_a_wrong_type_is_told_with_its_line(output: str, line: int) -> None:
    with pytest.raises(OutputError, match=f"line {line} of its output: (text must be a string|media must be)"):
        read(output)


def test_a_byte_order_mark_may_come_in_pieces() -> None:
    reader = Output()
    for byte in b'\xef\xbb\xbf{"text": "hi", "final": false}\n':
        for part in reader.feed(bytes([byte])):
            assert part == Part("hi")
    assert reader.finish() == Part()


def test_files_come_as_a_path_or_a_list() -> None:
    output = '{"text": "see", "media": "/a"}\n{"media": ["/b", "c d"]}\n'
    assert read(output) == ([], Part("see", ("/a", "/b", "c d")))


def test_a_finished_part_takes_along_what_was_gathered_before_it() -> None:
    lines = [
        '{"text": "one"}',
        '{"text": "two", "media": "/a", "final": false}',
        '{"text": "three", "final": false}',
        '{"text": "four"}',
    ]
    assert read("\n".join(lines)) == ([Part("one\n\ntwo", ("/a",)), Part("three")], Part("four"))


def test_a_part_without_a_line_end_is_the_end_of_the_answer() -> None:
    assert read('{"text": "one", "final": false}') == ([], Part("one"))


def test_a_line_may_say_no_more_than_that_a_part_is_finished() -> None:
    assert read('{"text": "one"}\n{"final": false}\n{"text": "two"}\n') == ([Part("one")], Part("two"))


def test_behind_the_end_nothing_is_read() -> None:
    reader = Output()
    assert not reader.complete
    parts = list(reader.feed(b'{"text": "one"}\n{"text": "two", "final": true}\nplain\n{"text": "three"}\n'))
    assert (parts, reader.complete) == ([], True)
    assert list(reader.feed(b"x" * (MAX_OUTPUT + 1))) == []
    assert reader.finish() == Part("one\n\ntwo")


def test_what_is_no_answer_after_a_part_is_an_error_that_names_the_line() -> None:
    reader = Output()
    assert list(reader.feed(b'{"text": "one", "final": false}\n')) == [Part("one")]
    with pytest.raises(OutputError, match="line 2 of its output is no JSON object"):
        list(reader.feed(b"plain\n"))
    reader = Output()
    list(reader.feed(b'{"text": "one", "final": false}\n\nplain'))
    with pytest.raises(OutputError, match="line 3"):
        reader.finish()
    reader = Output()
    list(reader.feed(b'{"text": "one", "final": false}\n{\n"text": "broken'))
    with pytest.raises(OutputError, match="line 2"):
        reader.finish()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"text": "x", "media": 5}', "media must be a path"),
        ('{"text": "x", "media": [5]}', "media must be a path"),
        ('{"text": "x", "media": ""}', "media must be a path"),
        ('{"text": "x", "media": [" "]}', "media must be a path"),
        ('{"text": "x", "media": "a\\u0000b"}', "media must be a path"),
        ('{"text": "x", "media": "\\ud800"}', "media must be a path"),
        ('{"text": "x", "media": {"a": 1}}', "media must be a path"),
        ('{"text": 5}', "text must be a string"),
        ('{"text": "x", "final": "yes"}', "final must be true or false"),
        ('{"text": "x", "final": 0}', "final must be true or false"),
    ],
)
def test_a_key_of_the_wrong_type_is_an_error(line: str, why: str) -> None:
    with pytest.raises(OutputError, match=f"line 7 of its output: {why}"):
        line_of(line, 7)


def test_four_megabytes_are_the_most() -> None:
    assert MAX_OUTPUT == 4 * 1024 * 1024
    assert len(read(b"x" * MAX_OUTPUT)[1].text) == MAX_OUTPUT
    for output in (b"x" * (MAX_OUTPUT + 1), b'{"text": "%b"}' % (b"x" * 5_000_000)):
        with pytest.raises(OutputError, match="more than 4 MiB"):
            read(output)


def test_the_limit_counts_parts_that_went_out() -> None:
    reader = Output(most=100)
    list(reader.feed(b'{"text": "one", "final": false}\n' * 3))
    with pytest.raises(OutputError):
        list(reader.feed(b'{"text": "one", "final": false}\n'))


@given(st.lists(st.binary(max_size=40)))
def test_no_output_breaks_the_reading_of_it(pieces: list[bytes]) -> None:
    reader = Output()
    for piece in pieces:
        assert list(reader.feed(piece)) == []
    assert isinstance(reader.finish().text, str)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4), st.booleans())
def test_any_text_comes_back_from_json_lines(texts: list[str], ascii_only: bool) -> None:
    output = "".join(json.dumps({"text": text}, ensure_ascii=ascii_only) + "\n" for text in texts)
    assert read(output) == ([], Part("\n\n".join(texts)))


LINES = st.lists(
    st.fixed_dictionaries({"text": st.text(max_size=8)}, optional={"media": st.just("/a"), "final": st.booleans()}),
    max_size=6,
)


@given(LINES, st.lists(st.integers(1, 7), min_size=1), st.sampled_from([None, 2]))
def test_it_does_not_matter_how_the_output_is_cut_into_pieces(
    lines: list[dict[str, object]], sizes: list[int], indent: int | None
) -> None:
    output = "".join(json.dumps(line, indent=indent) + "\n" for line in lines).encode()
    reader, at, number = Output(), 0, 0
    parts: list[Part] = []
    while at < len(output):
        size = sizes[number % len(sizes)]
        parts += reader.feed(output[at : at + size])
        at, number = at + size, number + 1
    assert (parts, reader.finish()) == read(output)
