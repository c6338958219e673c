"""The functions of the API poller. Floors, lowest first: models and errors, logic, edges, handlers."""
