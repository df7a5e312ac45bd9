"""HTTP methods that views accept; any other gets a 405."""

READ_METHODS = ["get", "head", "options"]
FORM_METHODS = [*READ_METHODS, "post"]
