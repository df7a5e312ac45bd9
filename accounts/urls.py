from django.urls import include, path

from accounts import (
    approval_views,
    email_views,
    invitation_views,
    site_settings,
    start_views,
    username_change,
    views,
)

app_name = "accounts"

auth = [
    path("register/", views.Register.as_view(), name="register"),
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", views.Logout.as_view(), name="logout"),
    path("account/", views.Account.as_view(), name="account"),
    path("invitations/", invitation_views.InvitationList.as_view(), name="invitation_list"),
    path(
        "invitations/<int:number>/revoke/",
        invitation_views.InvitationRevoke.as_view(),
        name="invitation_revoke",
    ),
    path("invite/<token>/", invitation_views.InvitationAccept.as_view(), name="invitation_accept"),
    path("waiting/", approval_views.WaitingList.as_view(), name="waiting_list"),
    path(
        "waiting/<int:number>/approve/",
        approval_views.AccountApprove.as_view(),
        name="account_approve",
    ),
    path(
        "waiting/<int:number>/refuse/",
        approval_views.AccountRefuse.as_view(),
        name="account_refuse",
    ),
    path("username/", username_change.UsernameChange.as_view(), name="username_change"),
    path(
        "unsaved-texts/<int:number>/discard/",
        views.UnsavedTextDiscard.as_view(),
        name="unsaved_text_discard",
    ),
    path("email/change/", email_views.EmailChange.as_view(), name="email_change"),
    path("email/send/", email_views.EmailLinkSend.as_view(), name="email_link_send"),
    path("email/cancel/", email_views.EmailChangeCancel.as_view(), name="email_change_cancel"),
    path(
        "email/confirm/<int:pk>/<token>/",
        email_views.EmailConfirm.as_view(),
        name="email_confirm",
    ),
    path("password/change/", views.PasswordChange.as_view(), name="password_change"),
    path("password/reset/", views.PasswordReset.as_view(), name="password_reset"),
    path("password/reset/sent/", views.PasswordResetDone.as_view(), name="password_reset_done"),
    path(
        "password/reset/<uidb64>/<token>/",
        views.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
]

urlpatterns = [
    path("auth/", include(auth)),
    path("start/<token>/", start_views.Start.as_view(), name="start"),
    path("settings/", site_settings.Settings.as_view(), name="settings"),
]
