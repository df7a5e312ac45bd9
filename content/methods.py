"""HTTP methods that views accept. Other methods get a 405."""

READ_METHODS = ["get", "head", "options"]
FORM_METHODS = [*READ_METHODS, "post"]
