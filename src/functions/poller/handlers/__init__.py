"""One module per box in the diagram: parse, decide, touch, return."""
