"""The form field for images."""

from io import BytesIO

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from content.fields import ACCEPTED, ImageUploadField
from content.images import MadeImage


class OptionalForm(forms.Form):
    image = ImageUploadField(required=False)


class RequiredForm(forms.Form):
    image = ImageUploadField()


def file(data: bytes, name: str = "a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def encoded(kind: str, size: tuple[int, int] = (4, 3)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, "blue").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_the_cleaned_value_of_an_image_is_ready_to_be_stored(kind):
    form = RequiredForm({}, {"image": file(encoded(kind), "wrong.txt")})
    assert form.is_valid()
    made = form.cleaned_data["image"]
    assert isinstance(made, MadeImage)
    assert (made.width, made.height, list(made.files)) == (4, 3, [made.name])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The submitted file is empty."),
        (b"text", "This file type isn't supported. Use JPEG, PNG, WebP, GIF or AVIF."),
        (
            encoded("BMP"),
            "This file type isn't supported. Use JPEG, PNG, WebP, GIF or AVIF.",
        ),
        (encoded("PNG")[:50], "This image can't be read. The file is damaged or incomplete."),
        (
            encoded("GIF", (12_001, 1)),
            "This image is over 12,000 pixels wide or high. Resize it.",
        ),
        (b"x" * (10 * 1024 * 1024 + 1), "This image is over 10 MB. Use a smaller file."),
    ],
)
@pytest.mark.parametrize("form_class", [OptionalForm, RequiredForm])
def test_a_file_that_is_refused_says_why_in_a_sentence(form_class, data, message):
    form = form_class({}, {"image": file(data)})
    assert form.errors == {"image": [message]}


def test_a_refused_image_has_its_own_error_code():
    form = RequiredForm({}, {"image": file(b"text")})
    assert form.errors.as_data()["image"][0].code == "refused"


@pytest.mark.parametrize("data", [{}, {"image": ""}, {"image": "text"}])
def test_no_image_is_none_or_an_error(data):
    form = OptionalForm(data, {})
    assert form.is_valid() and form.cleaned_data["image"] is None
    assert not form.has_changed()
    assert RequiredForm(data, {}).errors == {"image": ["This field is required."]}


def test_a_chosen_file_is_a_change():
    assert OptionalForm({}, {"image": file(encoded("PNG"))}).has_changed()


def test_browsers_offer_the_kinds_that_are_taken():
    assert f'<input type="file" name="image" accept="{ACCEPTED}"' in str(OptionalForm()["image"])
