"""Django settings, which need no environment variable but can be changed by many.

The README's table describes each variable. An invalid value stops the start with one line.
"""

import hmac
from pathlib import Path

from django.conf.global_settings import LANGUAGES as DJANGO_LANGUAGES

from blogsite import environment, unprepared
from blogsite.secret_key import load_secret_key, make_instance_dir

# Folders ---------------------------------------------------------------------------------------

PACKAGE_DIR = Path(__file__).resolve().parent
IS_CHECKOUT = (PACKAGE_DIR.parent / "manage.py").is_file()
# A wheel has templates and static files inside the package, a checkout next to it.
ASSETS_DIR = PACKAGE_DIR.parent if IS_CHECKOUT else PACKAGE_DIR
DEFAULT_INSTANCE_DIR = PACKAGE_DIR.parent / "instance" if IS_CHECKOUT else Path("instance")
INSTANCE_DIR = environment.read(
    "INSTANCE_DIR", DEFAULT_INSTANCE_DIR, Path, "a folder's path"
).absolute()
unprepared.refuse_missing_instance(INSTANCE_DIR)

# Secrets ---------------------------------------------------------------------------------------

SECRET_KEY = load_secret_key(INSTANCE_DIR)
# Cookies ignore ports, so two instances on one host need different cookie names. The mark is the
# same on all machines of an instance, and reveals nothing about the key.
INSTANCE_MARK = hmac.digest(SECRET_KEY.encode(), b"blogsite.instance", "sha256").hex()[:8]

# Hosts, HTTPS and cookies ----------------------------------------------------------------------

DEBUG = environment.boolean("DEBUG", False)
SITE_URL = environment.origin("SITE_URL")
BEHIND_PROXY = environment.boolean("BEHIND_PROXY", False)
IS_HTTPS = SITE_URL.startswith("https://")

LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
# The name in SITE_URL is allowed unless ALLOWED_HOSTS says otherwise.
SITE_HOSTS = [environment.host_of(SITE_URL)] if SITE_URL else []
ALLOWED_HOSTS = environment.host_names("ALLOWED_HOSTS", LOOPBACK_HOSTS + SITE_HOSTS)
# Behind a proxy that rewrites Host, this is Django's only way to recognize the site's own origin.
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS") + [SITE_URL] * bool(SITE_URL)

SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_SSL_HOST = SITE_URL.partition("://")[2] or None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.boolean("HSTS_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = environment.boolean("HSTS_PRELOAD", False)
# Both settings affect other sites on the domain, so the owner of the domain decides.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

COOKIE_PREFIX = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid_{INSTANCE_MARK}"
# The old name, without a mark. `accounts.sessions` moves such a session to its new name when it is
# used. Browsers drop this cookie 14 days after login, so this can be removed after that time.
OLD_SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken_{INSTANCE_MARK}"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_FAILURE_VIEW = "accounts.csrf.csrf_failure"
# Text fields that an error page returns if it refuses a form. Passwords are never returned.
TYPED_TEXTS = ("title", "body", "tags", "cover_alt", "description", "reason", "biography")
MESSAGE_STORAGE = "blogsite.flash.FlashStorage"
MESSAGES_COOKIE_NAME = f"{COOKIE_PREFIX}messages_{INSTANCE_MARK}"
# Tells scripts whose pages Back may show. It contains no secret and grants no rights.
PERSON_COOKIE_NAME = f"{COOKIE_PREFIX}person_{INSTANCE_MARK}"
# Lets a person log in while others guess their password (`accounts.guessing`).
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}device_{INSTANCE_MARK}"
# Proves that this browser may send a long text, and nothing else (`accounts.long_bodies`).
EDITOR_COOKIE_NAME = f"{COOKIE_PREFIX}editor_{INSTANCE_MARK}"
# A visitor with one of these cookies gets personal pages. Everyone else shares cached pages,
# whatever other cookies they send. deploy/nginx.conf has these names too.
PERSONAL_COOKIES = {SESSION_COOKIE_NAME, OLD_SESSION_COOKIE_NAME, MESSAGES_COOKIE_NAME}

# 200,000 characters of any script take up to 2.4 MB form-encoded. Refusing a form loses its text.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
# The admin's confirmation form has a field for each row, up to 2,000 (`accounts.admin.ROWS_MAX`).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_100
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "content.disk.TemporaryFile",
]
# A form with two images, the most that it may contain.
LARGEST_REQUEST = 32 * 1024 * 1024

# At most half of a worker's threads do expensive work (`content.bulkhead`).
WEB_THREADS = environment.web_threads()

# Apps, middleware and templates ----------------------------------------------------------------

