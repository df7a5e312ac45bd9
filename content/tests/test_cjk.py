"""Chinese, Japanese and Korean: emphasis beside punctuation, and line ends without spaces."""

import pytest

from content.markup import render_comment, render_post


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("今日は良い\n天気です", "今日は良い天気です"),
        ("今日**は**\n**良**い", "今日<strong>は</strong><strong>良</strong>い"),
        ("`今`\n日", "<code>今</code>日"),
        ("中文，\n中文", "中文，中文"),
        ("foo\nbar", "foo\nbar"),
        ("今日は\nfoo", "今日は\nfoo"),
        ("foo\n今日は", "foo\n今日は"),
        ("한국어\n조선", "한국어\n조선"),
        ("🎉\n🎉", "🎉\n🎉"),
        ("今  \n日", "今<br>\n日"),
    ],
)
@pytest.mark.parametrize("render", [render_post, render_comment])
def test_a_line_end_between_chinese_or_japanese_adds_no_space(render, typed, html):
    assert render(typed) == f"<p>{html}</p>\n"


@pytest.mark.parametrize("typed", ["今\n![日](/a)", "![日](/a)\n今"])
def test_a_line_end_beside_an_image_stays(typed):
    assert "\n" in render_post(typed).strip()


def test_a_line_end_in_an_alt_text_adds_no_space():
    assert 'alt="今日"' in render_post("![今\n日](/a)")


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("**重要。**重要", "<strong>重要。</strong>重要"),
        ("**注意!**文", "<strong>注意!</strong>文"),
        ("*注意!*文", "<em>注意!</em>文"),
        ("~~重要。~~重要", "<s>重要。</s>重要"),
        ("**한국어(Korean)**을", "<strong>한국어(Korean)</strong>을"),
        ("是**“重点”**的", "是<strong>“重点”</strong>的"),
        ("x**「中」**y", "x<strong>「中」</strong>y"),
        ("日本**(a)**語", "日本<strong>(a)</strong>語"),
        ("a*重*b", "a<em>重</em>b"),
        ("_重要。_重要", "_重要。_重要"),
        ("** 重要 **重", "** 重要 **重"),
        ("**重要**", "<strong>重要</strong>"),
        # As in CommonMark.
        ("**Note!**text", "**Note!**text"),
        ('a*"foo"*', 'a*"foo"*'),
    ],
)
@pytest.mark.parametrize("render", [render_post, render_comment])
def test_emphasis_works_beside_punctuation(render, typed, html):
    assert render(typed) == f"<p>{html}</p>\n"
