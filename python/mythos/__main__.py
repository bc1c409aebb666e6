"""`python -m mythos` is the command `mythos`."""

from mythos.cli import app

app(prog_name="mythos")
