"""Images inside a text as base64 leave a placeholder, and no base64."""

import pytest

from content.checklist import images_not_taken_over
from content.markup import plain_text, render_comment, render_post
from tests.cpu import cpu_seconds_under

DATA = "data:image/png;base64," + "iVBORw0KGgo" * 20
SHORT = "data:image/png;base64,AAAA"


@pytest.mark.parametrize("render", [render_post, render_comment])
@pytest.mark.parametrize("data", [DATA, SHORT, DATA.replace("data", "DATA")])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x]({})", "image not taken over: x"),
        ("![]({}) a", "image not taken over a"),
        ('![]({} "t")', "image not taken over"),
        ("![][i]\n\n[i]: <{}>", "image not taken over"),
        ("![i]\n\n[i]: {}", "image not taken over: i"),
        ("[x]({}) a", "x image not taken over a"),
        ("[![x]({})](/a)", "image not taken over: x"),
        ("- ![x]({})", "image not taken over: x"),
    ],
)
def test_an_image_inside_the_text_leaves_a_placeholder(render, data, text, shown):
    html = render(text.format(data))
    assert plain_text(html) == shown
    assert "base64" not in html and "src" not in html


@pytest.mark.parametrize("data", [DATA, SHORT])
def test_an_img_tag_leaves_the_same_placeholder(data):
    html = render_post(f'a <img src="{data}" alt="x"> b\n\n<figure><img src={data}></figure>')
    assert plain_text(html) == "a image not taken over: x b image not taken over"
    assert images_not_taken_over(html) == 2


@pytest.mark.parametrize(
    "text", ["{}", "<{}>", "![x]({} a b)", '<iframe src="{}">', '<a href="{}">x</a>', "<b>{}</b>"]
)
def test_base64_in_other_places_is_shortened(text):
    html = render_post(text.format(DATA))
    assert "iVBORw" not in html
    assert plain_text(html)


def test_base64_in_a_text_beyond_the_limits_is_shortened():
    assert "iVBORw" not in render_post(f"![a]({DATA})\n\n" + "a|" * 40_000 + "\n" + "-|" * 40_000)


def test_code_and_other_data_stay_as_typed():
    assert DATA in render_post(f"`{DATA}`")
    assert (
        plain_text(render_post("[a](data:b) about base64, data:"))
        == "[a](data:b) about base64, data:"
    )


@pytest.mark.parametrize(
    "unit", [f"![x]({SHORT})", "data:a/b;", "data:image/png;base64,", "data:a/"]
)
def test_no_data_makes_a_text_slow(unit):
    with cpu_seconds_under(5):
        render_post(unit * (20_000 // len(unit)))