INSTALLED_APPS = [
    "blogsite",
    "identity",
    "accounts",
    "posts",
    "jobs",
    "crispy_forms",
    "django_htmx",
    "accounts.apps.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "blogsite.requests.identify_request",
    "blogsite.requests.answer_head_without_body",
    # Must come before all middleware that may respond on its own, so that every response has these
    # headers.
    "blogsite.requests.restrict_content",
    "blogsite.requests.refuse_unknown_methods",
    "blogsite.requests.refuse_abnormal_requests",
    "blogsite.health.answer_health_checks",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Must come before anything that queries the database.
    "caching.fragments.note_cache_version",
    "blogsite.requests.serve_visitor",
    "identity.current.apply_site",
    "accounts.sessions.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.sessions.AuthenticationMiddleware",
    "accounts.going_back.mark_person",
    # Must come before the CSRF check and the views, which may parse the body.
    "accounts.long_bodies.LimitAnonymousBodies",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "content.errors.explain_refused_methods",
    "content.outages.AnswerOutages",
    "identity.redirects.redirect_with_debug",
]
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    MIDDLEWARE.insert(0, "blogsite.requests.trust_proxy_headers")

# The checks of `/readyz`. Each yields code words, with details for the log.
READINESS = (
    "blogsite.health.find_database_problems",
    "blogsite.health.find_cache_problems",
    "content.disk.find_problems",
)
ROOT_URLCONF = "blogsite.urls"
WSGI_APPLICATION = "blogsite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ASSETS_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["caching.fragments", "identity.language"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "blogsite.context_processors.site",
                "identity.context_processors.site",
            ],
        },
    },
]
FORM_RENDERER = "content.bound_fields.FormRenderer"
CRISPY_ALLOWED_TEMPLATE_PACKS = ("plain",)
CRISPY_TEMPLATE_PACK = "plain"

# Data ------------------------------------------------------------------------------------------

SQLITE = "django.db.backends.sqlite3"
SQLITE_OPTIONS = {
    # A write lock requested at BEGIN waits for its turn. With two writers, a later request fails.
    "transaction_mode": "IMMEDIATE",
    "timeout": 5,
    # With WAL, reads continue during a write. FULL makes acknowledged writes survive a power cut,
    # which some builds of SQLite do not guarantee in WAL mode. Django turns on foreign keys.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}
POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,
    # JIT compilation takes longer than any of our queries: 0.1 s for a list that takes 1 ms.
    "options": "-c jit=off",
}
DATABASES = {
    "default": environment.database_url(
        "DATABASE_URL", {"ENGINE": SQLITE, "NAME": INSTANCE_DIR / "db.sqlite3"}
    )
}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"] == SQLITE:
    make_instance_dir(INSTANCE_DIR)
    DATABASES["default"] |= {"ENGINE": "blogsite.sqlite", "OPTIONS": SQLITE_OPTIONS}
    # Tests use a file like the site, because there is no WAL or second connection in memory.
    DATABASES["default"]["TEST"] = {"NAME": INSTANCE_DIR / "test.sqlite3"}
else:
    given = DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = POSTGRESQL_OPTIONS | given
REPLICA = environment.replica_url("DATABASE_REPLICA_URL", DATABASES["default"])
if REPLICA:
    # A replica that vanished from the network must not block requests for minutes. After these
    # timeouts, the primary serves them instead.
    impatience = POSTGRESQL_OPTIONS | {"connect_timeout": 2, "tcp_user_timeout": 3_000}
    DATABASES["replica"] = REPLICA | {
        "CONN_MAX_AGE": 60,
        # Each thread has a connection. Once the server is back, a dead connection must not count
        # as a new failure.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": impatience | REPLICA.get("OPTIONS", {}),
        "TEST": {"MIRROR": "default"},
    }
    DATABASE_ROUTERS = ["blogsite.replica.ReplicaRouter"]
    # Must come before all middleware that queries the database.
    place = MIDDLEWARE.index("identity.current.apply_site")
    MIDDLEWARE.insert(place, "blogsite.replica.read_from_replica")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOCAL_CACHE = "django.core.cache.backends.locmem.LocMemCache"
CACHES = {"default": environment.cache_url("CACHE_URL", {"BACKEND": LOCAL_CACHE})}

if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    # Each page asks Redis whether it is still current. If Redis hangs, the site must not.
    CACHES["default"]["OPTIONS"] = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
# Serves anonymous visitors before Django does. It is off with DEBUG, so that template edits show.
IS_CACHING = environment.boolean("PAGE_CACHE", True) and not DEBUG
PAGE_CACHE = "caching.pages.PageCache" if IS_CACHING else ""
# Functions that are called when the site starts.
AT_START = "caching.takedown.renew_at_start"
# Keeps fragments that many pages share. It is off with DEBUG for the same reason.
KEEP_FRAGMENTS = not DEBUG

