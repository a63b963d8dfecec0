"""What the process of an isolated plugin runs. Nothing else may import this module: it opens the site."""

import os

from lumbung.app import create_app
from lumbung.instances.isolated import NAME
from lumbung.settings import load_settings

application = create_app(load_settings(), isolated=os.environ[NAME])
