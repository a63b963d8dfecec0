"""What the web server runs. Nothing else may import this module: it opens the site."""

from lumbung.app import create_app
from lumbung.settings import load_settings

application = create_app(load_settings())
