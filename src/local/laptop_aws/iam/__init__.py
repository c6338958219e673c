"""IAM: what is asked before something is done, and a record of the answers."""
