"""The living style guide at ``/_shell/``: every part of ui.html at work, with the source that made it.

Each example is a template in ``templates/shell/parts/<group>/``: what is shown is rendered from the very file whose
text stands beside it.
"""
