from django.urls import path

from posts import views

app_name = "posts"

urlpatterns = [
    path("", views.PostList.as_view(), name="post_list"),
    path("create/", views.PostCreate.as_view(), name="post_create"),
    path("<int:pk>/", views.PostDetail.as_view(), name="post_short"),
    path("<int:pk>-<str:slug>/", views.PostDetail.as_view(), name="post_detail"),
    path("<int:pk>/update/", views.PostUpdate.as_view(), name="post_update"),
    path("<int:pk>/delete/", views.PostDelete.as_view(), name="post_delete"),
]
