"""Front matter: what counts as such, its values, and that readers never see it."""

import pytest

from content.front_matter import BLOCK_LIMIT, Known, known, split, without_front_matter
from content.markup import plain_text, render_post, render_preview
from tests.cpu import cpu_seconds_under

YAML = '---\ntitle: "T"\ntags: [a, b]\ndate: 2024-01-02\n---\n'
TOML = '+++\ntitle = "T"\ntags = ["a", "b"]\n# note\ndate = 2024-01-02\n+++\n'
JSON = '{\n  "title": "T",\n  "tags": ["a", "b"],\n  "date": "2024-01-02"\n}\n'


@pytest.mark.parametrize("block", [YAML, TOML, JSON])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_front_matter_is_not_shown_and_has_values(block, mark, line_end):
    text = f"{mark}{block}\n*Text*".replace("\n", line_end)
    assert render_post(text) == "<p><em>Text</em></p>\n"
    found = split(text)
    assert (found.block, found.text) == (block, "\n*Text*")
    assert known(found.values) == (Known("T", ("a", "b"), "2024-01-02"), {})


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nText",
        "---\n\nnote: text\n\n---\n\nText",
        "---\nText\n---\n",
        "---\n- a\n- b\n---\n",
        "---\nText: with a key: twice\nand a line\n---\n",
        "---\nA sentence with a colon: here\n---\n",
        "---\n1: a\n---\n",
        "---\ntitle: a\n",
        "---\ntitle: a\n----\n",
        " ---\ntitle: a\n---\n",
        "\n---\ntitle: a\n---\n",
        "a\n\n---\ntitle: b\n---\n",
        "---\n: a\n  b\n---\n",
        "+++\na\n+++\n",
        "+++\n# a\n+++\n",
        "+++\n\na = 1\n+++\n",
        '{"a": 1}\n',
        "{a}\n",
        '{"title": 1} a',
        "{" * 10,
        '{"title": ' + "[" * 9_000,
        '{"title": "\\ud800"}\n',
        f"+++\na = {'1' * 5_000}\n+++\n",
        f"+++\na = 0x{'f' * 5_000}\n+++\n",
        f"+++\na{'.a' * 4_000} = 1\n+++\n",
        f"---\n%YAML {'1' * 5_000}.1\na: b\n---\n",
        f"---\ntitle: {'a' * BLOCK_LIMIT}\n---\n",
        "",
    ],
)
def test_other_text_is_shown(text):
    assert split(text) is None
    assert without_front_matter(text) == text


@pytest.mark.parametrize(
    ("block", "values"),
    [
        ("title: a: b\ntags:\n  - c\n\n# d\n- e\n-", {}),
        ("a: *b", {}),
        ("a: " + "[" * 2_000, {}),
        (r'a: "\UFFFFFFFF"', {}),
        (r'a: "\U00110000"', {}),
        (r'a: "\uD800"', {}),
        ("a: yes\nb: 2024-01-02T10:00:00Z\nc: 1_000\nd: ~", None),
        ("a: &a [1]\nb: *a", {}),
        ("a: '*'", {"a": "*"}),
        ("a: !!python/object/apply:os.system [ls]", {"a": ["ls"]}),
    ],
)
def test_yaml_is_read_as_strings_and_is_hidden_even_if_it_is_broken(block, values):
    found = split(f"---\n{block}\n---\nText")
    assert found.text == "Text"
    assert values is None or found.values == values
    assert all(isinstance(each, str | list) for each in found.values.values())


def test_a_block_of_aliases_makes_no_large_value():
    laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    merges = ["a0: &b0 {k: v}"]
    merges += [f"b{n}: &b{n} {{<<: [{', '.join([f'*b{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    with cpu_seconds_under(2):
        for lines in (laughs, merges):
            block = "\n".join(lines)
            assert plain_text(render_post(f"---\n{block}\n---\nText")) == "Text"
            rest = known(split(f"---\n{block}\n---\nText").values)[1]
            assert sum(map(len, rest.values())) < 100_000


def test_many_brackets_take_little_time():
    with cpu_seconds_under(0.5):
        assert split(f"---\na: '*'\nb: {'[' * 9_500}\n---\n").values == {}


@pytest.mark.parametrize(
    ("values", "expected", "rest"),
    [
        ({"title": " A\n b ", "layout": "post"}, Known("A b"), {"layout": "post"}),
        ({"tags": "a, b,,a"}, Known(tags=("a", "b")), {}),
        ({"tags": [], "categories": ["c", 1], "keywords": "k"}, Known(tags=("k", "c", "1")), {}),
        ({"tags": ["a"], "categories": ["c"]}, Known(tags=("a",)), {"categories": '["c"]'}),
        ({"summary": "S", "publishDate": "2024"}, Known(date="2024", description="S"), {}),
        ({"cover": {"image": "/a.png", "alt": "b"}}, Known(cover="/a.png"), {}),
        ({"image": {"path": "a"}}, Known(), {"image": '{"path": "a"}'}),
        (
            {"title": ["a"], "draft": True, "empty": ""},
            Known(),
            {"title": '["a"]', "draft": "true"},
        ),
    ],
)
def test_values_go_to_the_fields_of_a_post(values, expected, rest):
    assert known(values) == (expected, rest)


def test_the_preview_counts_the_lines_of_front_matter():
    assert 'data-line="6"' in render_preview(f"{YAML}\nText")


def test_a_byte_order_mark_is_not_part_of_the_text():
    assert render_post("\ufeff# A") == '<h2 id="h-a">A</h2>\n'