STATIC_URL = "/static/"
STATIC_ROOT = INSTANCE_DIR / "static"
STATICFILES_DIRS = [ASSETS_DIR / "static"]
# Browsers accept rules only with their own content type, so the file needs its own extension.
SPECULATION_RULES = "next-page.speculationrules"
WHITENOISE_MIMETYPES = {".speculationrules": "application/speculationrules+json"}
MEDIA_URL = "/media/"
MEDIA_ROOT = INSTANCE_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Background jobs ------------------------------------------------------------------------------

TASKS = {"default": {"BACKEND": "jobs.backend.DatabaseBackend"}}
# `here`: one of the web workers runs jobs. `apart`: `manage.py work` does.
WORK = environment.one_of("WORK", "here", ("here", "apart"), "here or apart")
# Called in each web worker.
IN_WORKER = "jobs.runner.start"
# Context manager in which jobs run.
JOB_CONTEXT = "identity.current.applied"
# Commands that run at 4:00. The last ones add new names of authors to the search index, and update
# accounts and posts that an older version saved during an update.
NIGHTLY = [
    "clearsessions",
    "empty_trash --delete",
    "prune_revisions --delete",
    "prune_media --delete",
    "prune_mail --delete",
    "reindex_posts --names",
    "update_names",
    "update_posts",
]

# People ----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
SESSION_ENGINE = "accounts.sessions"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "posts:post_list"
# Return the path of the link for the first owner, or "" if there is none.
LINK_AT_START = "accounts.first_run.link_at_start"
FIND_START_LINK = "accounts.first_run.find_link"
# The first page of people who were invited to write.
WRITING_URL = "posts:post_create"
LOGOUT_REDIRECT_URL = "posts:post_list"
LIMITS = environment.limits()
LIMITS_FILE = INSTANCE_DIR / "limits.sqlite3"
AUTHENTICATION_BACKENDS = ["accounts.backends.EvenBackend"]
PASSWORD_HASHERS = ["accounts.hashers.Argon2", "accounts.hashers.Pbkdf2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Without EMAIL_URL, emails are written to files in the instance folder.
FILE_MAIL = "accounts.mail.FileBackend"
MAIL = environment.email_url("EMAIL_URL", {"EMAIL_BACKEND": FILE_MAIL})
EMAIL_BACKEND = MAIL["EMAIL_BACKEND"]
EMAIL_HOST = MAIL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = MAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = MAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = MAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = MAIL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = MAIL.get("EMAIL_FILE_PATH")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.mail_address(
    "EMAIL_FROM", f"noreply@{(SITE_HOSTS or ['localhost'])[0]}"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Language, time and the blog -------------------------------------------------------------------

LANGUAGE_CODES = tuple(code for code, _ in DJANGO_LANGUAGES)
A_LANGUAGE = "a language code, such as en"
APPROVALS = ("links", "first", "all", "none")
# Columns of `identity.models.Site` that environment variables set, so that the owner can't change
# them: the name and the value of each variable, or None if it is not set.
SITE_VARIABLES = {
    "name": ("SITE_NAME", environment.read("SITE_NAME", None, str, "a name")),
    "language": (
        "LANGUAGE_CODE",
        environment.one_of("LANGUAGE_CODE", None, LANGUAGE_CODES, A_LANGUAGE),
    ),
    "time_zone": ("TIME_ZONE", environment.time_zone("TIME_ZONE", None)),
    "registration": (
        "REGISTRATION_OPEN",
        {True: "open", False: "closed"}.get(environment.boolean("REGISTRATION_OPEN", None)),
    ),
    "comments_enabled": ("COMMENTS_ENABLED", environment.boolean("COMMENTS_ENABLED", None)),
    "comment_approval": (
        "COMMENT_APPROVAL",
        environment.one_of("COMMENT_APPROVAL", None, APPROVALS, "links, first, all or none"),
    ),
}
# For commands, and until `identity.current` applies the site's own.
LANGUAGE_CODE = "en"
TIME_ZONE = SITE_VARIABLES["time_zone"][1] or "UTC"
# The site's language may differ from that of the interface.
FORMAT_MODULE_PATH = "identity.formats"
LOCALE_PATHS = [ASSETS_DIR / "locale"]
USE_TZ = True
POSTS_PER_PAGE = environment.whole_number("POSTS_PER_PAGE", 5, 1, 100)
PREVIEW_LINK_DAYS = environment.whole_number("PREVIEW_LINK_DAYS", 7, 1, 365)

# Logs ------------------------------------------------------------------------------------------

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL = environment.one_of("LOG_LEVEL", "INFO", LOG_LEVELS, ", ".join(LOG_LEVELS))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "blogsite.requests.AddRequestId"},
        "refused_is_warning": {"()": "blogsite.requests.RefusedIsWarning"},
    },
    "formatters": {
        "line": {
            "()": "blogsite.redaction.Formatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id", "refused_is_warning"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would print each message a second time, or send mail.
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # At DEBUG, these would log every query and every missing template variable.
        "django.db.backends": {"level": "INFO"},
        "django.template": {"level": "INFO"},
    },
}
