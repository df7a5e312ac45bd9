"""The main pages are Django's generic views. Those that change a post have a permission mixin."""

import pytest
from django.contrib.auth.mixins import AccessMixin
from django.urls import resolve, reverse
from django.views.generic import CreateView, DeleteView, DetailView, ListView, UpdateView


@pytest.mark.parametrize(
    ("name", "arguments", "generic", "is_protected"),
    [
        ("post_list", {}, ListView, False),
        ("post_detail", {"pk": 1, "slug": "a"}, DetailView, False),
        ("post_create", {}, CreateView, True),
        ("post_update", {"pk": 1}, UpdateView, True),
        ("post_delete", {"pk": 1}, DeleteView, True),
    ],
)
def test_a_main_page_is_the_generic_view_of_its_kind(name, arguments, generic, is_protected):
    view = resolve(reverse(f"posts:{name}", kwargs=arguments)).func.view_class
    assert issubclass(view, generic)
    assert issubclass(view, AccessMixin) == is_protected
