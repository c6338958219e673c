"""Jobs and their tasks: the plan, the states, what happens next, how a job ends, and where all that is stored."""
