"""Uploading of pictures from the editor."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from django.views.generic import View

from posts.writing.forms import ImageForm
from posts.writing.uploads import image_markdown, store_image


@method_decorator(require_POST, name="dispatch")
class ImageUpload(LoginRequiredMixin, View):
    """Keep one picture and answer the Markdown that shows it, or why it was refused (422)."""

    answers_json = True

    def post(self, request: HttpRequest) -> JsonResponse:
        form = ImageForm(request.POST, request.FILES)
        if not form.is_valid():
            errors = [str(error) for messages in form.errors.values() for error in messages]
            return JsonResponse({"error": " ".join(errors)}, status=422)
        name = store_image(form.cleaned_data["image"], request.user)
        return JsonResponse(
            {"markdown": image_markdown(name, form.cleaned_data["alt"])}, status=201
        )
