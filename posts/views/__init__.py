"""What people see in the browser, one module a subject."""
