"""The recorder: what commands, routes and files show to the outside, as one file to be compared.

It knows the program by ``govgrid`` (``geo.cli.main``), by the service (``api.app.create_app``) and
by its environment only, so that it runs on any layout of the folders behind them.
"""
