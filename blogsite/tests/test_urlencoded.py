"""Parsing of urlencoded forms: the same results as Django's, but fast."""

import random
from urllib.parse import urlencode

import pytest
from django.core.exceptions import BadRequest, TooManyFieldsSent
from django.http import QueryDict

from blogsite.urlencoded import LONE_MAX, parse_form

PARTS = b"a & = + % 4 1 %41 %C3%A9 %c3 %26 %3D %25 %2B %0D%0A %ED%A0%80 %00 ; _ %% \xc3\xa9".split()
PARTS += [b"\n", b"\r", b" ", b"\t", b"%\n", b"=\r\n"]


def test_any_form_reads_as_django_reads_it():
    chosen = random.Random(6)
    for _ in range(2_000):
        body = b"".join(chosen.choices(PARTS, k=chosen.randint(0, 10)))
        assert parse_form(body) == QueryDict(body, encoding="utf-8"), body


@pytest.mark.parametrize("text", ["😀" * 1000, "100 % = all & more", "a\r\nb", ""])
def test_text_from_a_browser_arrives_as_it_was_typed(text):
    form = parse_form(urlencode({"title": text, "body": text}).encode())
    assert form.dict() == {"title": text, "body": text}


def test_a_form_can_not_be_changed():
    with pytest.raises(AttributeError):
        parse_form(b"a=1")["a"] = "2"


def test_a_form_has_a_thousand_fields_at_most(settings):
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    assert len(parse_form(b"&".join([b"a=1"] * most)).getlist("a")) == most
    with pytest.raises(TooManyFieldsSent):
        parse_form(b"&".join([b"a=1"] * (most + 1)))


def test_percent_signs_that_escape_nothing_are_taken_up_to_a_bound():
    assert parse_form(b"a=" + b"%z" * LONE_MAX)["a"] == "%z" * LONE_MAX
    with pytest.raises(BadRequest):
        parse_form(b"a=" + b"%z" * (LONE_MAX + 1))
