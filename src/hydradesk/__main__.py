"""python -m hydradesk: the command line."""

from hydradesk.app.main import main

main()
