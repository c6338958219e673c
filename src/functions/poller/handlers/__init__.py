"""One module per box in the diagram: parse, decide, touch, return."""

import gc

# Looking for garbage among what is being imported takes a twentieth of a cold start; `dependencies` begins with it.
gc.disable()
